/* SPDX-License-Identifier: MIT */
#pragma once

/* HOST[:PORT], as addresses and URLs have it; [HOST] where it has colons. */

#include <stddef.h>
#include <stdint.h>

/*
 * Reads `length` bytes; the host, without its brackets, may be empty.  0; 1: no
 * port is there, and *port stays as it was; -EINVAL; -ENAMETOOLONG.
 */
int trp_host_port_read(const char *text, size_t length, char *host, size_t room,
		       uint16_t *port);
