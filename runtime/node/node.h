/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>
#include "ipc/arena.h"
#include "ipc/wait.h"
#include "runtime/node/oom_score.h"

struct trp_options;

/* A node, as every process of it inherits it. */
struct trp_node {
	struct trp_arena arena;
	enum trp_wait_kind wait;
	pid_t supervisor;
	uint64_t identity;		    /* of this run; random */
	char oom_score[TRP_OOM_SCORE_TEXT]; /* of its actors */
	int argc;
	char **argv; /* of the application: argv[0] is its path */
	int (*main)(int argc, char **argv);
	const struct trp_options *options; /* of the node */
};
