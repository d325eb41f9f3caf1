/* SPDX-License-Identifier: MIT */
/* Two nodes: what opens and ends a session. */
#include "tests/runtime/session/pair.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static struct pair pair;

Test(pairs, open_with_three_frames_and_the_mail_in_the_third)
{
	pair_init(&pair, NULL, NULL);
	cr_assert_eq(pair_say(&pair.a, "one"), 0);
	cr_assert_eq(pair_say(&pair.a, "two"), 0);
	pair_pass_from(&pair.a); /* HELLO */
	pair_pass_from(&pair.b); /* WELCOME */
	cr_assert_eq(pair.a.ups, 1);
	cr_assert_eq(pair.b.ups, 0);
	pair_pass_from(&pair.a);
	cr_assert_eq(pair.b.ups, 1);
	cr_assert_eq(pair.b.delivered, 2);
	cr_assert_str_eq(pair.b.last, "two");
	pair_fini(&pair);
}

Test(pairs, that_greet_each_other_have_one_session)
{
	pair_init(&pair, NULL, NULL);
	cr_assert_eq(pair_say(&pair.a, "from a"), 0);
	cr_assert_eq(pair_say(&pair.b, "from b"), 0);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "from a");
	cr_assert_str_eq(pair.a.last, "from b");
	cr_assert_eq(pair.a.ups + pair.b.ups, 2);
	cr_assert_eq(pair.a.downs + pair.b.downs, 0);
	pair_fini(&pair);
}

Test(pairs, repeat_what_was_lost_after_a_gap_at_once)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "lost"), 0);
	pair_drop(&pair.a);
	cr_assert_eq(pair_say(&pair.a, "seen"), 0);
	pair_pass(&pair);
	cr_assert_eq(pair.b.delivered, 3);
	cr_assert_str_eq(pair.b.last, "seen");
	cr_assert_eq(trp_sessions_counts(pair.b.sessions)->gaps, 1);
	cr_assert_eq(trp_sessions_counts(pair.a.sessions)->repeated, 2);
	pair_fini(&pair);
}

/* A small question goes out, and not the mail. */
Test(pairs, ask_before_they_repeat)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "late"), 0);
	pair_wait_cut(&pair, 2 * SECOND);
	cr_assert_eq(trp_sessions_counts(pair.a.sessions)->repeated, 0);
	pair_wait(&pair, 2 * SECOND);
	cr_assert_str_eq(pair.b.last, "late");
	cr_assert_eq(trp_sessions_counts(pair.a.sessions)->repeated, 1);
	pair_fini(&pair);
}

Test(pairs, close_after_the_mail_that_was_sent)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "last"), 0);
	trp_sessions_close(pair.a.sessions, pair.now);
	cr_assert_eq(pair_say(&pair.a, "more"), -EAGAIN);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "last");
	cr_assert_eq(pair.b.error, -ESHUTDOWN);
	cr_assert_eq(pair.a.error, 0);
	cr_assert_eq(pair.a.downs + pair.b.downs, 2);
	cr_assert_eq(pair.a.lost, 0);
	cr_assert(!trp_sessions_is_busy(pair.a.sessions));
	cr_assert(!trp_sessions_is_busy(pair.b.sessions));
	pair_fini(&pair);
}

Test(pairs, close_only_when_the_mail_before_has_arrived)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "last"), 0);
	pair_drop(&pair.a);
	trp_sessions_close(pair.a.sessions, pair.now);
	pair_pass_from(&pair.a);
	cr_assert_eq(pair.b.downs, 0);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "last");
	cr_assert_eq(pair.b.error, -ESHUTDOWN);
	cr_assert_eq(pair.a.lost, 0);
	pair_fini(&pair);
}

Test(pairs, close_though_the_last_acknowledgement_is_lost)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	trp_sessions_close(pair.a.sessions, pair.now);
	pair_pass_from(&pair.a);
	pair_drop(&pair.b);
	pair_wait(&pair, 2 * SECOND);
	cr_assert_eq(pair.a.downs, 1);
	cr_assert_eq(pair.a.error, 0);
	pair_fini(&pair);
}

Test(pairs, of_which_the_bus_says_that_one_is_gone_wait_for_a_second)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	trp_sessions_gone(pair.a.sessions, 3, pair.now);
	pair_wait(&pair, 3 * SECOND); /* it answers: it is there */
	cr_assert_eq(pair.a.downs, 0);
	trp_sessions_gone(pair.a.sessions, 3, pair.now);
	pair_wait_cut(&pair, SECOND / 2);
	cr_assert_eq(pair.a.downs, 0);
	pair_wait_cut(&pair, SECOND);
	cr_assert_eq(pair.a.error, -EHOSTUNREACH);
	pair_fini(&pair);
}

Test(pairs, with_nobody_at_the_other_end_fail_at_once)
{
	pair_init(&pair, NULL, NULL);
	cr_assert_eq(pair_say(&pair.a, "anybody"), 0);
	trp_sessions_gone(pair.a.sessions, 3, pair.now);
	cr_assert_eq(pair.a.error, -EHOSTUNREACH);
	cr_assert_eq(pair.a.lost, 1);
	cr_assert_eq(pair.a.may_have_arrived, 0);
	pair_fini(&pair);
}

Test(pairs, whose_bus_refuses_a_hello_for_good_fail_at_once)
{
	pair_init(&pair, NULL, NULL);
	pair.a.bus_error = -EHOSTUNREACH;
	cr_assert_eq(pair_say(&pair.a, "anybody"), 0);
	pair_wait(&pair, 20000000);
	cr_assert_eq(pair.a.error, -EHOSTUNREACH);
	cr_assert_eq(pair.a.lost, 1);
	cr_assert_eq(pair.a.may_have_arrived, 0);
	pair_fini(&pair);
}

Test(pairs, with_a_receiver_that_stands_still_lose_nothing)
{
	int sent = 1;

	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	pair.b.is_refusing = true;
	while (pair_say(&pair.a, "waits") == 0)
		sent++;
	pair_wait(&pair, 30 * SECOND);
	cr_assert_eq(pair.a.downs, 0);
	cr_assert_eq(pair.a.rooms, 0);
	cr_assert_eq(pair.b.delivered, 1);
	pair.b.is_refusing = false;
	trp_sessions_accept(pair.b.sessions, 2, pair.now);
	pair_pass(&pair); /* at once */
	cr_assert_eq(pair.b.delivered, sent);
	pair_wait(&pair, SECOND);
	cr_assert_eq(pair.b.delivered, sent);
	cr_assert_eq(pair.a.rooms, 1);
	pair_fini(&pair);
}

/* Frames of B do not arrive. */
Test(pairs, that_hear_in_one_direction_alone_end_at_both_ends)
{
	int64_t end;

	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "answer me"), 0);
	for (end = pair.now.ns + 13 * SECOND; pair.now.ns < end;) {
		pair_wait_cut(&pair, 0);
		pair.now.ns += SECOND / 4;
		trp_sessions_tick(pair.a.sessions, pair.now);
		trp_sessions_tick(pair.b.sessions, pair.now);
		pair_pass_from(&pair.a);
		pair_drop(&pair.b);
	}
	cr_assert_eq(pair.a.error, -ETIMEDOUT);
	cr_assert_eq(pair.b.error, -ECONNRESET);
	pair_fini(&pair);
}

/* Frames of others may wait in its socket meanwhile. */
Test(pairs, do_not_hold_silence_against_another_that_they_slept_through)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "before"), 0);
	pair.now.ns += 60 * SECOND;
	trp_sessions_tick(pair.a.sessions, pair.now);
	cr_assert_eq(pair.a.downs, 0);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "before");
	pair_wait(&pair, SECOND);
	cr_assert_eq(pair.a.downs + pair.a.lost, 0);
	pair_fini(&pair);
}

Test(pairs, go_on_at_once_when_the_bus_is_back)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	cr_assert_eq(pair_say(&pair.a, "kept"), 0);
	pair_drop(&pair.a); /* it went down with the bus */
	pair.a.bus_error = -ENOTCONN;
	pair.b.bus_error = -ENOTCONN;
	pair_wait(&pair, 9 * SECOND);
	pair.a.bus_error = 0;
	pair.b.bus_error = 0;
	trp_sessions_relink(pair.a.sessions, pair.now);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "kept");
	pair_fini(&pair);
}

/* A broker was killed: one is there again before the other. */
static void be_back_alone(int64_t down_ns)
{
	pair.a.bus_error = -ENOTCONN;
	trp_sessions_unlink(pair.a.sessions, pair.now);
	pair_wait_cut(&pair, down_ns);
	trp_sessions_unlink(pair.a.sessions, pair.now);
	pair.a.bus_error = 0;
	trp_sessions_relink(pair.a.sessions, pair.now);
	trp_sessions_gone(pair.a.sessions, 3, pair.now);
}

Test(pairs, wait_for_the_other_to_be_back_as_long_as_the_bus_was_down)
{
	pair_init(&pair, NULL, NULL);
	cr_assert_eq(pair_say(&pair.a, "first"), 0); /* it is not open yet */
	pair_drop(&pair.a);
	be_back_alone(4 * SECOND);
	pair_wait_cut(&pair, 4 * SECOND);
	cr_assert_eq(pair.a.downs + pair.a.lost, 0);
	pair_wait(&pair, SECOND);
	cr_assert_str_eq(pair.b.last, "first");
	be_back_alone(2 * SECOND);
	pair_wait_cut(&pair, 2 * SECOND);
	cr_assert_eq(pair.a.downs, 0);
	pair_wait_cut(&pair, 2 * SECOND);
	cr_assert_eq(pair.a.error, -EHOSTUNREACH);
	pair_fini(&pair);
}

Test(pairs, send_the_rest_when_the_bus_takes_it)
{
	pair_init(&pair, NULL, NULL);
	pair_open(&pair);
	pair.a.bus_error = -ENOTCONN;
	cr_assert_eq(pair_say(&pair.a, "one"), 0);
	cr_assert_eq(pair_say(&pair.a, "two"), 0);
	pair.a.bus_error = 0;
	trp_sessions_resume(pair.a.sessions, pair.now);
	cr_assert_eq(pair.a.queued - pair.a.passed, 2);
	pair_pass_from(&pair.a);
	cr_assert_eq(pair.b.delivered, 3);
	pair_fini(&pair);
}

Test(pairs, refuse_what_cannot_be_sent)
{
	static char text[TRP_FRAME_SIZE_MAX];
	struct trp_sessions *none = NULL;
	struct trp_sessions_options options = { .number = 1 };

	cr_assert_eq(trp_sessions_new(&none, &options, NULL, NULL), -EINVAL);
	pair_init(&pair, NULL, NULL);
	cr_assert_eq(trp_sessions_send(pair.a.sessions, 2, "x", 1, pair.now),
		     -EINVAL);
	cr_assert_eq(trp_sessions_send(pair.a.sessions, 1, "x", 1, pair.now),
		     -EINVAL);
	cr_assert_eq(trp_sessions_send(pair.a.sessions, 3, "x", 0, pair.now),
		     -EINVAL);
	cr_assert_eq(trp_sessions_send(pair.a.sessions, 3, text,
				       TRP_SESSION_BYTES_LEAST + 1, pair.now),
		     -EMSGSIZE);
	cr_assert_eq(trp_sessions_watch(pair.a.sessions, 2, pair.now), -EINVAL);
	pair_fini(&pair);
}
