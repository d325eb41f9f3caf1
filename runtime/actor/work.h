/* SPDX-License-Identifier: MIT */
#pragma once

/* The mail that this actor has received, and how much of it counts as work for
 * the idle timeout. */

#include "runtime/actor/self.h"

/* Does it count, of a class that has a background? */
void trp_work_taken_of(uint64_t type);

/* Mail of that type was received. */
static inline void trp_work_taken(uint64_t type)
{
	trp_status_count(&trp_self.status->received);
	if (trp_self.klass->background)
		trp_work_taken_of(type);
}

/* All that counts, so far. */
uint64_t trp_work_done(void);
