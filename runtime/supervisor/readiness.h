/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Spawns that wait for their child.  The one who asked is answered when init()
 * has returned, or when the child has ended instead: so after an error there is
 * none.  Only then is it linked or monitored, and its end told to its parent.
 */

#include "runtime/node/system.pb-c.h"
#include "runtime/node/ref.h"

struct trp_supervisor;
struct troupe_end;

/* That child was spawned so, just now, by `asker`.  0 or -ENOMEM. */
int trp_readiness_wait(struct trp_supervisor *supervisor, uint32_t slot,
		       const Troupe__Control__Spawn *spawn, troupe_ref asker,
		       uint64_t correlation);

/* init() of that child has returned: also for its owner. */
void trp_readiness_ready(struct trp_supervisor *supervisor, uint32_t slot);

/* The next two do nothing if nobody waits. */

/* It has ended. */
void trp_readiness_ended(struct trp_supervisor *supervisor, uint32_t slot,
			 const struct troupe_end *end);
/* The actor in that slot is told to stop: it waits no more. */
void trp_readiness_cancel(struct trp_supervisor *supervisor, uint32_t asker);

/* The error of a start that ended so. */
int trp_readiness_error(const struct troupe_end *end);
