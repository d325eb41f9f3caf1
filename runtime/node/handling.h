/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How long the handling of a message takes, in buckets of powers of two: for
 * `troupe run --times`.  If that is off, it costs one predictable branch.
 * The buckets of an actor are in its region from its first message on; it
 * alone writes them.
 */

#include <stdbool.h>
#include "ipc/mailbox.h"

/* Bucket b has those of at most 2^b us that are in no bucket before it, the
 * last one (above 16.8 s) all others. */
enum { TRP_HANDLING_BUCKETS = 26 };

struct trp_handling {
	_Atomic uint64_t count[TRP_HANDLING_BUCKETS];
	_Atomic uint64_t ns; /* of all */
};

extern bool trp_handling_is_timed; /* inherited */

/* In an actor: where to take memory, and where to say that it was. */
void trp_handling_begin(struct trp_mailbox *mailbox, _Atomic uint64_t *offset);

/* The present time, or 0: nothing is measured. */
int64_t trp_handling_start(void);
static inline int64_t trp_handling_now(void)
{
	return trp_handling_is_timed ? trp_handling_start() : 0;
}

/* From `begin`, unless that is 0, until now. */
void trp_handling_end(int64_t begin);

/* Of any actor, by the `handling` of its status; NULL: it has none. */
const struct trp_handling *trp_handling_of(const struct trp_arena *arena,
					   uint32_t slot, uint64_t offset);
