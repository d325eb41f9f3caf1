/* SPDX-License-Identifier: MIT */
/*
 * Armed when the actor has no work and is about to sleep, so a message costs it
 * nothing; at its end it asks whether anything was received since.
 */
#include "runtime/actor/idle.h"

#include <errno.h>
#include "ipc/hot.h"
#include "runtime/actor/sleep.h"
#include "runtime/actor/work.h"
#include "runtime/troupe_sleep.h"

static TRP_HOT struct troupe_timer timer;
static TRP_HOT uint64_t seen;  /* trp_work_done() when it was armed */
static TRP_HOT int32_t own_ms; /* in place of the class's, where */
static TRP_HOT bool is_own;

static bool has_timeout(const struct troupe_class *klass)
{
	return klass->idle || klass->save;
}

/* Not if something arrived since, or waits for work to complete. */
static int expired(struct troupe_timer *armed)
{
	int r;

	if (trp_work_done() != seen || trp_self.held & TRP_HOLD_WORK)
		return 0;
	/* As a timer it has begun. */
	trp_store_relaxed(&trp_self.status->doing, TROUPE_DOING_IDLE);
	r = trp_self.klass->idle ? trp_self.klass->idle() : TROUPE_SLEEP;
	return r == TROUPE_SLEEP ? trp_sleep_begin() : r;
}

void trp_idle_begin(void)
{
	const struct troupe_class *klass = trp_self.klass;
	int32_t ms = is_own ? own_ms : klass->idle_ms;

	if (!has_timeout(klass) || ms <= 0 ||
	    (timer.place && trp_work_done() == seen))
		return;
	seen = trp_work_done();
	timer.fired = expired;
	trp_timers_start(&trp_self.timers, &timer, troupe_in_ms(ms));
}

int troupe_idle_after(int32_t idle_ms)
{
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (idle_ms < 0 || !has_timeout(trp_self.klass) || trp_self.klass->run)
		return -EINVAL;
	own_ms = idle_ms;
	is_own = true;
	trp_timers_cancel(&trp_self.timers, &timer);
	return 0;
}
