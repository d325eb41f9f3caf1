/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sockets of runs in the folder of a local bus: NUMBER.mail.  A run changes
 * the mode of its socket once it listens there, which others notice.
 */

#include <stdbool.h>
#include <stdint.h>

/*
 * Listens under that number.  Returns a descriptor (SOCK_SEQPACKET, NONBLOCK,
 * CLOEXEC, the caller's); -EEXIST: another run has it; -ENOENT: the folder was
 * removed.  A name that a dead run has left is no obstacle.
 */
int trp_local_runs_listen(int directory, uint32_t number);

/*
 * Returns such a descriptor; -ENOENT; -ECONNREFUSED: left over, or it does not
 * listen yet; -EAGAIN: too many wait for it.
 */
int trp_local_runs_connect(int directory, uint32_t number);

bool trp_local_runs_has(int directory, uint32_t number);
void trp_local_runs_remove(int directory, uint32_t number);

/* Removes it if it is left over from a run that has listened. */
void trp_local_runs_sweep(int directory, uint32_t number);

typedef void trp_local_runs_found(void *user, uint32_t number);

/* Those that are there, listening or left over. */
void trp_local_runs_each(int directory, trp_local_runs_found *found,
			 void *user);

/* A descriptor (of the caller) that is ready when one comes or goes; or a
 * negative errno. */
int trp_local_runs_watch(int directory);

/*
 * Reads there: found() for those that listen now, left() for those whose name
 * is removed.  False: it missed some.
 */
bool trp_local_runs_read(int watch, trp_local_runs_found *found,
			 trp_local_runs_found *left, void *user);
