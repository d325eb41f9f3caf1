/* SPDX-License-Identifier: MIT */
#pragma once

/* The idle timeout of a class. */

#include "runtime/actor/self.h"

/* There is nothing to do: it is armed, where it is not. */
void trp_idle_begin(void);

/* Does it count, of a class that has a background? */
void trp_idle_taken_of(uint64_t type);

/* Mail of that type was received. */
static inline void trp_idle_taken(uint64_t type)
{
	trp_status_count(&trp_self.status->received);
	if (trp_self.klass->background)
		trp_idle_taken_of(type);
}
