/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A wake by socket that failed (ipc/wake_socket.h) is counted, and the first
 * one of a process is told in the log: the other sleeps on, until it looks.
 */

#include <stdatomic.h>
#include <stdint.h>

/* From now on; the counter is this process's. */
void trp_wake_failure_begin(_Atomic uint64_t *counter);
