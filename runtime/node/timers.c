/* SPDX-License-Identifier: MIT */
#include "runtime/node/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "ipc/time.h"

int64_t trp_timers_after(int64_t ns, int64_t ms)
{
	int64_t sum;

	if (__builtin_mul_overflow(ms, 1000000, &sum) ||
	    __builtin_add_overflow(ns, sum, &sum))
		return ms > 0 ? INT64_MAX : 0;
	return sum;
}

void trp_timers_check(const struct trp_timers *timers)
{
	assert(timers->count <= timers->room);
	for (size_t i = 0; i < timers->count; i++) {
		assert(timers->at[i]->place == i + 1);
		assert(!i ||
		       timers->at[(i - 1) / 2]->at.ns <= timers->at[i]->at.ns);
	}
}

static void put(struct trp_timers *timers, size_t i, struct troupe_timer *timer)
{
	timers->at[i] = timer;
	timer->place = i + 1;
}

static void sift_up(struct trp_timers *timers, size_t i,
		    struct troupe_timer *timer)
{
	for (; i > 0; i = (i - 1) / 2) {
		struct troupe_timer *parent = timers->at[(i - 1) / 2];

		if (parent->at.ns <= timer->at.ns)
			break;
		put(timers, i, parent);
	}
	put(timers, i, timer);
}

static void sift_down(struct trp_timers *timers, size_t i,
		      struct troupe_timer *timer)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= timers->count)
			break;
		if (child + 1 < timers->count &&
		    timers->at[child + 1]->at.ns < timers->at[child]->at.ns)
			child++;
		if (timers->at[child]->at.ns >= timer->at.ns)
			break;
		put(timers, i, timers->at[child]);
		i = child;
	}
	put(timers, i, timer);
}

static int make_room(struct trp_timers *timers)
{
	size_t room = timers->room ? 2 * timers->room : 8;
	struct troupe_timer **at;

	if (timers->count < timers->room)
		return 0;
	at = reallocarray(timers->at, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	timers->at = at;
	timers->room = room;
	return 0;
}

void trp_timers_fini(struct trp_timers *timers)
{
	free(timers->at);
	*timers = (struct trp_timers) { 0 };
}

int trp_timers_start(struct trp_timers *timers, struct troupe_timer *timer,
		     struct troupe_time at)
{
	int r;

	trp_timers_cancel(timers, timer);
	r = make_room(timers);
	if (r < 0)
		return r;
	timer->at = at;
	assert(timers->count < timers->room);
	sift_up(timers, timers->count++, timer);
	TRP_CHECK(trp_timers_check(timers));
	return 0;
}

bool trp_timers_cancel(struct trp_timers *timers, struct troupe_timer *timer)
{
	struct troupe_timer *last;
	size_t i = timer->place - 1;

	if (!timer->place)
		return false;
	assert(i < timers->count && timers->at[i] == timer);
	timer->place = 0;
	last = timers->at[--timers->count];
	if (last == timer)
		return true;
	if (i > 0 && timers->at[(i - 1) / 2]->at.ns > last->at.ns)
		sift_up(timers, i, last);
	else
		sift_down(timers, i, last);
	TRP_CHECK(trp_timers_check(timers));
	return true;
}

struct troupe_time trp_timers_next(const struct trp_timers *timers)
{
	return timers->count ? timers->at[0]->at : TROUPE_NEVER;
}

struct troupe_timer *trp_timers_due(struct trp_timers *timers,
				    struct troupe_time now)
{
	struct troupe_timer *timer;
	int64_t late;

	if (!timers->count || timers->at[0]->at.ns > now.ns)
		return NULL;
	timer = timers->at[0];
	if (timer->period_ns <= 0) {
		trp_timers_cancel(timers, timer);
		return timer;
	}
	late = now.ns - timer->at.ns;
	timer->at.ns += (late / timer->period_ns + 1) * timer->period_ns;
	sift_down(timers, 0, timer);
	TRP_CHECK(trp_timers_check(timers));
	return timer;
}

/* ---- the clock ----------------------------------------------------------- */

struct troupe_time troupe_now(void)
{
	return (struct troupe_time) { trp_time_now().ns };
}

struct troupe_time troupe_in_ms(int64_t milliseconds)
{
	return (struct troupe_time) {
		milliseconds < 0
			? -1
			: trp_timers_after(trp_time_now().ns, milliseconds)
	};
}
