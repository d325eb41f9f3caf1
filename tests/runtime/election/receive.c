/* SPDX-License-Identifier: MIT */
/* The effects of messages: collisions, recovery, configuration, nonsense. */
#include "tests/runtime/election/lone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define C 10.0
#define G 1.5

/* Begins, and is then a member of the list "a m b". */
static void begin_listed(struct lone *lone)
{
	lone_begin(lone, &trp_wire_defaults);
	lone_hear_ping(lone, "b", 60); /* wins */
	lone_until(lone, 5);
	lone_hear_ping(lone, "m b", 60); /* an echo */
	lone_hear_ping(lone, "a m b", 70);
	lone_until(lone, 9);
	cr_assert_str_eq(lone_list(lone), "a m b");
	memset(lone->sent, 0, sizeof(lone->sent));
	memset(lone->seen, 0, sizeof(lone->seen));
}

Test(hear, a_successor_comes_to_the_front)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "b a m", 60);
	cr_assert_str_eq(lone_list(&lone), "b a m");
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 0);
	lone_fini(&lone);
}

/* Two pings after the same head, in either order: the winner heads the list. */
static const char *head_of(const char *first, int64_t first_value,
			   const char *second, int64_t second_value)
{
	struct lone lone;
	static char head[16];

	begin_listed(&lone);
	lone_hear_ping(&lone, first, first_value);
	lone_hear_ping(&lone, second, second_value);
	strcpy(head, trp_beacon_listed(lone.beacon, 0));
	lone_fini(&lone);
	return head;
}

Test(hear, of_two_successors_all_choose_the_same_whatever_the_order)
{
	cr_assert_str_eq(head_of("x a m", 5, "y a m", 6), "y");
	cr_assert_str_eq(head_of("y a m", 6, "x a m", 5), "y");
	cr_assert_str_eq(head_of("x a m", 5, "y a m", 5), "x");
	cr_assert_str_eq(head_of("y a m", 5, "x a m", 5), "x");
	cr_assert_str_eq(head_of("x a m", -1, "y a m", 1), "y");
	cr_assert_str_eq(head_of("y a m", 1, "x a m", -1), "y");
	cr_assert_str_eq(head_of("x a m", -1, "y a m", -1), "x");
	cr_assert_str_eq(head_of("y a m", -1, "x a m", -1), "x");
}

/* A list that a message tells in part is the sender's, and then ours. */
Test(hear, who_follows_brings_the_order_of_the_others_along)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x a c d", 5);
	cr_assert_str_eq(lone_list(&lone), "x a c d");
	lone_hear_ping(&lone, "y x a", 5);
	cr_assert_str_eq(lone_list(&lone), "y x a");
	lone_fini(&lone);
}

Test(hear, a_head_that_pings_again_brings_its_list_and_value_along)
{
	struct lone lone;
	const double due = 5 + C; /* a has pinged at 5 */

	begin_listed(&lone);
	lone_hear_ping(&lone, "a m d", 70);
	cr_assert_str_eq(lone_list(&lone), "a m d");
	lone_until(&lone, due + G / 2);
	lone_hear_ping(&lone, "a c m d", 20);
	cr_assert_str_eq(lone_list(&lone), "a c m d");
	lone_until(&lone, due + C);
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	lone_hear_ping(&lone, "x y", 30);
	cr_assert_str_eq(lone_list(&lone), "x y");
	lone_fini(&lone);
}

Test(hear, who_lost_such_a_collision_unheard_is_told_once_more)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x a m b", 5);
	lone_hear_ping(&lone, "c a m b", 3);
	cr_assert_str_eq(lone_list(&lone), "x a m b");
	lone_until(&lone, 9 + 2 * G);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	cr_assert_str_eq(lone_last(&lone), "x a m b");
	lone_fini(&lone);
}

Test(hear, being_it_ends_with_the_ping_of_a_successor)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, C + 3 * G + 1);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	lone_hear_ping(&lone, "x m", 1);
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 1);
	cr_assert(lone.seen[TRP_BEACON_DETAG] == 0);
	cr_assert_str_eq(lone_list(&lone), "x m");
	lone_fini(&lone);
}

Test(hear, a_successor_within_the_gap_cancels_in_silence)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, C + 2 * G + G / 2);
	lone_hear_ping(&lone, "x m", 1);
	lone_until(&lone, C + 4 * G);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 0);
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 0);
	lone_fini(&lone);
}

/* ---- healing ------------------------------------------------------------ */

Test(heal, a_winning_side_takes_over_and_is_told_of_ours)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x y z", 80);
	cr_assert_str_eq(lone_list(&lone), "x y z");
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 1);
	cr_assert(lone.event[TRP_BEACON_RECOVER].prio == 1);
	cr_assert(lone.event[TRP_BEACON_RECOVER].is_replaced);
	cr_assert_str_eq(lone.local, "a m b");
	cr_assert_str_eq(lone.remote, "x y z");
	lone_until(&lone, 9 + G / 2 - 0.001);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 0);
	lone_until(&lone, 9 + G / 2 + 0.001);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	cr_assert_str_eq(lone_last(&lone), "a m b");
	cr_assert(lone.last.node == NULL);
	cr_assert(lone.last.value.integer == 70);
	lone_fini(&lone);
}

Test(heal, a_losing_side_changes_nothing_and_is_told_of_ours)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x y z", 10);
	cr_assert_str_eq(lone_list(&lone), "a m b");
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 1);
	cr_assert(!lone.event[TRP_BEACON_RECOVER].is_replaced);
	lone_until(&lone, 9 + G);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	lone_fini(&lone);
}

Test(heal, nobody_repeats_what_another_member_has_said)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x y z", 10);
	lone_hear_hist(&lone, "a m b", 70);
	lone_hear_hist(&lone, "x y z", 10);
	lone_until(&lone, 9 + 2 * G);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 0);
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 1);
	lone_fini(&lone);
}

Test(heal, a_side_that_has_a_new_head_is_still_the_same_side)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x y z", 10);
	lone_until(&lone, 9 + G * 3 / 4);
	lone_hear_ping(&lone, "z x y", 10);
	lone_until(&lone, 9 + 3 * G);
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 1);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	lone_fini(&lone);
}

Test(heal, a_side_that_joins_later_in_the_cycle_is_told_too)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x y", 10);
	lone_until(&lone, 9 + G * 3 / 4);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	lone_hear_ping(&lone, "p q", 10);
	lone_until(&lone, 9 + 2 * G);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 2);
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 2);
	lone_fini(&lone);
}

Test(heal, a_side_that_was_gone_again_is_told_again)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "x y", 10);
	lone_until(&lone, 9 + 2 * G);
	lone_hear_ping(&lone, "y x", 10);
	lone_until(&lone, 9 + 3 * G);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 2);
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 2);
	lone_fini(&lone);
}

Test(heal, who_is_it_on_the_losing_side_gets_detag_first)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear_ping(&lone, "b", 60);
	lone_until(&lone, C + 0.9 * G);
	lone_until(&lone, C + 2 * G);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 0);
	lone_until(&lone, C + 4 * G);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	lone_hear_ping(&lone, "x y", 99);
	cr_assert(lone.seen[TRP_BEACON_DETAG] == 1);
	cr_assert_str_eq(lone.node[TRP_BEACON_DETAG], "x");
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 1);
	lone_fini(&lone);
}

Test(heal, who_has_no_value_tells_of_the_head_that_has_one)
{
	struct lone lone;
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };

	lone_new(&lone, &options);
	lone.value.type = TRP_SCALAR_NONE;
	cr_assert(trp_beacon_start(lone.beacon, (struct trp_time) { 0 }) == 0);
	lone_hear_init(&lone, "m");
	lone_hear_ping(&lone, "b m", 60);
	memset(lone.seen, 0, sizeof(lone.seen));
	lone_hear_ping(&lone, "x y", 10);
	lone_until(&lone, G);
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 0);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	cr_assert_str_eq(lone_last(&lone), "b m");
	lone_fini(&lone);
}

Test(heal, who_is_not_listed_keeps_out_of_it)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear_ping(&lone, "a b", 60);
	memset(lone.seen, 0, sizeof(lone.seen));
	lone_until(&lone, 3 * G);
	memset(lone.sent, 0, sizeof(lone.sent));
	lone_hear_ping(&lone, "x y", 10);
	lone_until(&lone, 5 * G);
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 0);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 0);
	lone_fini(&lone);
}

/* ---- late, doubled and lost messages ------------------------------------ */

Test(stale, a_ping_that_comes_again_changes_nothing)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "b a m", 60);
	lone_hear_ping(&lone, "x b a m", 5);
	lone_hear_ping(&lone, "b a m", 60);
	lone_hear_ping(&lone, "x b a m", 5);
	cr_assert_str_eq(lone_list(&lone), "x b a m");
	cr_assert(lone.seen[TRP_BEACON_RECOVER] == 0);
	cr_assert(trp_beacon_counts(lone.beacon)->stale == 1);
	lone_fini(&lone);
}

Test(stale, a_former_head_that_missed_its_successor_is_told)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear_ping(&lone, "b", 60);
	lone_until(&lone, C + 3 * G + 1);
	cr_assert_str_eq(lone_list(&lone), "m b");
	memset(lone.sent, 0, sizeof(lone.sent));
	lone_hear_ping(&lone, "b", 60);
	cr_assert_str_eq(lone_list(&lone), "m b");
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	lone_until(&lone, lone.now_s + G / 64);
	cr_assert(lone.sent[TRP_WIRE_PING] == 1);
	cr_assert_str_eq(lone_last(&lone), "m b");
	lone_fini(&lone);
}

Test(stale, who_missed_the_head_is_told_by_the_next_in_line_as_well)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_ping(&lone, "q m b", 5);
	lone_hear_ping(&lone, "a m b", 70); /* again */
	lone_until(&lone, 9 + G);
	cr_assert_str_eq(lone_list(&lone), "a m b");
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	cr_assert_str_eq(lone_last(&lone), "a m b");
	lone_fini(&lone);
}

/* ---- crossing messages -------------------------------------------------- */

/* Its own ping is out, 60 of b behind it; value 50. */
static void begin_pinged(struct lone *lone)
{
	lone_begin(lone, &trp_wire_defaults);
	lone_hear_ping(lone, "b", 60);
	while (trp_beacon_state(lone->beacon) != TRP_BEACON_WAITING)
		lone_until(lone, lone_deadline(lone));
	cr_assert_str_eq(lone_list(lone), "m b");
	memset(lone->sent, 0, sizeof(lone->sent));
}

Test(crossing, whose_ping_loses_to_a_hist_underway_says_who_has_won)
{
	struct lone lone;

	begin_pinged(&lone);
	lone_hear_hist(&lone, "x y", 70);
	lone_hear_hist(&lone, "x y", 70); /* doubled */
	cr_assert_str_eq(lone_list(&lone), "x y");
	lone_until(&lone, lone.now_s + G / 64);
	/* The former head of this side, and then x y. */
	cr_assert(lone.sent[TRP_WIRE_HIST] == 1);
	cr_assert_str_eq(lone_last(&lone), "m b");
	lone_until(&lone, lone.now_s + G / 4);
	cr_assert(lone.sent[TRP_WIRE_HIST] == 2);
	cr_assert_str_eq(lone_last(&lone), "x y");
	lone_fini(&lone);
}

/* b was the last; returns the time of the turn, and stops a moment before
 * it. */
static double begin_turn(struct lone *lone)
{
	double due;

	begin_listed(lone);
	lone_hear_ping(lone, "b a m", 60);
	due = lone->now_s + C + G * 7 / 8;
	lone_until(lone, due - 0.001);
	memset(lone->sent, 0, sizeof(lone->sent));
	return due;
}

Test(crossing, no_ping_goes_out_right_behind_a_hist)
{
	struct lone lone;
	double due = begin_turn(&lone);

	lone_hear_hist(&lone, "b a m", 60);
	lone_until(&lone, due + G / 64 - 0.002);
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	lone_until(&lone, due + G / 64);
	cr_assert(lone.sent[TRP_WIRE_PING] == 1);
	lone_fini(&lone);
}

Test(crossing, no_ping_goes_out_before_the_head_can_have_told_the_other_side)
{
	struct lone lone;
	double due = begin_turn(&lone);

	lone_hear_ping(&lone, "x y", 5);
	lone_until(&lone, due + G / 32 - 0.002);
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	lone_until(&lone, due + G / 32);
	cr_assert(lone.sent[TRP_WIRE_PING] == 1);
	lone_fini(&lone);
}

/* Sends that every few milliseconds, from before the turn until after it. */
static void flood(struct lone *lone, double end_s,
		  void (*say)(struct lone *lone, const char *names,
			      int64_t value),
		  const char *names)
{
	while (lone->now_s < end_s) {
		say(lone, names, 5);
		lone_until(lone, lone->now_s + G / 256);
	}
}

Test(crossing, nobody_holds_back_a_turn_for_long_by_speaking_all_the_time)
{
	struct lone lone;
	double due;

	due = begin_turn(&lone);
	flood(&lone, due + G / 8 + G / 64, lone_hear_hist, "b a m");
	cr_assert(lone.sent[TRP_WIRE_PING] == 1);
	lone_fini(&lone);
	due = begin_turn(&lone);
	flood(&lone, due + G / 8 + G / 64, lone_hear_ping, "x y");
	cr_assert(lone.sent[TRP_WIRE_PING] == 1);
	lone_fini(&lone);
}

Test(crossing, a_yielded_head_is_heard_of_again_like_any_other)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_hist(&lone, "x y a", 80);
	cr_assert_str_eq(lone_list(&lone), "x y a");
	lone_hear_ping(&lone, "p x y a", 5);
	lone_hear_hist(&lone, "a m b", 70);
	cr_assert_str_eq(lone_list(&lone), "a m b");
	lone_fini(&lone);
}

/* ---- configuration ------------------------------------------------------ */

Test(config, a_higher_version_is_taken_over)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear_vers(&lone, "x", 4);
	cr_assert(lone.seen[TRP_BEACON_SETUP] == 1);
	cr_assert(trp_beacon_config(lone.beacon)->version == 4);
	lone_fini(&lone);
}

Test(config, a_lower_version_is_answered_in_the_name_of_its_maker)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_vers(&lone, "x", 4);
	lone_hear_vers(&lone, "y", 3);
	lone_until(&lone, 9 + G / 2 - 0.001);
	cr_assert(lone.sent[TRP_WIRE_VERS] == 0);
	lone_until(&lone, 9 + G / 2 + 0.001);
	cr_assert(lone.sent[TRP_WIRE_VERS] == 1);
	cr_assert(lone.last.config.version == 4);
	lone_fini(&lone);
}

Test(config, an_equal_version_heard_saves_the_answer)
{
	struct lone lone;

	begin_listed(&lone);
	lone_hear_vers(&lone, "x", 4);
	lone_hear_vers(&lone, "y", 3);
	lone_hear_vers(&lone, "x", 4);
	cr_assert(lone.seen[TRP_BEACON_SETUP] == 1);
	lone_until(&lone, 9 + 3 * G);
	cr_assert(lone.sent[TRP_WIRE_VERS] == 0);
	lone_fini(&lone);
}

Test(config, impossible_ones_are_refused)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct trp_wire_config *config = &options.config;
	struct trp_beacon_calls calls = { 0 };
	struct trp_beacon *beacon;

	config->cycle_s = 0.05;
	cr_assert(trp_beacon_new(&beacon, &options, &calls, NULL) == -EINVAL);
	config->cycle_s = 4.4; /* < 3 * 1.5 */
	cr_assert(trp_beacon_new(&beacon, &options, &calls, NULL) == -EINVAL);
	config->cycle_s = 10;
	config->gap_s = 0.009;
	cr_assert(trp_beacon_new(&beacon, &options, &calls, NULL) == -EINVAL);
	config->gap_s = 0.01;
	cr_assert(trp_beacon_new(&beacon, &options, &calls, NULL) == 0);
	trp_beacon_free(beacon);
}

/* ---- nonsense ----------------------------------------------------------- */

Test(nonsense, is_counted_and_the_node_lives)
{
	static const char *const empty[] = { "" };
	struct trp_wire bad[] = {
		{ .type = TRP_WIRE_INIT },
		{ .type = TRP_WIRE_INIT, .node = "" },
		{ .type = TRP_WIRE_VERS, .node = "x" },
		{ .type = TRP_WIRE_PING, .node = "x" },
		{ .type = TRP_WIRE_PING,
		  .node = "x",
		  .history = empty,
		  .history_length = 1 },
		{ .type = TRP_WIRE_HIST },
		{ .type = TRP_WIRE_TYPES, .node = "x" },
	};
	struct lone lone;
	size_t i, count = sizeof(bad) / sizeof(*bad);

	begin_listed(&lone);
	for (i = 0; i < count; i++)
		lone_hear(&lone, &bad[i]);
	trp_beacon_malformed(lone.beacon);
	cr_assert(trp_beacon_counts(lone.beacon)->malformed == count + 1);
	cr_assert_str_eq(lone_list(&lone), "a m b");
	lone_hear_ping(&lone, "b a m", 60);
	cr_assert_str_eq(lone_list(&lone), "b a m");
	lone_fini(&lone);
}

Test(nonsense, a_flood_of_names_takes_no_more_memory_than_the_table)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults,
					      .peers_max = 20 };
	struct lone lone;
	char names[64];
	int i;

	lone_new(&lone, &options);
	trp_beacon_start(lone.beacon, (struct trp_time) { 0 });
	lone_hear_init(&lone, "m");
	for (i = 0; i < 20000; i++) {
		snprintf(names, sizeof(names), "n%d o%d p%d", i, i, i);
		lone_hear_ping(&lone, names, i);
		lone_until(&lone, i * 0.01);
	}
	cr_assert(trp_beacon_listed(lone.beacon, 0));
	lone_fini(&lone);
}

/* Any message at any time, in any state: nothing breaks. */
Test(nonsense, a_random_walk_through_all_states_keeps_the_invariants)
{
	static const char *const lists[] = { "a",     "m",     "a m", "m a",
					     "b a m", "a b m", "x y", "y x",
					     "b",     "m b a" };
	unsigned int random = 7;
	struct lone lone;
	int i, what;

	lone_begin(&lone, &trp_wire_defaults);
	for (i = 0; i < 200000; i++) {
		what = rand_r(&random) % 100;
		lone.draw = (rand_r(&random) % 1000) / 1000.0;
		if (what < 40)
			lone_hear_ping(&lone, lists[rand_r(&random) % 10],
				       rand_r(&random) % 90 - 5);
		else if (what < 60)
			lone_hear_hist(&lone, lists[rand_r(&random) % 10],
				       rand_r(&random) % 90 - 5);
		else if (what < 62)
			lone_hear_vers(&lone, "x", rand_r(&random) % 5);
		else
			lone_until(&lone, lone.now_s + lone.draw * 4);
		cr_assert(strlen(lone_list(&lone)) <= 9);
		if (trp_beacon_state(lone.beacon) == TRP_BEACON_IT)
			cr_assert_str_eq(trp_beacon_listed(lone.beacon, 0),
					 "m");
	}
	cr_assert(lone.seen[TRP_BEACON_TAG] - lone.seen[TRP_BEACON_UNTAG] -
			  lone.seen[TRP_BEACON_DETAG] <=
		  1);
	lone_fini(&lone);
}
