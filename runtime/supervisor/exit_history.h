/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The latest ends of a node, for those who ask after an actor that has just
 * gone: a caller has its target watched only when an answer takes long, and
 * still wants to hear of what it died.  Pure, and bounded: the oldest is
 * forgotten for the newest.
 */

#include "runtime/troupe.h"

enum { TRP_EXIT_HISTORY = 512 };

struct trp_exit_history {
	struct troupe_end end[TRP_EXIT_HISTORY];
	uint64_t count; /* ever added; the newest is end[(count - 1) % ...] */
};

void trp_exit_history_add(struct trp_exit_history *history,
			  const struct troupe_end *end);

/* NULL: it has not ended, or too long ago.  Valid until the next add. */
const struct troupe_end *trp_exit_history_find(
	const struct trp_exit_history *history, troupe_ref ref);
