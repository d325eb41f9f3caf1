/* SPDX-License-Identifier: MIT */
/* The clock that a test moves. */
#include "tests/runtime/test/clerk.h"

#include "runtime/troupe_restart.h"

TestSuite(clock, .timeout = 600);

static const struct troupe_test_options noted_standing = {
	.failed = note_failure,
	.patience_ms = 60000,
	.clock_stands = true,
};

enum { HOUR_MS = 3600000 };

/* ---- actors -------------------------------------------------------------- */

/*
 * A Number is a time in ms: after it the sender is told the time that has
 * passed; a negative one repeats.
 */
static struct troupe_timer timer;
static troupe_ref customer;
static int64_t started_ns;

static int tell(int64_t value)
{
	Play__Number told = PLAY__NUMBER__INIT;

	told.value = value;
	return troupe_send(customer, &told.base);
}

static int ring(struct troupe_timer *rung)
{
	return tell((troupe_now().ns - started_ns) / 1000000);
}

static int on_time(const struct troupe_message *message)
{
	int64_t ms = ((const Play__Number *)message->body)->value;

	customer = message->sender;
	started_ns = troupe_now().ns;
	timer.fired = ring;
	return troupe_timer_start(&timer, troupe_in_ms(ms < 0 ? -ms : ms),
				  ms < 0 ? -ms : 0);
}

static int on_idle(void)
{
	return tell(-1);
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_time },
	{ 0 },
};
static const struct troupe_class alarm_clock = { .name = "alarm",
						 .handlers = handlers };
static const struct troupe_class idler = { .name = "idler",
					   .handlers = handlers,
					   .idle = on_idle,
					   .idle_ms = 2 * HOUR_MS };

/* Tells its parent what a receive of two hours has returned. */
static int wait_long(const void *arguments)
{
	struct troupe_message message;

	customer = troupe_parent();
	return tell(
		troupe_receive(NULL, 0, troupe_in_ms(2 * HOUR_MS), &message));
}
static const struct troupe_class waiter = { .name = "waiter",
					    .run = wait_long };

static int compute(const void *arguments)
{
	while (!troupe_is_stopping())
		continue;
	return 0;
}
static const struct troupe_class busy = { .name = "busy", .run = compute };

static const struct troupe_class phoenix = { .name = "phoenix",
					     .handlers = handlers,
					     .restart =
						     TROUPE_RESTART_CRASHED };

/* ---- claims -------------------------------------------------------------- */

static int64_t told(void)
{
	const Play__Number *number =
		troupe_test_expect(&play__number__descriptor, 0);

	return number->value;
}

Test(clock, a_timer_fires_at_its_time_and_not_before)
{
	troupe_ref ref;

	troupe_test_begin(&standing);
	ref = troupe_test_spawn(&alarm_clock, NULL);
	troupe_test_send(ref, number(HOUR_MS));
	troupe_test_advance(HOUR_MS - 1);
	cr_assert_eq(troupe_test_expect_silence(1), 0);
	troupe_test_advance(1);
	cr_assert_eq(told(), HOUR_MS);
	troupe_test_advance(HOUR_MS);
	cr_assert_eq(troupe_test_expect_silence(1), 0);
	cr_assert_eq(troupe_test_end(), 0);
}

Test(clock, a_periodic_timer_fires_as_often_as_its_time_comes)
{
	troupe_ref ref;

	troupe_test_begin(&standing);
	ref = troupe_test_spawn(&alarm_clock, NULL);
	troupe_test_send(ref, number(-70));
	troupe_test_advance(70 * 9 + 69);
	for (int64_t i = 1; i < 10; i++)
		cr_assert_eq(told(), 70 * i);
	cr_assert_eq(troupe_test_expect_silence(1), 0);
	troupe_test_end();
}

Test(clock, timers_of_several_actors_fire_in_the_order_of_their_times)
{
	troupe_ref ref[5];

	troupe_test_begin(&standing);
	for (int i = 0; i < 5; i++) {
		ref[i] = troupe_test_spawn(&alarm_clock, NULL);
		troupe_test_send(ref[i], number(5000 - 1000 * i));
	}
	troupe_test_advance(10000);
	for (int64_t i = 1; i < 6; i++)
		cr_assert_eq(told(), 1000 * i);
	troupe_test_end();
}

Test(clock, no_time_passes_by_itself)
{
	struct troupe_time before;

	troupe_test_begin(&standing);
	before = troupe_now();
	cr_assert_eq(troupe_test_settle(0), 0);
	cr_assert_eq(troupe_test_expect_silence(2), 0);
	cr_assert_eq(troupe_now().ns, before.ns);
	troupe_test_advance(7);
	cr_assert_eq(troupe_now().ns, before.ns + 7000000);
	troupe_test_end();
	cr_assert_lt(troupe_now().ns, before.ns + 3600000000000);
}

Test(clock, an_idle_actor_is_idle_by_it)
{
	troupe_ref ref;

	troupe_test_begin(&standing);
	ref = troupe_test_spawn(&idler, NULL);
	troupe_test_send(ref, number(HOUR_MS));
	troupe_test_advance(HOUR_MS);
	cr_assert_eq(told(), HOUR_MS);
	troupe_test_advance(HOUR_MS);
	cr_assert_eq(told(), -1);
	troupe_test_end();
}

Test(clock, a_receive_times_out_by_it)
{
	troupe_test_begin(&standing);
	troupe_test_spawn(&waiter, NULL);
	troupe_test_advance(2 * HOUR_MS - 1);
	cr_assert_eq(troupe_test_expect_silence(1), 0);
	troupe_test_advance(1);
	cr_assert_eq(told(), -ETIMEDOUT);
	troupe_test_end();
}

Test(clock, a_restart_waits_for_it)
{
	const struct troupe_end *end;
	troupe_ref ref;

	troupe_test_begin(&standing);
	ref = troupe_test_spawn(&phoenix, NULL);
	troupe_test_settle(0);
	troupe_kill(ref);
	end = troupe_test_expect_end(ref, TROUPE_KILLED, 0);
	cr_assert(end->will_restart);
	troupe_test_send(ref, number(5));
	cr_assert_eq(troupe_test_expect_silence(1), 0);
	troupe_test_advance(15000);
	troupe_test_advance(5);
	cr_assert_eq(told(), 5);
	troupe_test_end();
}

Test(clock, one_that_does_not_come_to_rest_is_told)
{
	troupe_test_begin(&noted_standing);
	troupe_test_spawn_named("eve", &busy, NULL);
	cr_assert_eq(troupe_test_settle(-1), -EINVAL);
	cr_assert_lt(troupe_test_settle(50), 0);
	ASSERT_FAILED("expected that all actors come to rest; /eve: ");
	cr_assert_lt(troupe_test_advance(-1), 0);
	ASSERT_FAILED("time does not go back");
	troupe_test_end();
	troupe_test_begin(&noted);
	cr_assert_lt(troupe_test_advance(1), 0);
	ASSERT_FAILED("the clock does not stand");
	troupe_test_end();
}
