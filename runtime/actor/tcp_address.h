/* SPDX-License-Identifier: MIT */
#pragma once

/* Addresses of TCP as text: numeric, so no name is resolved. */

#include <sys/socket.h>

/* "127.0.0.1:80", "[::1]:80", "*:80", ":80".  0 or -EINVAL. */
int trp_tcp_address_parse(const char *text, struct sockaddr_storage *ret,
			  socklen_t *ret_size);
