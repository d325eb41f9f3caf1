/* SPDX-License-Identifier: MIT */
#pragma once

/* Servers that a run needs, on loopback. */

#include <sys/types.h>

/* A TCP port that nobody has; another process may take it before its user. */
int servers_free_port(void);

/* "mosquitto" or "nats-server", which dies with this process.  0, or a negative
 * errno after bench_fail(). */
int servers_start_broker(const char *program, pid_t *ret_pid, int *ret_port);
void servers_stop_broker(pid_t pid);
