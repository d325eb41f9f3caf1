/* SPDX-License-Identifier: MIT */
/*
 * The idle timeout of a class.  It is armed when the actor has run out of work
 * and is about to sleep, so that a message costs it nothing:
 *
 *	armed ==> `seen` messages had been received then
 */
#include "runtime/actor/actor.h"

static struct troupe_timer timer;
static uint64_t seen;

static uint64_t received(void)
{
	return atomic_load_explicit(&trp_actor.status->received,
				    memory_order_relaxed);
}

/* Not if something came since, or waits for work to be completed. */
static int expired(struct troupe_timer *expired_timer)
{
	if (received() != seen || trp_actor.is_full)
		return 0;
	return trp_actor.klass->idle();
}

void trp_idle_timeout_begin(void)
{
	const struct troupe_class *klass = trp_actor.klass;

	if (!klass->idle || klass->idle_ms <= 0 ||
	    (timer.place && received() == seen))
		return;
	seen = received();
	timer.fired = expired;
	trp_timers_start(&trp_actor.timers, &timer,
			 troupe_in_ms(klass->idle_ms));
}
