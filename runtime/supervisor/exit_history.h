/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The latest ends of a node, for questions about an actor that has just ended:
 * a caller watches its target only when an answer takes long, and still needs
 * the cause of its death.  Pure, and bounded: the newest replaces the oldest.
 */

#include "runtime/troupe.h"

enum {
	TRP_EXIT_HISTORY = 512,
	TRP_EXIT_HISTORY_BYTES = 8 << 20, /* of outcomes */
};

struct trp_exit_history {
	struct troupe_end end[TRP_EXIT_HISTORY];
	uint64_t count;	 /* ever added; the newest is end[(count - 1) % ...] */
	uint64_t oldest; /* those before it have gone */
	uint64_t bare;	 /* those before it have no outcome any more */
	size_t bytes;	 /* of the outcomes of those from it on */
};

/* The outcome is consumed, and valid until the next add. */
void trp_exit_history_add(struct trp_exit_history *history,
			  const struct troupe_end *end);

/* NULL: it has not ended, or it ended too long ago.  Valid until the next
 * add. */
const struct troupe_end *trp_exit_history_find(
	const struct trp_exit_history *history, troupe_ref ref);

void trp_exit_history_fini(struct trp_exit_history *history);
