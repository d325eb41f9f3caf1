/* SPDX-License-Identifier: MIT */
#include "runtime/test/patience.h"

#include <errno.h>
#include "ipc/test_clock.h"
#include "runtime/actor/loop.h"

enum { PATIENCE_MS = 10000 };

static int64_t patience_ms = PATIENCE_MS;

void trp_patience_begin(int64_t ms)
{
	patience_ms = ms > 0 ? ms : PATIENCE_MS;
}

int64_t trp_patience_ms(int64_t ms)
{
	return ms ? ms : patience_ms;
}

static struct trp_time end_of(int64_t ms)
{
	return (struct trp_time) { trp_timers_after(trp_time_machine().ns,
						    trp_patience_ms(ms)) };
}

/* Sleeps once.  0; -ETIMEDOUT: that was the end; or as it returns. */
static int rest(struct trp_time end)
{
	int r;

	if (trp_time_machine().ns >= end.ns)
		return -ETIMEDOUT;
	trp_test_clock_alarm(end.ns);
	r = trp_loop_rest(TROUPE_NEVER);
	trp_test_clock_alarm(INT64_MAX);
	return r;
}

int trp_patience_receive(const struct troupe_pattern *patterns, size_t count,
			 int64_t ms, struct troupe_message *ret_message)
{
	struct trp_time end = end_of(ms);
	int r = ms < 0 ? -EINVAL : 0;

	while (r == 0) {
		r = troupe_receive(patterns, count, TROUPE_POLL, ret_message);
		if (r != -ETIMEDOUT)
			return r;
		r = rest(end);
	}
	return r;
}

int trp_patience_until(const bool *is_done, int64_t ms)
{
	struct trp_time end = end_of(ms);
	int r = ms < 0 ? -EINVAL : 0;

	while (!*is_done && r >= 0) {
		r = trp_loop_turn();
		if (r == TRP_STEP_END)
			r = -ESHUTDOWN;
		else if (r == TRP_STEP_IDLE)
			r = rest(end);
	}
	return r < 0 ? r : 0;
}

void trp_patience_take(void)
{
	while (trp_loop_turn() == TRP_STEP_DONE)
		continue;
}
