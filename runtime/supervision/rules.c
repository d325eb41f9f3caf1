/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/rules.h"

#include <errno.h>
#include "runtime/troupe_supervise.h"

/* The defaults. */
enum {
	INTENSITY = 3,
	PERIOD_MS = 5000,
	FIRST_MS = 100,
	LAST_MS = 15000,
	QUIET_MS = 60000,
	JITTER_PERCENT = 20,
};

static int32_t or_default(int32_t value, int32_t otherwise)
{
	return value > 0 ? value : otherwise;
}

static int32_t intensity_of(const Troupe__Control__Supervise *wish)
{
	if (wish->intensity == TROUPE_INTENSITY_NONE)
		return 0;
	if (wish->intensity == TROUPE_INTENSITY_UNLIMITED)
		return -1;
	return or_default(wish->intensity, INTENSITY);
}

int trp_supervision_rules_read(const Troupe__Control__Supervise *wish,
			       struct trp_supervision_options *ret_options,
			       struct trp_restart_rules *ret_pauses)
{
	if (wish->strategy > TRP_NONE_FOR_ONE ||
	    wish->auto_shutdown > TRP_ALL_SIGNIFICANT ||
	    wish->intensity < TROUPE_INTENSITY_UNLIMITED ||
	    wish->period_ms < 0 || wish->first_ms < 0 || wish->last_ms < 0 ||
	    wish->quiet_ms < 0)
		return -EINVAL;
	*ret_options = (struct trp_supervision_options) {
		.strategy = (enum trp_strategy)wish->strategy,
		.auto_shutdown = (enum trp_auto_shutdown)wish->auto_shutdown,
		.intensity = intensity_of(wish),
		.period_ms = or_default(wish->period_ms, PERIOD_MS),
		.is_parallel = wish->is_parallel,
	};
	*ret_pauses = (struct trp_restart_rules) {
		.first_ms = or_default(wish->first_ms, FIRST_MS),
		.last_ms = or_default(wish->last_ms, LAST_MS),
		.quiet_ms = or_default(wish->quiet_ms, QUIET_MS),
		.jitter_percent = JITTER_PERCENT,
		.limit = -1,
	};
	return 0;
}

int trp_supervision_rules_obey(struct trp_supervision *supervision,
			       struct trp_supervised *child,
			       Troupe__Control__ChildOrder what)
{
	switch (what) {
	case TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD:
		return trp_supervision_stop(supervision, child);
	case TROUPE__CONTROL__CHILD_ORDER__START_CHILD:
		return trp_supervision_start(supervision, child);
	case TROUPE__CONTROL__CHILD_ORDER__RESTART_CHILD:
		return trp_supervision_restart(supervision, child);
	case TROUPE__CONTROL__CHILD_ORDER__REMOVE_CHILD:
		return trp_supervision_delete(supervision, child);
	default: /* of a stranger */
		return -EINVAL;
	}
}
