/* SPDX-License-Identifier: MIT */
/* When a callback counts as hung: in virtual time. */
#include <criterion/criterion.h>

#include "runtime/supervisor/hang.h"

#define MS INT64_C(1000000)

/* Ticks of 10 ms, a limit of 100, a grace time of 50. */
static const struct trp_hang_rules rules = { 100 * MS, 50 * MS, 10 * MS };
static struct trp_hang hang;
static struct trp_hang_process process;
static int64_t now;

static void init(void)
{
	hang = (struct trp_hang) { 0 };
	process = (struct trp_hang_process) { .state = 'R' };
	now = 0;
}

TestSuite(hang, .init = init);

/* A tick after that time, of callback 1, which does not end. */
static enum trp_hang_act tick(int64_t ms)
{
	enum trp_hang_act act = trp_hang_look(&hang, 1, 0, true);

	now += ms * MS;
	if (act != TRP_HANG_LOOK)
		return act;
	return trp_hang_lasts(&hang, &rules, &process, now);
}

/* Ticks of 10 ms until something is to be done: their number; 0: after 1000. */
static int ticks_until(enum trp_hang_act wanted, int64_t run_ms,
		       int64_t delay_ms)
{
	for (int i = 1; i <= 1000; i++) {
		enum trp_hang_act act;

		process.run_ns += run_ms * MS;
		process.delay_ns += delay_ms * MS;
		act = tick(10);
		if (act == wanted)
			return i;
		cr_assert_eq(act, TRP_HANG_NONE);
	}
	return 0;
}

Test(hang, one_that_computes_is_told_then_killed)
{
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 10, 0), 11);
	cr_assert_eq(ticks_until(TRP_HANG_KILL, 10, 0), 5);
	cr_assert_eq(ticks_until(TRP_HANG_NONE, 10, 0), 1);
}

Test(hang, one_that_sleeps_is_told_as_well)
{
	process.state = 'S';
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 0, 0), 11);
	process.state = 'D';
	cr_assert_eq(ticks_until(TRP_HANG_KILL, 0, 0), 5);
}

Test(hang, only_the_time_with_a_processor_counts)
{
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 2, 8), 51);
	init();
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 0, 10), 0);
	init();
	process.state = 'S'; /* between waits for one */
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 0, 5), 21);
}

Test(hang, one_that_is_stopped_or_traced_is_no_hang)
{
	process.state = 'T';
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 0, 0), 0);
	process.state = 't';
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 10, 0), 0);
	process.state = 'R';
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 10, 0), 10);
}

Test(hang, a_late_tick_counts_as_two)
{
	process.state = 'S';
	cr_assert_eq(tick(10), TRP_HANG_NONE);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(tick(3600 * 1000), TRP_HANG_NONE);
	cr_assert_eq(tick(3600 * 1000), TRP_HANG_REPORT);
}

Test(hang, each_callback_and_each_wait_begins_anew)
{
	process.state = 'S';
	cr_assert_eq(tick(10), TRP_HANG_NONE);
	for (uint64_t i = 0; i < 1000; i++) {
		enum trp_hang_act act =
			trp_hang_look(&hang, 3 + 2 * (i / 8), i / 4, true);

		cr_assert_eq(act, TRP_HANG_LOOK);
		now += 20 * MS;
		act = trp_hang_lasts(&hang, &rules, &process, now);
		cr_assert_eq(act, TRP_HANG_NONE);
	}
	cr_assert_eq(trp_hang_look(&hang, 4, 0, false), TRP_HANG_NONE);
}

Test(hang, one_that_was_told_and_goes_on_is_let_alone)
{
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 10, 0), 11);
	cr_assert_eq(trp_hang_look(&hang, 2, 0, false), TRP_HANG_OVER);
	cr_assert_eq(trp_hang_look(&hang, 2, 0, false), TRP_HANG_NONE);
	cr_assert_eq(ticks_until(TRP_HANG_REPORT, 10, 0), 11);
	cr_assert_eq(trp_hang_look(&hang, 1, 1, true), TRP_HANG_OVER);
}

Test(hang, with_an_endless_grace_time_it_is_only_told)
{
	const struct trp_hang_rules soft = { 100 * MS, -1, 10 * MS };
	int told = 0;

	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(trp_hang_look(&hang, 1, 0, true), TRP_HANG_LOOK);
		now += 10 * MS;
		process.run_ns += 10 * MS;
		told += trp_hang_lasts(&hang, &soft, &process, now) ==
			TRP_HANG_REPORT;
		cr_assert_neq(hang.phase, TRP_HANG_KILLED);
	}
	cr_assert_eq(told, 1);
}
