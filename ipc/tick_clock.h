/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The kernel's clock, told by the processor's counter of ticks for a window of
 * a millisecond after each reading of both:
 *
 *	ns(t) = base_ns + (t - base) * scale / 2^32     for t - base < window
 *	base_ns >= floor, the end of the window before  (it never goes back)
 *
 * So an error of the counter lasts for one window.  A window opens only after a
 * narrow reading (the kernel's clock was read without a system call and without
 * an interruption), at a measured rate.  After three disagreements of the
 * counter and the kernel's clock none opens again.
 */

#include <stdbool.h>
#include <stdint.h>

enum { TRP_TICK_WINDOW_NS = 1000000 };

struct trp_tick_clock {
	uint64_t base, window; /* ticks; a window of 0: read the kernel's */
	int64_t base_ns, floor;
	uint64_t scale; /* ns in a tick, times 2^32; 0: not measured yet */
	uint64_t from;	/* where the measuring of it began */
	int64_t from_ns;
	unsigned disagreements;
};

/* True: it knows the time at `ticks`, *ns. */
static inline bool trp_tick_clock_read(const struct trp_tick_clock *clock,
				       uint64_t ticks, int64_t *ns)
{
	uint64_t since = ticks - clock->base;

	if (since >= clock->window)
		return false;
	*ns = clock->base_ns + (int64_t)(since * clock->scale >> 32);
	return true;
}

/*
 * Reads the counter between two readings of the kernel's clock.  Returns the
 * time.
 */
int64_t trp_tick_clock_sync(struct trp_tick_clock *clock, int64_t before,
			    uint64_t ticks, int64_t after);

/* No longer trusts the counter. */
void trp_tick_clock_distrust(struct trp_tick_clock *clock);
bool trp_tick_clock_is_trusted(const struct trp_tick_clock *clock);
