/* SPDX-License-Identifier: MIT */
/* The idle timeout, what counts for it, and what remains of a timer. */
#include "tests/support/kit.h"

TestSuite(idle, .timeout = 600);

enum { IDLE_MS = 40, HOUR_MS = 3600 * 1000 };

static int end_idle(void)
{
	return TROUPE_STOP;
}

static int take(const struct troupe_message *message)
{
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, take }, { 0 }
};

/* ---- when it is called --------------------------------------------------- */

/* Ends when it is idle for the second time. */
static int tell_idle(void)
{
	static int idles;
	int r = troupe_send(troupe_parent(), word("idle"));

	return r == 0 && ++idles == 2 ? TROUPE_STOP : r;
}

static int ignore_tick(struct troupe_timer *timer)
{
	return 0;
}

static int begin_ticks(const void *arguments)
{
	static struct troupe_timer tick = { .fired = ignore_tick };

	return troupe_timer_start(&tick, troupe_in_ms(5), 5);
}

static const struct troupe_class idler = { .name = "idler",
					   .init = begin_ticks,
					   .handlers = handlers,
					   .idle = tell_idle,
					   .idle_ms = IDLE_MS };

Test(idle, is_called_when_no_message_came_for_so_long_and_not_before)
{
	troupe_ref ref;

	troupe_test_begin(&standing);
	ref = troupe_test_spawn(&idler, NULL);
	troupe_test_advance(IDLE_MS - 1);
	troupe_test_send(ref, number(1)); /* Ticks are no messages. */
	troupe_test_advance(IDLE_MS - 1);
	troupe_test_expect_silence(1);
	troupe_test_advance(1);
	troupe_test_expect(&play__text__descriptor, 0);
	troupe_test_advance(IDLE_MS - 1);
	troupe_test_expect_silence(1);
	troupe_test_advance(1);
	troupe_test_expect_end(ref, TROUPE_NORMAL, 0);
	troupe_test_end();
}

/* ---- changed while it runs ----------------------------------------------- */

static int be_hasty(const struct troupe_message *message)
{
	return troupe_idle_after(-1) == -EINVAL ? troupe_idle_after(1) : -EDOM;
}

static const struct troupe_handler hasty_handlers[] = {
	{ &play__number__descriptor, be_hasty }, { 0 }
};
static const struct troupe_class hasty = { .name = "hasty",
					   .handlers = hasty_handlers,
					   .idle = end_idle,
					   .idle_ms = HOUR_MS };

static int switch_off(const void *arguments)
{
	return troupe_idle_after(0);
}

static const struct troupe_class sleepless = {
	.name = "sleepless", .init = switch_off, .idle = end_idle, .idle_ms = 1
};

Test(idle, is_changed_and_switched_off_while_an_actor_runs)
{
	troupe_ref changed, off;

	troupe_test_begin(&standing);
	changed = troupe_test_spawn(&hasty, NULL);
	off = troupe_test_spawn(&sleepless, NULL);
	troupe_test_send(changed, number(1));
	troupe_test_advance(1);
	troupe_test_expect_end(changed, TROUPE_NORMAL, 0);
	troupe_test_advance(HOUR_MS);
	troupe_stop(off);
	troupe_test_expect_end(off, TROUPE_SHUTDOWN, 0);
	cr_assert_eq(troupe_idle_after(1), -EINVAL, "the probe is a function");
	troupe_test_end();
}

/* ---- messages that do not count ------------------------------------------ */

static const ProtobufCMessageDescriptor *const beats[] = {
	&play__text__descriptor, &play__number__descriptor, NULL
};
static const struct troupe_class keeper = { .name = "keeper",
					    .handlers = handlers,
					    .idle = end_idle,
					    .idle_ms = IDLE_MS,
					    .background = beats };

Test(idle, does_not_count_messages_of_the_background)
{
	troupe_ref ref;

	troupe_test_begin(&standing);
	ref = troupe_test_spawn(&keeper, NULL);
	for (int i = 0; i < 4; i++) {
		troupe_test_send(ref, number(i));
		troupe_test_advance(IDLE_MS / 4);
	}
	troupe_test_expect_end(ref, TROUPE_NORMAL, 0);
	troupe_test_end();
}

/* ---- what remains -------------------------------------------------------- */

Test(idle, a_timer_tells_what_remains)
{
	struct troupe_timer timer = { .fired = ignore_tick };

	troupe_test_begin(&standing);
	cr_assert_eq(troupe_timer_remaining(&timer), -ENOENT);
	troupe_timer_start(&timer, troupe_in_ms(HOUR_MS), 0);
	cr_assert_eq(troupe_timer_remaining(&timer), HOUR_MS);
	troupe_test_advance(HOUR_MS / 2);
	cr_assert_eq(troupe_timer_remaining(&timer), HOUR_MS / 2);
	troupe_timer_start(&timer, TROUPE_NEVER, 0);
	cr_assert_gt(troupe_timer_remaining(&timer), HOUR_MS);
	troupe_timer_start(&timer, TROUPE_TIME(1), 0);
	cr_assert_eq(troupe_timer_remaining(&timer), 0);
	cr_assert_eq(troupe_timer_cancel(&timer), 1);
	cr_assert_eq(troupe_timer_remaining(&timer), -ENOENT);
	troupe_test_end();
}
