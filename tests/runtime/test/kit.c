/* SPDX-License-Identifier: MIT */
/* The claims of troupe_test.h: what the probe does. */
#include "tests/runtime/test/clerk.h"

#include <errno.h>
#include <setjmp.h>
#include "tests/support/aborts.h"

TestSuite(kit, .timeout = 600);

Test(kit, a_spawned_actor_gets_messages_and_answers)
{
	const Play__Number *answer;
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&clerk, NULL);
	troupe_test_send(ref, number(1));
	answer = troupe_test_expect(&play__number__descriptor, 0);
	cr_assert_eq(answer->value, 2);
	cr_assert_eq(troupe_test_message()->sender, ref);
	answer = troupe_test_ask(ref, number(41), &play__number__descriptor, 0);
	cr_assert_eq(answer->value, 42);
	cr_assert_eq(troupe_test_end(), 0);
}

Test(kit, an_actor_gets_its_arguments_and_its_name)
{
	const Play__Number *answer;
	troupe_ref ref, found = 0;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn_named("bob", &clerk, number(100));
	cr_assert_eq(troupe_whereis("bob", &found), 0);
	cr_assert_eq(found, ref);
	troupe_test_send(ref, number(1));
	answer = troupe_test_expect_like(number(102), 0);
	cr_assert_eq(answer->value, 102);
	troupe_test_end();
}

Test(kit, the_probe_gets_what_an_actor_tells_its_parent)
{
	const Play__Text *text;
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&clerk, NULL);
	troupe_test_send(ref, word("hello, parent"));
	text = troupe_test_expect(&play__text__descriptor, 0);
	cr_assert_str_eq(text->text, "hello, parent");
	cr_assert_eq(troupe_test_message()->sender, ref);
	troupe_test_end();
}

Test(kit, methods_are_called_by_name)
{
	const Play__Number *answer;
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&clerk, NULL);
	for (int64_t i = 1; i < 4; i++) {
		answer = troupe_test_call(ref, &play__clerk__descriptor,
					  "Twice", number(i), 0);
		cr_assert_eq(answer->value, 2 * i);
	}
	troupe_test_end();
}

Test(kit, each_end_has_its_cause)
{
	const struct troupe_end *end;
	troupe_ref ref[4];

	troupe_test_begin(&strict);
	for (int i = 0; i < 4; i++)
		ref[i] = troupe_test_spawn(&clerk, NULL);
	troupe_kill(ref[3]);
	troupe_test_send(ref[2], word("fail"));
	troupe_test_send(ref[1], word("die"));
	troupe_stop(ref[0]);
	troupe_test_expect_end(ref[0], TROUPE_SHUTDOWN, 0);
	end = troupe_test_expect_end(ref[1], TROUPE_SIGNAL, 0);
	cr_assert_eq(end->reason.code, SIGTRAP);
	end = troupe_test_expect_end(ref[2], TROUPE_ERROR, 0);
	cr_assert_eq(end->reason.code, -EDOM);
	troupe_test_expect_end(ref[3], TROUPE_KILLED, 0);
	troupe_test_end();
}

Test(kit, the_end_of_one_that_could_not_start_is_told)
{
	const struct troupe_end *end;
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&clerk, number(-ENODEV));
	end = troupe_test_expect_end(ref, TROUPE_ERROR, 0);
	cr_assert_eq(end->reason.code, -ENODEV);
	ref = troupe_test_spawn(&clerk, NULL);
	troupe_close(ref);
	troupe_test_expect_end(ref, TROUPE_NORMAL, 0);
	troupe_test_end();
}

Test(kit, silence_is_what_is_left_after_all_was_taken)
{
	troupe_ref ref;

	troupe_test_begin(&strict);
	ref = troupe_test_spawn(&clerk, NULL);
	troupe_test_send(ref, number(0));
	cr_assert_eq(troupe_test_expect_silence(20), 0);
	troupe_test_end();
}

/* ---- failures ------------------------------------------------------------ */

Test(kit, a_failure_shows_what_came_instead)
{
	troupe_ref ref;

	troupe_test_begin(&noted);
	ref = troupe_test_spawn_named("bob", &clerk, NULL);
	troupe_test_send(ref, number(6));
	cr_assert_null(troupe_test_expect(&play__text__descriptor, 0));
	cr_assert_eq(failure_line, __LINE__ - 1);
	ASSERT_FAILED("expected a message play.Text; there came play.Number");
	ASSERT_FAILED("\"7\"");
	ASSERT_FAILED("of /bob");
	cr_assert_null(
		troupe_test_ask(ref, number(6), &play__text__descriptor, 0));
	ASSERT_FAILED("there came play.Number");
	troupe_test_send(ref, number(6));
	cr_assert_null(troupe_test_expect_like(number(8), 0));
	ASSERT_FAILED("expected play.Number {\"value\": \"8\"}; there came "
		      "play.Number {\"value\": \"7\"}");
	troupe_test_send(ref, number(6));
	cr_assert_lt(troupe_test_expect_silence(60000), 0);
	ASSERT_FAILED("expected no message within 60000 ms; there came");
	cr_assert_eq(troupe_test_end(), 0);
}

Test(kit, a_negative_time_is_refused)
{
	troupe_ref ref;

	troupe_test_begin(&noted);
	ref = troupe_test_spawn_named("bob", &clerk, NULL);
	cr_assert_eq(troupe_test_expect_silence(-1), -EINVAL);
	ASSERT_FAILED("Invalid argument");
	cr_assert_null(troupe_test_expect(&play__number__descriptor, -1));
	ASSERT_FAILED("Invalid argument");
	cr_assert_null(troupe_test_expect_end(ref, TROUPE_NORMAL, -1));
	ASSERT_FAILED("Invalid argument");
	cr_assert_null(troupe_test_call(ref, &play__clerk__descriptor, "Silent",
					number(1), -1));
	ASSERT_FAILED("Invalid argument");
	cr_assert_eq(troupe_test_end(), 0);
}

Test(kit, a_failure_tells_of_an_actor_of_an_earlier_node)
{
	troupe_ref ref;

	troupe_test_begin(&noted);
	ref = troupe_test_spawn_named("bob", &clerk, NULL);
	cr_assert_eq(troupe_test_end(), 0);
	troupe_test_begin(&noted);
	cr_assert_null(troupe_test_expect_end(ref, TROUPE_NORMAL, 0));
	ASSERT_FAILED("expected that an actor that is gone ends normally");
	cr_assert_eq(troupe_test_end(), 0);
}

Test(kit, a_failure_shows_what_an_actor_does_that_says_nothing)
{
	troupe_ref ref;

	troupe_test_begin(&noted);
	ref = troupe_test_spawn_named("bob", &clerk, NULL);
	cr_assert_null(
		troupe_test_ask(ref, number(0), &play__number__descriptor, 20));
	ASSERT_FAILED("nothing came within 20 ms; /bob");
	cr_assert_null(troupe_test_expect(&play__number__descriptor, 1));
	ASSERT_FAILED("nothing came within 1 ms");
	cr_assert_null(troupe_test_call(ref, &play__clerk__descriptor, "Silent",
					number(1), 20));
	ASSERT_FAILED("an answer of play.Clerk.Silent within 20 ms; /bob");
	cr_assert_null(troupe_test_call(ref, &play__clerk__descriptor, "Refuse",
					number(1), 0));
	ASSERT_FAILED("play.Clerk.Refuse; it failed: error -33");
	ASSERT_FAILED("not today");
	cr_assert_null(troupe_test_call(ref, &play__clerk__descriptor, "Frobn",
					number(1), 0));
	ASSERT_FAILED("no such method");
	cr_assert_null(troupe_test_call(ref, NULL, "Frobn", number(1), 0));
	ASSERT_FAILED("needs a service");
	cr_assert_null(troupe_test_expect_end(ref, TROUPE_NORMAL, 20));
	ASSERT_FAILED("expected an end within 20 ms; /bob");
	troupe_kill(ref);
	cr_assert_null(troupe_test_expect_end(ref, TROUPE_NORMAL, 0));
	ASSERT_FAILED("expected that bob ends normally; it ended: killed");
	cr_assert_eq(troupe_test_send(ref, number(1)), -ESRCH);
	ASSERT_FAILED("cannot send play.Number to an actor that is gone");
	troupe_test_end();
}

Test(kit, what_cannot_be_spawned_is_told)
{
	struct troupe_class own = clerk;

	troupe_test_begin(&noted);
	cr_assert_eq(troupe_test_spawn(&own, NULL), 0);
	ASSERT_FAILED("cannot spawn clerk: Invalid argument");
	cr_assert_neq(troupe_test_spawn_named("bob", &clerk, NULL), 0);
	cr_assert_eq(troupe_test_spawn_named("bob", &clerk, NULL), 0);
	ASSERT_FAILED("cannot spawn bob: File exists");
	cr_assert_eq(troupe_test_end(), 0);
}

static int fall(const void *arguments)
{
	struct troupe_message message;

	troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	return -EXDEV;
}
static const struct troupe_class faller = { .name = "faller", .run = fall };

Test(kit, an_actor_that_does_not_end_in_order_fails_the_end)
{
	troupe_test_begin(&noted);
	troupe_test_spawn_named("eve", &faller, NULL);
	cr_assert_lt(troupe_test_end(), 0);
	ASSERT_FAILED("/eve, when told to stop: error -18");
	cr_assert_lt(troupe_test_end(), 0);
	ASSERT_FAILED("no test has begun");
}

static jmp_buf home;

static void jump(const char *file, int line, const char *text)
{
	note_failure(file, line, text);
	longjmp(home, 1);
}

Test(kit, a_failure_may_leave_by_longjmp_and_another_test_begin)
{
	static const struct troupe_test_options options = { .failed = jump };

	if (setjmp(home) == 0) {
		troupe_test_begin(&options);
		troupe_test_expect(&play__number__descriptor, 1);
		cr_assert_fail("it went on");
	}
	ASSERT_FAILED("nothing came within 1 ms");
	troupe_test_begin(&strict);
	troupe_test_ask(troupe_test_spawn(&clerk, NULL), number(1),
			&play__number__descriptor, 0);
	cr_assert_eq(troupe_test_end(), 0);
}

static void expect_nothing(void *data)
{
	troupe_test_begin(NULL);
	troupe_test_expect(&play__number__descriptor, 1);
}

Test(kit, without_a_callback_a_failure_aborts)
{
	cr_assert(aborts(expect_nothing, NULL));
}
