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

struct trp_time trp_time_now(void);

/* A duration, or a point in time, as the kernel takes it. */
struct timespec trp_time_spec(int64_t ns);

/* How long from now until `deadline`; never negative. */
struct timespec trp_time_left(struct trp_time deadline);
