/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The zygote: loads the application, and then forks one process for each order.
 * It ends when the supervisor closes its end.  README.md has more.
 */

#include <sys/types.h>
#include "runtime/node/node.h"

struct trp_order {
	uint32_t slot;
	uint32_t generation;
	uint32_t incarnation;
	uint32_t start; /* which of its Births is meant */
};

struct trp_birth {
	uint32_t slot;
	uint32_t generation;
	int32_t pid; /* or -errno */
};

/* The zygote's first message: 0, or -errno and why the application is
 * refused. */
struct trp_loaded {
	int32_t result;
	uint32_t names; /* bytes that follow: the names of its types, for
			 * logs */
	char why[504];
};

struct trp_zygote {
	pid_t pid;
	int orders; /* write end, non-blocking */
	int births; /* read end, non-blocking */
};

/*
 * Forks the zygote.  node is copied by the fork and filled in there.  Waits
 * until the application is loaded; on failure nothing is left, ret_loaded->why
 * says of what, and it returns ret_loaded->result.
 * end_signal: as trp_process_fork(), of the zygote and of each actor.
 */
int trp_zygote_start(struct trp_zygote *zygote, struct trp_node *node,
		     int end_signal, struct trp_loaded *ret_loaded);

/* Closes both pipes: it will end.  The caller reaps it. */
void trp_zygote_stop(struct trp_zygote *zygote);
