/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_TIME_H
#define TRP_IPC_TIME_H

/*
 * Time is a type of its own, so that seconds, milliseconds and durations
 * cannot take its place.  Durations are int64_t, their names end in _ns.
 */

#include <stdint.h>

/* A point on CLOCK_MONOTONIC, in nanoseconds. */
struct trp_time {
	int64_t ns;
};
#define TRP_NEVER    ((struct trp_time) { INT64_MAX })
#define TRP_LONG_AGO ((struct trp_time) { INT64_MIN / 2 }) /* subtractable */

#endif
