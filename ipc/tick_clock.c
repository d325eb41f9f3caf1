/* SPDX-License-Identifier: MIT */
#include "ipc/tick_clock.h"

#include <assert.h>

enum {
	NARROW_NS = 250,	   /* twice a clock of the vdso: 60 */
	MEASURED_NS = 100000000,   /* makes the rate exact to 10^-6 */
	REMEASURE_NS = 1000000000, /* the kernel steers the rate of its clock */
	TOLERANCE_SHIFT = 10,	   /* steering: 1 in 2,000; ours: 1 in 1,024 */
	DISAGREEMENTS_MAX = 3,
};

/* 0: too short to measure, or too long for the product. */
static uint64_t rate(uint64_t ticks, int64_t ns)
{
	if (ns < TRP_TICK_WINDOW_NS || ns >= INT64_C(1) << 31 || !ticks)
		return 0;
	return ((uint64_t)ns << 32) / ticks;
}

static bool agrees(const struct trp_tick_clock *clock, uint64_t ticks,
		   int64_t ns)
{
	uint64_t now = rate(ticks - clock->base, ns - clock->base_ns);
	uint64_t tolerance = clock->scale >> TOLERANCE_SHIFT;

	return !clock->scale || !now ||
	       (now >= clock->scale - tolerance &&
		now <= clock->scale + tolerance);
}

static void measure(struct trp_tick_clock *clock, uint64_t ticks, int64_t ns)
{
	int64_t span = ns - clock->from_ns;
	uint64_t found = rate(ticks - clock->from, span);

	if (clock->from && found && (!clock->scale || span >= MEASURED_NS))
		clock->scale = found;
	if (!clock->from || span >= REMEASURE_NS) {
		clock->from = ticks;
		clock->from_ns = ns;
	}
}

static void open_window(struct trp_tick_clock *clock, uint64_t ticks,
			int64_t ns)
{
	assert(ns >= clock->floor && !clock->window);
	if (!agrees(clock, ticks, ns)) {
		clock->disagreements++;
		clock->from = clock->scale = 0;
	}
	measure(clock, ticks, ns);
	clock->base = ticks;
	clock->base_ns = ns;
	if (clock->scale && trp_tick_clock_is_trusted(clock))
		clock->window =
			((uint64_t)TRP_TICK_WINDOW_NS << 32) / clock->scale;
	clock->floor = ns + (int64_t)(clock->window * clock->scale >> 32);
}

int64_t trp_tick_clock_sync(struct trp_tick_clock *clock, int64_t before,
			    uint64_t ticks, int64_t after)
{
	int64_t ns = before + (after - before) / 2;
	bool is_narrow = after - before <= NARROW_NS;

	assert(after >= before);
	clock->window = 0;
	if (!is_narrow)
		ns = after;
	if (ns < clock->floor)
		return clock->floor; /* until the kernel's catches up */
	clock->floor = ns;
	if (is_narrow && trp_tick_clock_is_trusted(clock))
		open_window(clock, ticks, ns);
	return ns;
}

void trp_tick_clock_distrust(struct trp_tick_clock *clock)
{
	clock->disagreements = DISAGREEMENTS_MAX;
	clock->window = 0;
}

bool trp_tick_clock_is_trusted(const struct trp_tick_clock *clock)
{
	return clock->disagreements < DISAGREEMENTS_MAX;
}
