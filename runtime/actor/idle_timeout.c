/* SPDX-License-Identifier: MIT */
#include "runtime/actor/idle_timeout.h"

#include "runtime/actor/self.h"

static struct troupe_timer timer;
static uint64_t seen;

static uint64_t received(void)
{
	return atomic_load_explicit(&trp_self.status->received,
				    memory_order_relaxed);
}

/* Not if something came since, or waits for work to be completed. */
static int expired(struct troupe_timer *expired_timer)
{
	if (received() != seen || trp_self.held & TRP_HOLD_WORK)
		return 0;
	return trp_self.klass->idle();
}

void trp_idle_timeout_begin(void)
{
	const struct troupe_class *klass = trp_self.klass;

	if (!klass->idle || klass->idle_ms <= 0 ||
	    (timer.place && received() == seen))
		return;
	seen = received();
	timer.fired = expired;
	trp_timers_start(&trp_self.timers, &timer,
			 troupe_in_ms(klass->idle_ms));
}
