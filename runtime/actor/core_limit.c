/* SPDX-License-Identifier: MIT */
#include "runtime/actor/core_limit.h"

#include <sys/resource.h>
#include "runtime/actor/self.h"

enum { NO_CORE = 1 };

static struct rlimit before;
static struct troupe_timer over;

/* Unless the application has set another since. */
static int restore(struct troupe_timer *timer)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == NO_CORE)
		setrlimit(RLIMIT_CORE, &before);
	return 0;
}

void trp_core_limit_begin(int64_t milliseconds)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &before) < 0 || before.rlim_cur <= NO_CORE)
		return;
	limit = before;
	limit.rlim_cur = NO_CORE;
	over.fired = restore;
	if (trp_timers_start(&trp_self.timers, &over,
			     troupe_in_ms(milliseconds)) == 0)
		setrlimit(RLIMIT_CORE, &limit);
}
