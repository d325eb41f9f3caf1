/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/hang.h"

#include <assert.h>

enum trp_hang_act trp_hang_look(struct trp_hang *hang, uint64_t number,
				uint64_t waited, bool is_running)
{
	enum trp_hang_phase was = hang->phase;

	if (is_running && number == hang->number && waited == hang->waited)
		return TRP_HANG_LOOK;
	/* One that was killed does nothing more. */
	if (was == TRP_HANG_KILLED)
		return TRP_HANG_NONE;
	*hang = (struct trp_hang) { .number = number, .waited = waited };
	if (was == TRP_HANG_TOLD)
		return TRP_HANG_OVER;
	return is_running ? TRP_HANG_LOOK : TRP_HANG_NONE;
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How long it could have gone on since the last tick. */
static int64_t went_on(const struct trp_hang *hang,
		       const struct trp_hang_rules *rules,
		       const struct trp_hang_process *process, int64_t now_ns)
{
	int64_t passed = lesser(now_ns - hang->seen_at, 2 * rules->tick_ns);
	int64_t ran = process->run_ns - hang->process.run_ns;
	int64_t slept = passed - (process->delay_ns - hang->process.delay_ns);

	switch (process->state) {
	case 'R':
		return ran > 0 ? ran : 0;
	case 'S':
	case 'D':
		return slept > 0 ? slept : 0;
	default: /* of the kernel: T, t, Z, X ... */
		return 0;
	}
}

enum trp_hang_act trp_hang_lasts(struct trp_hang *hang,
				 const struct trp_hang_rules *rules,
				 const struct trp_hang_process *process,
				 int64_t now_ns)
{
	assert(rules->limit_ns > 0 && rules->tick_ns > 0);
	if (hang->has_process)
		hang->lasted_ns += went_on(hang, rules, process, now_ns);
	hang->has_process = true;
	hang->process = *process;
	hang->seen_at = now_ns;
	if (hang->phase == TRP_HANG_CALM &&
	    hang->lasted_ns >= rules->limit_ns) {
		hang->phase = TRP_HANG_TOLD;
		hang->told_ns = hang->lasted_ns;
		return TRP_HANG_REPORT;
	}
	if (hang->phase == TRP_HANG_TOLD && rules->grace_ns >= 0 &&
	    hang->lasted_ns - hang->told_ns >= rules->grace_ns) {
		hang->phase = TRP_HANG_KILLED;
		return TRP_HANG_KILL;
	}
	return TRP_HANG_NONE;
}
