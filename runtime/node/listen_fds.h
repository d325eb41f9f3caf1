/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Sockets that the node was started with, by the protocol of
 * sd_listen_fds(3): from descriptor 3 on, LISTEN_FDS of them, for the process
 * LISTEN_PID, with names in LISTEN_FDNAMES.  All actors inherit them.
 */

#include <sys/types.h>

/* In the process that they are for, before it forks: no program gets them. */
void trp_listen_fds_begin(void);

/*
 * The one of that name; "": the first.  node: the process that they are for.
 * Not the caller's.  -ENOENT: there is none.
 */
int trp_listen_fds_find(const char *name, pid_t node);
