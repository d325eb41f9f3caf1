/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The protocol of sd_notify(3): datagrams of lines VARIABLE=VALUE to the socket
 * in NOTIFY_SOCKET.  Nothing here waits: the manager that does not read loses
 * them.
 */

#include <stdbool.h>
#include <stdint.h>

/* There is a manager to be told. */
bool trp_notify_socket_is_there(void);

/* 0 or -errno, also as connect(2) and sendmsg(2). */
int trp_notify_socket_tell(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * The most time between two WATCHDOG=1, of WATCHDOG_USEC; 0: none is wanted of
 * this process.
 */
int64_t trp_notify_socket_watchdog_ms(void);
