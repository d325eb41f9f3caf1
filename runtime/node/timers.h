/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A set of timers, earliest first: a binary heap of pointers to the callers'
 * structs.  Pure: the caller passes in the time.
 */

#include "runtime/troupe.h"

struct trp_timers {
	struct troupe_timer **at;
	size_t count;
	size_t room;
};

/* That time plus so many ms, which may be negative; INT64_MAX: for ever. */
int64_t trp_timers_after(int64_t ns, int64_t ms);

void trp_timers_fini(struct trp_timers *timers);
void trp_timers_check(const struct trp_timers *timers);

/* Starts, or moves if it is active.  0 or -ENOMEM. */
int trp_timers_start(struct trp_timers *timers, struct troupe_timer *timer,
		     struct troupe_time at);

/* True if it was active. */
bool trp_timers_cancel(struct trp_timers *timers, struct troupe_timer *timer);

/* TROUPE_NEVER if there is none. */
struct troupe_time trp_timers_next(const struct trp_timers *timers);

/*
 * Takes a timer that is due at `now`, or returns NULL.  A periodic one is
 * restarted first, at the next multiple of its period after now.
 */
struct troupe_timer *trp_timers_due(struct trp_timers *timers,
				    struct troupe_time now);
