/* SPDX-License-Identifier: MIT */
#pragma once

/* Turns, which alone start callbacks of the class, and sleep. */

#include "runtime/actor/self.h"

/* At most one callback, or one record: enum trp_step, or the reason to end. */
int trp_loop_turn(void);
void trp_loop_check(void);

/* Sleeps until there is something in `take`, an end, or the deadline. */
int trp_loop_sleep(unsigned take, struct troupe_time deadline);

/* The same between turns, until a turn may have work. */
int trp_loop_rest(struct troupe_time deadline);

/*
 * Takes answers, control and deadlines, which are no callbacks, or sleeps for
 * them: one step of a blocking call, as others see it.  0 or negative.
 */
int trp_loop_block(const struct trp_wait_note *note,
		   struct troupe_time deadline);
