/* SPDX-License-Identifier: MIT */
#include "ipc/time.h"

struct trp_time trp_time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct trp_time) { now.tv_sec * INT64_C(1000000000) +
				   now.tv_nsec };
}

struct timespec trp_time_spec(int64_t ns)
{
	return (struct timespec) { .tv_sec = ns / 1000000000,
				   .tv_nsec = ns % 1000000000 };
}

struct timespec trp_time_left(struct trp_time deadline)
{
	int64_t ns = deadline.ns - trp_time_now().ns;

	return trp_time_spec(ns > 0 ? ns : 0);
}
