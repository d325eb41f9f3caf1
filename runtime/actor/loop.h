/* SPDX-License-Identifier: MIT */
#pragma once

/* Turns, the only place where callbacks of the class begin, and sleep. */

#include "runtime/actor/self.h"

/* At most one callback, or one record: enum trp_step, or the reason to end. */
int trp_loop_turn(void);

/* Sleeps until there is something in `take`, an end, or the deadline. */
int trp_loop_sleep(unsigned take, struct troupe_time deadline);

/* The same between turns, until one may have something to do. */
int trp_loop_rest(struct troupe_time deadline);

/*
 * Takes what is no callback (answers, control; deadlines) and sleeps for it
 * when there is none: one step of a blocking call.  0 or negative.
 */
int trp_loop_block(struct troupe_time deadline);

/* A callback about the end of another; as a turn. */
int trp_loop_run_end(int (*callback)(const struct troupe_end *end),
		     const struct troupe_end *end);
