/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The watchdog of classes with hang_ms: looks at the status blocks of their
 * actors in ticks, and at a process only while a callback is still the one of
 * the tick before.  There is no tick while there is no such actor.
 */

#include <stdint.h>
#include "runtime/node/system.pb-c.h"

struct trp_supervisor;
struct troupe_end;

/* The actor of that slot, from now on, if its class wants it.  0, -ENOMEM. */
int trp_watchdog_add(struct trp_supervisor *supervisor, uint32_t slot,
		     const Troupe__Control__Spawn *spawn);
/* It is gone for good; nothing if it was not watched. */
void trp_watchdog_remove(struct trp_supervisor *supervisor, uint32_t slot);

/* The node has ended. */
void trp_watchdog_fini(struct trp_supervisor *supervisor);

/* Its process has ended: if it hung, the reason says with what. */
void trp_watchdog_ended(struct trp_supervisor *supervisor, uint32_t slot,
			struct troupe_end *end);
