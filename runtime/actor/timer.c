/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include "runtime/actor/self.h"

int troupe_timer_start(struct troupe_timer *timer, struct troupe_time at,
		       int64_t period_ms)
{
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!timer->fired || period_ms < 0 || period_ms > INT64_MAX / 2000000)
		return -EINVAL;
	timer->period_ns = period_ms * 1000000;
	return trp_timers_start(&trp_self.timers, timer, at);
}

int troupe_timer_cancel(struct troupe_timer *timer)
{
	return trp_timers_cancel(&trp_self.timers, timer);
}
