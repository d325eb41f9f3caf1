/* SPDX-License-Identifier: MIT */
/* Faults that a test injects. */
#include "tests/runtime/test/clerk.h"

#include "runtime/troupe_restart.h"

TestSuite(fault, .timeout = 600);

/* Answers each number with its try, and its incarnation in tens. */
static int on_number(const struct troupe_message *message)
{
	Play__Number answer = PLAY__NUMBER__INIT;
	int r;

	answer.value = troupe_attempt() + 10 * troupe_incarnation();
	r = troupe_send(message->sender, &answer.base);
	if (r == -EAGAIN) { /* says so to another */
		answer.value = -EAGAIN;
		r = troupe_send(troupe_parent(), &answer.base);
	}
	return r;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ 0 },
};
static const struct troupe_class stubborn = {
	.name = "stubborn",
	.handlers = handlers,
	.restart = TROUPE_RESTART_CRASHED,
	.at_crash = TROUPE_CRASH_AGAIN,
};

static int64_t told(void)
{
	const Play__Number *answer =
		troupe_test_expect(&play__number__descriptor, 0);

	return answer->value;
}

Test(fault, an_actor_dies_in_the_handler_of_the_next_message_and_comes_back)
{
	const struct troupe_end *end;
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&stubborn, NULL);
	troupe_test_send(ref, number(1));
	troupe_test_kill_at_next(ref);
	troupe_test_send(ref, number(1));
	cr_assert_eq(told(), 1); /* before the fault */
	cr_assert_eq(told(), 12);
	end = troupe_test_expect_end(ref, TROUPE_KILLED, 0);
	cr_assert(end->will_restart);
	troupe_test_send(ref, number(1));
	cr_assert_eq(told(), 11); /* without the fault */
	troupe_test_end();
}

Test(fault, an_actor_dies_of_the_next_call)
{
	troupe_ref ref;

	troupe_test_begin(&noted);
	ref = troupe_test_spawn(&clerk, NULL);
	troupe_test_kill_at_next(ref);
	cr_assert_null(troupe_test_call(ref, &play__clerk__descriptor, "Twice",
					number(1), 0));
	ASSERT_FAILED("play.Clerk.Twice; it failed: error -3");
	troupe_test_expect_end(ref, TROUPE_KILLED, 0);
	cr_assert_lt(troupe_test_kill_at_next(ref), 0);
	ASSERT_FAILED("cannot inject a fault into an actor that is gone");
	troupe_test_end();
}

/* Takes numbers until it is told to stop. */
static int receive(const void *arguments)
{
	struct troupe_message message;

	while (troupe_receive(NULL, 0, TROUPE_NEVER, &message) == 0)
		continue;
	return 0;
}
static const struct troupe_class function = { .name = "function",
					      .run = receive };

Test(fault, a_function_dies_of_the_next_message)
{
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&function, NULL);
	troupe_test_send(ref, number(1));
	troupe_test_settle(0);
	troupe_test_kill_at_next(ref);
	troupe_test_settle(0);
	cr_assert_eq(troupe_test_expect_silence(1), 0);
	troupe_test_send(ref, number(1));
	troupe_test_expect_end(ref, TROUPE_KILLED, 0);
	troupe_test_end();
}

Test(fault, so_many_sends_find_no_room)
{
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&stubborn, NULL);
	troupe_test_refuse_room(ref, troupe_self(), 2);
	troupe_test_send(ref, number(1));
	cr_assert_eq(told(), -EAGAIN);
	troupe_test_send(ref, number(1));
	cr_assert_eq(told(), -EAGAIN);
	troupe_test_send(ref, number(1));
	cr_assert_eq(told(), 1);
	troupe_test_end();
}
