/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Time is a type of its own, so that seconds, milliseconds and durations
 * cannot take its place.  Durations are int64_t, their names end in _ns.
 */

#include <stdint.h>
#include <time.h>

/* A point on CLOCK_MONOTONIC, in nanoseconds. */
struct trp_time {
	int64_t ns;
};
#define TRP_NEVER    ((struct trp_time) { INT64_MAX })
#define TRP_LONG_AGO ((struct trp_time) { INT64_MIN / 2 }) /* subtractable */

/* In a node under test the time of its clock (test_clock.h). */
struct trp_time trp_time_now(void);

/* The machine's, for pauses that no test means. */
struct trp_time trp_time_machine(void);

/* From now on that clock is used, or none (NULL), by this process and those
 * that it forks. */
struct trp_test_clock;
void trp_time_use(struct trp_test_clock *clock);

/* A duration, or a point in time, as the kernel takes it. */
struct timespec trp_time_spec(int64_t ns);

/* How long from now until `deadline`, a machine's; never negative. */
struct timespec trp_time_left(struct trp_time deadline);
