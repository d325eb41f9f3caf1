/* SPDX-License-Identifier: MIT */
/* A node among originals: it listens before it says its name. */
#include "tests/runtime/election/lone.h"

#include <errno.h>

#define C 10.0
#define G 1.5

static void begin(struct lone *lone, int64_t nodes)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };

	options.config.nodes = nodes;
	lone_new(lone, &options);
	trp_beacon_set_plain(lone->beacon);
	cr_assert(trp_beacon_start(lone->beacon, (struct trp_time) { 0 }) == 0);
	cr_assert(lone->sent[TRP_WIRE_INIT] == 0);
	cr_assert(lone->sent[TRP_WIRE_VERS] == 1, "others answer by theirs");
	cr_assert_null(lone->last.from);
}

static void hear_at(struct lone *lone, double when_s, const char *names)
{
	lone_until(lone, when_s);
	cr_assert(lone->sent[TRP_WIRE_INIT] == 0, "at %f", when_s);
	lone_hear_ping(lone, names, 7);
}

static void expect_init(struct lone *lone, double when_s)
{
	lone_until(lone, when_s - 1e-6);
	cr_assert(lone->sent[TRP_WIRE_INIT] == 0);
	assert_near(lone_deadline(lone), when_s);
	lone_until(lone, when_s);
	cr_assert(lone->sent[TRP_WIRE_INIT] == 1);
	lone_hear_init(lone, "m");
	cr_assert(lone->sent[TRP_WIRE_PING] == 1);
	cr_assert(lone->seen[TRP_BEACON_FAILED] == 0);
	lone_fini(lone);
}

static void expect_failure(struct lone *lone)
{
	cr_assert(lone->seen[TRP_BEACON_FAILED] == 1);
	cr_assert(lone->event[TRP_BEACON_FAILED].error == -EEXIST);
	cr_assert(lone->sent[TRP_WIRE_INIT] == 0);
	cr_assert(trp_beacon_start(lone->beacon, (struct trp_time) { 1000 }) ==
		  0);
	lone_fini(lone);
}

Test(listen, to_nobody_for_a_cycle)
{
	struct lone lone;

	begin(&lone, 5);
	expect_init(&lone, C + 2.5 * G);
}

Test(listen, for_as_long_as_the_settings_of_others_say)
{
	struct lone lone;

	begin(&lone, 5);
	lone_until(&lone, 1);
	lone_hear(&lone, &(struct trp_wire) { .type = TRP_WIRE_VERS,
					      .node = "a",
					      .config = { .version = 7,
							  .cycle_s = 100,
							  .gap_s = 2,
							  .nodes = 5,
							  .splits = 4,
							  .n_hosts = 10 } });
	expect_init(&lone, 1 + 100 + 2.5 * 2);
}

Test(listen, until_a_list_is_known_as_a_whole)
{
	struct lone lone;

	begin(&lone, 5);
	hear_at(&lone, 5, "a b c");
	expect_init(&lone, 5 + 2.5 * G);
}

Test(listen, until_those_behind_what_a_message_carries_had_their_turn)
{
	struct lone lone;

	begin(&lone, 6);
	hear_at(&lone, 5, "a b c d");
	hear_at(&lone, 16, "f a b c");
	hear_at(&lone, 17, "e f a b"); /* they collide: one turn */
	hear_at(&lone, 27, "e f a b");
	expect_init(&lone, 27 + 2.5 * G);
}

Test(listen, until_one_of_a_list_without_a_bound_comes_again)
{
	struct lone lone;

	begin(&lone, -1);
	hear_at(&lone, 5, "a b c d");
	hear_at(&lone, 16, "e a b c");
	hear_at(&lone, 27, "d e a b");
	hear_at(&lone, 38, "a d e b");
	expect_init(&lone, 38 + 2.5 * G);
}

/* Or of a node that died under this name. */
Test(listen, to_a_list_with_its_name_of_an_earlier_life)
{
	struct lone lone;

	begin(&lone, 5);
	hear_at(&lone, 5, "a b m");
	hear_at(&lone, 16, "b a m");
	hear_at(&lone, 27, "a b");
	expect_init(&lone, 27 + 2.5 * G);
}

Test(listen, for_a_round_at_most)
{
	struct lone lone;

	begin(&lone, 32);
	hear_at(&lone, 5, "a b m c");
	hear_at(&lone, 16, "c a b m");
	hear_at(&lone, 27, "b c a m");
	hear_at(&lone, 28, "c a m b"); /* it has missed one: not its turn */
	hear_at(&lone, 38, "a b c m");
	expect_init(&lone, 38 + 2.5 * G);
}

Test(listen, to_one_that_is_alone_with_its_name)
{
	struct lone lone;

	begin(&lone, -1);
	hear_at(&lone, 5, "a m");
	hear_at(&lone, 18, "a m");
	expect_init(&lone, 18 + 2.5 * G);
}

/* The second follows one that the first collided with. */
Test(listen, longer_where_pings_collide)
{
	struct lone lone;

	begin(&lone, 32);
	hear_at(&lone, 5, "a b c d");
	hear_at(&lone, 6, "e b c d");
	hear_at(&lone, 17, "a e b c");
	hear_at(&lone, 28, "b a e c");
	hear_at(&lone, 39, "a b e c");
	expect_init(&lone, 39 + 2.5 * G);
}

Test(listen, the_first_ping_of_a_new_node_tells_nothing)
{
	struct lone lone;

	begin(&lone, 5);
	hear_at(&lone, 5, "a");
	hear_at(&lone, 16, "a");
	expect_init(&lone, 16 + 2.5 * G);
}

Test(listen, a_ping_of_its_name_ends_it)
{
	struct lone lone;

	begin(&lone, 5);
	hear_at(&lone, 5, "a m b c");
	hear_at(&lone, 16, "m a b c");
	expect_failure(&lone);
}

Test(listen, also_shortly_before_it_would_have_said_it)
{
	struct lone lone;

	begin(&lone, 5);
	hear_at(&lone, 5, "a b c");
	hear_at(&lone, 5 + 2 * G, "m a b c");
	expect_failure(&lone);
}

Test(listen, one_that_says_it_first_has_it)
{
	struct lone lone;

	begin(&lone, 5);
	lone_until(&lone, 5);
	lone_hear_init(&lone, "m");
	expect_failure(&lone);
}
