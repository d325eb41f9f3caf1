/* SPDX-License-Identifier: MIT */
#pragma once

/* A node of a test: its supervisor, a child of the process of the test. */

#include <stdbool.h>
#include <sys/types.h>
#include "runtime/node/options.h"
#include "runtime/troupe_test.h"

struct trp_host {
	pid_t pid; /* 0: none */
	char name[TRP_NODE_NAME_SIZE];
};

uint32_t trp_host_slots(const struct troupe_test_options *options);

/*
 * Has forked the supervisor.  The nodes of a test with another one are in a
 * mesh.  0 or a negative errno, and why.
 */
int trp_host_start(struct trp_host *host,
		   const struct troupe_test_options *options, bool is_other,
		   char why[TROUPE_TEXT_SIZE]);

/* Its exit status; 128 + n: of signal n; -ETIMEDOUT: it runs after so long. */
int trp_host_await(struct trp_host *host, int64_t ms);
void trp_host_kill(struct trp_host *host);

/* For a millisecond. */
void trp_host_pause(void);
