/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The zygote: forked by the supervisor before anything else is there, it alone
 * loads the application, and then forks one process for each order.
 *
 *	supervisor --- order ---> zygote	{slot, generation}
 *	supervisor <-- birth ---- zygote	{slot, generation, pid}
 *
 * It answers with a pid or -errno, and keeps nothing: no table, no thread, two
 * pipes.  A new process reads in its own mailbox what it is to be
 * (system.proto, Birth).  A batch of orders is read at once and answered at
 * once.
 *
 * When the supervisor closes its end the zygote ends; when the zygote dies the
 * supervisor sees the end of file.  It is killed with the supervisor.
 */

#include <sys/types.h>
#include "runtime/node/node.h"

struct trp_order {
	uint32_t slot;
	uint32_t generation;
};

struct trp_birth {
	uint32_t slot;
	uint32_t generation;
	int32_t pid; /* or -errno */
};

/* The zygote says first: 0, or -errno and why the application won't do. */
struct trp_loaded {
	int32_t result;
	uint32_t names; /* bytes that follow: those of its types, for logs */
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
 */
int trp_zygote_start(struct trp_zygote *zygote, struct trp_node *node,
		     struct trp_loaded *ret_loaded);

/* Closes both pipes: it will end.  The caller reaps it. */
void trp_zygote_stop(struct trp_zygote *zygote);
