/* SPDX-License-Identifier: MIT */
/* Start, turns and being it: to the millisecond, in virtual time. */
#include "tests/runtime/election/lone.h"

#include <errno.h>
#include <string.h>

#define C 10.0
#define G 1.5

Test(start, sends_init_then_vers_then_pings_at_its_echo)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;

	lone_new(&lone, &options);
	cr_assert(trp_beacon_start(lone.beacon, (struct trp_time) { 0 }) == 0);
	cr_assert(lone.sent[TRP_WIRE_INIT] == 1);
	cr_assert(lone.sent[TRP_WIRE_VERS] == 1);
	cr_assert(lone.last.type == TRP_WIRE_VERS);
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	lone_hear_init(&lone, "other");
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	lone_hear_init(&lone, "m");
	cr_assert(lone.sent[TRP_WIRE_PING] == 1);
	cr_assert_str_eq(lone_last(&lone), "m");
	lone_until(&lone, C);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 0, "from an empty list");
	lone_fini(&lone);
}

Test(start, without_an_echo_it_ends_after_cycle_and_one_and_a_half_to_two_gaps)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;
	double draw;
	int quarter;

	for (quarter = 0; quarter < 4; quarter++) {
		draw = quarter / 4.0;
		lone_new(&lone, &options);
		lone.draw = draw;
		trp_beacon_start(lone.beacon, (struct trp_time) { 0 });
		assert_near(lone_deadline(&lone), C + (1.5 + draw / 2) * G);
		lone_until(&lone, C + 2 * G);
		cr_assert(lone.seen[TRP_BEACON_FAILED] == 1);
		cr_assert(lone.event[TRP_BEACON_FAILED].error == -ETIMEDOUT);
		cr_assert(trp_beacon_deadline(lone.beacon).ns == INT64_MAX);
		lone_fini(&lone);
	}
}

Test(start, a_newcomer_with_the_own_name_is_answered_as_often_as_it_asks)
{
	struct lone lone;
	int i;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, C + 2 * G + 2);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	for (i = 1; i <= 3; i++) {
		lone_hear_init(&lone, "m");
		cr_assert(lone.sent[TRP_WIRE_INIT] == 1 + i);
		lone_hear_init(&lone, "m"); /* the echo of the answer */
		cr_assert(lone.sent[TRP_WIRE_INIT] == 1 + i);
	}
	cr_assert(lone.seen[TRP_BEACON_CLASH] == 1);
	cr_assert(lone.seen[TRP_BEACON_FAILED] == 0);
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 0, "it is still it");
	lone_fini(&lone);
}

Test(start, one_of_two_that_were_there_apart_ends)
{
	struct lone lone;
	int i;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, C + 2 * G + 2);
	for (i = 0; i < 7; i++)
		lone_hear_init(&lone, "m");
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 1);
	cr_assert(lone.event[TRP_BEACON_FAILED].error == -EEXIST);
	cr_assert(trp_beacon_state(lone.beacon) == TRP_BEACON_STOPPED);
	cr_assert(trp_beacon_start(lone.beacon, (struct trp_time) { 0 }) == 0,
		  "a new life");
	lone_fini(&lone);
}

Test(start, an_init_doubled_by_the_channel_is_asked_again)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear_init(&lone, "m");
	cr_assert(lone.sent[TRP_WIRE_INIT] == 2);
	lone_hear_init(&lone, "m");
	lone_until(&lone, C);
	cr_assert(lone.seen[TRP_BEACON_FAILED] == 0);
	lone_fini(&lone);
}

/* Its age counts from when it was sent, not from when the clock began. */
Test(start, an_init_doubled_by_the_channel_is_asked_again_at_any_time)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;

	lone_new(&lone, &options);
	lone.now_s = 1000;
	cr_assert(trp_beacon_start(lone.beacon,
				   (struct trp_time) { 1000000000000 }) == 0);
	lone_hear_init(&lone, "m");
	lone_hear_init(&lone, "m");
	cr_assert(lone.seen[TRP_BEACON_FAILED] == 0);
	cr_assert(lone.sent[TRP_WIRE_INIT] == 2);
	lone_fini(&lone);
}

Test(start, two_of_one_name_at_the_same_time_both_end)
{
	struct lone lone;
	int i;

	lone_begin(&lone, &trp_wire_defaults);
	for (i = 0; i < 5; i++)
		lone_hear_init(&lone, "m");
	cr_assert(lone.sent[TRP_WIRE_INIT] == 3);
	cr_assert(lone.event[TRP_BEACON_FAILED].error == -EEXIST);
	lone_fini(&lone);
}

Test(turn, tag_a_gap_after_the_ping_untag_half_a_gap_after_the_cycle)
{
	struct lone lone;
	double t0;

	lone_begin(&lone, &trp_wire_defaults);
	t0 = C + 2 * G;
	assert_near(lone_deadline(&lone), t0);
	lone_until(&lone, t0 + G - 0.001);
	cr_assert(lone.sent[TRP_WIRE_PING] == 2);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 0);
	lone_until(&lone, t0 + G + 0.001);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	lone_until(&lone, t0 + C + G / 2 - 0.001);
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 0);
	lone_until(&lone, t0 + C + G / 2 + 0.001);
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 1);
	lone_until(&lone, t0 + C + 2 * G - 0.001);
	cr_assert(lone.sent[TRP_WIRE_PING] == 2);
	lone_until(&lone, t0 + C + 2 * G + 0.001);
	cr_assert(lone.sent[TRP_WIRE_PING] == 3);
	lone_fini(&lone);
}

Test(turn, who_wakes_when_its_time_is_over_does_not_become_it)
{
	struct lone lone;
	double t0 = C + 2 * G;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, t0 + 0.001);
	trp_beacon_tick(lone.beacon,
			(struct trp_time) { (int64_t)((t0 + C + G) * 1e9) });
	cr_assert(lone.seen[TRP_BEACON_TAG] == 0);
	cr_assert(trp_beacon_state(lone.beacon) == TRP_BEACON_IDLE);
	lone_fini(&lone);
}

static bool is_eager; /* as long as the test runs */

/* The node's turn, in gaps after the cycle, with that list. */
static double slot_after(const char *list, const struct trp_wire_config *config,
			 double draw)
{
	struct lone lone;
	double slot;

	lone_begin(&lone, config);
	trp_beacon_set_eager(lone.beacon, is_eager);
	lone_until(&lone, 1);
	lone.draw = draw;
	/* A greater value: the list is replaced. */
	lone_hear_ping(&lone, "z", 98);
	lone_hear_ping(&lone, list, 99);
	cr_assert_str_eq(lone_list(&lone), list);
	while (lone_deadline(&lone) < 1 + C - 0.001)
		lone_until(&lone, lone_deadline(&lone)); /* hist, PING */
	slot = (lone_deadline(&lone) - 1 - C) / G;
	lone_fini(&lone);
	return slot;
}

Test(turn, members_of_the_list_have_their_slots_tail_first)
{
	const struct trp_wire_config *config = &trp_wire_defaults;

	assert_near(slot_after("a m", config, 0.5), 0.875);
	assert_near(slot_after("a b c m", config, 0.5), 0.875);
	assert_near(slot_after("a b m c", config, 0.5), 0.9375);
	assert_near(slot_after("a m b c", config, 0.5), 0.96875);
}

Test(turn, who_is_off_the_list_is_early_with_a_small_probability)
{
	struct trp_wire_config config = trp_wire_defaults;

	/* todo 1, n_hosts 10: one in ten */
	config.nodes = 4;
	assert_near(slot_after("a b c", &config, 0.09), 0.09 / 3);
	assert_near(slot_after("a b c", &config, 0.11), 1.5 + 0.11 / 2);
	/* todo 4: one in forty */
	config.nodes = 5;
	assert_near(slot_after("a", &config, 0.024), 0.024 / 3);
	assert_near(slot_after("a", &config, 0.026), 1.5 + 0.026 / 2);
	/* a full list: one in a hundred */
	config.nodes = 3;
	assert_near(slot_after("a b c", &config, 0.009), 0.009 / 3);
	assert_near(slot_after("a b c", &config, 0.011), 1.5 + 0.011 / 2);
	/* no bound: as if one place were free */
	config.nodes = -1;
	assert_near(slot_after("a b c", &config, 0.09), 0.09 / 3);
	/* all must be on the list */
	config.force_in = true;
	assert_near(slot_after("a b c", &config, 0.5), 0.75);
}

Test(turn, who_is_eager_is_early_unless_it_is_on_the_list)
{
	const struct trp_wire_config *config = &trp_wire_defaults;

	is_eager = true;
	assert_near(slot_after("a b c", config, 0.9), 0.9 / 16);
	assert_near(slot_after("a b m", config, 0.9), 0.875);
}

Test(turn, who_is_not_ready_waits_for_those_that_have_values)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;

	lone_unready(&lone, &options);
	lone.draw = 0.3;
	lone.value.type = TRP_SCALAR_NONE;
	trp_beacon_start(lone.beacon, (struct trp_time) { 0 });
	lone_hear_init(&lone, "m");
	/* a b c: only the last has a value, behind the middle */
	lone_hear_ping(&lone, "c m", 7);
	lone_hear_ping(&lone, "b c m", -1);
	lone_hear_ping(&lone, "a b c m", -1);
	lone_until(&lone, 2 * G);
	assert_near((lone_deadline(&lone) - C) / G, 2 + 0.3 / 3);
	trp_beacon_set_ready(lone.beacon, true);
	lone_hear_ping(&lone, "d a b c", -1);
	lone_until(&lone, 4 * G);
	assert_near((lone_deadline(&lone) - 2 * G - C) / G, 0.875);
	lone_fini(&lone);
}

/* Another announces that it was last: c alone has a value, behind the
 * middle. */
Test(turn, one_that_is_not_ready_and_heads_the_list_waits_two_gaps_as_any)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;

	lone_unready(&lone, &options);
	lone.draw = 0.3;
	lone.value.type = TRP_SCALAR_NONE;
	trp_beacon_start(lone.beacon, (struct trp_time) { 0 });
	lone_hear_init(&lone, "m");
	lone_until(&lone, C / 2);
	lone_hear_ping(&lone, "c m", 7);
	lone_hear_ping(&lone, "b c m", -1);
	lone_until(&lone, C + 1);
	lone_hear_hist(&lone, "m b c", -1);
	cr_assert_str_eq(lone_list(&lone), "m b c");
	while (lone_deadline(&lone) < 2 * C)
		lone_until(&lone, lone_deadline(&lone));
	assert_near((lone_deadline(&lone) - 2 * C - 1) / G, 2);
	lone_fini(&lone);
}

/* Pings as the head; so many others that are behind the same one do as well.
 */
static int repeats_of_a_ping(struct lone *lone, int collisions)
{
	int sent = lone->sent[TRP_WIRE_PING];

	lone_hear_ping(lone, "a m", 70);
	while (lone->sent[TRP_WIRE_PING] == sent)
		lone_until(lone, lone->now_s + G / 2);
	cr_assert_str_eq(lone_last(lone), "m a");
	sent = lone->sent[TRP_WIRE_PING];
	for (int i = 0; i < collisions; i++) {
		lone_hear_ping(lone, "c a", 3);
		cr_assert_str_eq(lone_list(lone), "m a");
		lone_until(lone, lone->now_s + G);
	}
	return lone->sent[TRP_WIRE_PING] - sent;
}

Test(turn, a_ping_that_wins_a_collision_is_repeated_up_to_four_times)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	cr_assert_eq(repeats_of_a_ping(&lone, 6), 4);
	cr_assert_eq(repeats_of_a_ping(&lone, 2), 2);
	cr_assert_eq(repeats_of_a_ping(&lone, 6), 4);
	lone_fini(&lone);
}

Test(event, another_nodes_ping_is_told_two_gaps_later)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, 1);
	lone_hear_ping(&lone, "a m", 60);
	lone_until(&lone, 1 + 2 * G - 0.001);
	cr_assert(lone.seen[TRP_BEACON_PING] == 0);
	lone_until(&lone, 1 + 2 * G + 0.001);
	cr_assert(lone.seen[TRP_BEACON_PING] == 1);
	cr_assert_str_eq(lone.node[TRP_BEACON_PING], "a");
	lone_fini(&lone);
}

Test(value, who_has_none_hears_of_those_who_have)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;

	lone_new(&lone, &options);
	lone.value.type = TRP_SCALAR_NONE;
	trp_beacon_start(lone.beacon, (struct trp_time) { 0 });
	lone_hear_init(&lone, "m");
	lone_hear_ping(&lone, "a m", -1);
	cr_assert(lone.seen[TRP_BEACON_GOOD_NODE] == 0);
	lone_hear_ping(&lone, "b a m", 7);
	cr_assert(lone.seen[TRP_BEACON_GOOD_NODE] == 1);
	cr_assert_str_eq(lone.remote, "b");
	lone_fini(&lone);
}

/* ---- at run time --------------------------------------------------------- */

static struct trp_time at(double when_s)
{
	return (struct trp_time) { (int64_t)(when_s * 1e9) };
}

Test(disabled, sends_nothing_and_still_tells_of_pings)
{
	struct lone lone;
	int sent, type;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, C + 2 * G + 2);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	trp_beacon_disable(lone.beacon);
	cr_assert(lone.seen[TRP_BEACON_UNTAG] == 1);
	cr_assert(!trp_beacon_is_enabled(lone.beacon));
	for (sent = type = 0; type < TRP_WIRE_TYPES; type++)
		sent += lone.sent[type];
	lone_hear_ping(&lone, "a", 7);
	lone_hear_ping(&lone, "b a", 9);
	lone_hear_hist(&lone, "c d", 99);
	lone_hear_vers(&lone, "b", 0);
	lone_until(&lone, 5 * C);
	cr_assert(lone.seen[TRP_BEACON_PING] == 1, "those within 2 G are one");
	lone_hear_ping(&lone, "a c", 7);
	lone_until(&lone, 9 * C);
	cr_assert(lone.seen[TRP_BEACON_PING] == 2);
	cr_assert_str_eq(lone.node[TRP_BEACON_PING], "a");
	cr_assert(strncmp(lone_list(&lone), "a c", 3) == 0, "%s",
		  lone_list(&lone));
	for (type = 0; type < TRP_WIRE_TYPES; type++)
		sent -= lone.sent[type];
	cr_assert(sent == 0);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	lone_fini(&lone);
}

Test(disabled, enabled_again_it_pings_at_once_and_alone)
{
	struct lone lone;
	int pings;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear_ping(&lone, "a", 60);
	trp_beacon_disable(lone.beacon);
	trp_beacon_disable(lone.beacon);
	lone_until(&lone, 3 * C);
	pings = lone.sent[TRP_WIRE_PING];
	trp_beacon_enable(lone.beacon, at(3 * C));
	cr_assert(lone.sent[TRP_WIRE_PING] == pings + 1);
	cr_assert_str_eq(lone_last(&lone), "m");
	trp_beacon_enable(lone.beacon, at(3 * C));
	cr_assert(lone.sent[TRP_WIRE_PING] == pings + 1, "nothing changes");
	lone_until(&lone, 5 * C);
	cr_assert(lone.seen[TRP_BEACON_TAG] == 1);
	lone_fini(&lone);
}

Test(disabled, from_the_start_it_greets_and_listens)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	struct lone lone;

	lone_new(&lone, &options);
	trp_beacon_disable(lone.beacon);
	cr_assert(trp_beacon_start(lone.beacon, at(0)) == 0);
	lone_hear_init(&lone, "m");
	lone_hear_ping(&lone, "a", 7);
	lone_until(&lone, 5 * C);
	cr_assert(lone.sent[TRP_WIRE_INIT] == 1);
	cr_assert(lone.sent[TRP_WIRE_PING] == 0);
	cr_assert(lone.seen[TRP_BEACON_PING] == 1);
	cr_assert(trp_beacon_state(lone.beacon) == TRP_BEACON_DISABLED);
	lone_hear_init(&lone, "m");
	cr_assert(lone.sent[TRP_WIRE_INIT] == 1);
	lone_fini(&lone);
}

Test(config, of_this_node_is_told_and_in_force)
{
	struct trp_wire_config config = trp_wire_defaults;
	struct lone lone;

	lone_begin(&lone, &config);
	lone_hear_ping(&lone, "a b c d e", 60);
	cr_assert_str_eq(lone_list(&lone), "a b c d e");
	config.nodes = 3;
	cr_assert(trp_beacon_configure(lone.beacon, &config) == -ESTALE);
	config.version = 4;
	cr_assert(trp_beacon_configure(lone.beacon, &config) == 0);
	cr_assert(lone.last.type == TRP_WIRE_VERS);
	cr_assert_str_eq(lone.last.node, "m");
	cr_assert(lone.last.config.version == 4);
	cr_assert_str_eq(lone_list(&lone), "a b c", "the bound is in force");
	config.version = 5;
	config.gap_s = 9;
	cr_assert(trp_beacon_configure(lone.beacon, &config) == -EINVAL);
	cr_assert(trp_beacon_config(lone.beacon)->version == 4);
	lone_fini(&lone);
}

Test(say, bytes_of_the_application_travel_with_the_settings)
{
	struct trp_beacon_options options = { .node = "m",
					      .config = trp_wire_defaults };
	static char much[TRP_WIRE_VALUE_MAX + 1];
	struct lone lone;

	lone_new(&lone, &options);
	cr_assert(trp_beacon_say(lone.beacon, "x", 1) == -EHOSTDOWN);
	lone_fini(&lone);
	lone_begin(&lone, &trp_wire_defaults);
	cr_assert(trp_beacon_say(lone.beacon, "a\0b", 3) == 0);
	cr_assert(lone.last.type == TRP_WIRE_VERS);
	cr_assert_str_eq(lone.last.from, "m");
	cr_assert(lone.last.said.type == TRP_SCALAR_BYTES);
	cr_assert(lone.last.said.span.length == 3);
	cr_assert(trp_beacon_say(lone.beacon, much, sizeof(much)) == -EMSGSIZE);
	trp_beacon_disable(lone.beacon);
	cr_assert(trp_beacon_say(lone.beacon, "x", 1) == -EHOSTDOWN);
	lone_fini(&lone);
}

Test(deaf, who_does_not_hear_two_of_its_pings_is_told_once)
{
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_until(&lone, 2 * (C + 2 * G) - 1);
	cr_assert(lone.sent[TRP_WIRE_PING] == 2);
	cr_assert(lone.seen[TRP_BEACON_DEAF] == 0);
	lone_until(&lone, 6 * (C + 2 * G));
	cr_assert(lone.seen[TRP_BEACON_DEAF] == 1);
	lone_hear_ping(&lone, "m", 50);
	lone_until(&lone, 12 * (C + 2 * G));
	cr_assert(lone.seen[TRP_BEACON_DEAF] == 2);
	lone_fini(&lone);
}

Test(plain, texts_count_as_no_value_from_then_on)
{
	struct trp_wire ping = { .type = TRP_WIRE_PING,
				 .node = "t",
				 .value = trp_scalar_text("text"),
				 .history = (const char *const[]) { "t" },
				 .history_length = 1 };
	struct lone lone;

	lone_begin(&lone, &trp_wire_defaults);
	lone_hear(&lone, &ping);
	cr_assert_str_eq(lone_list(&lone), "t", "a text beats a number");
	trp_beacon_set_plain(lone.beacon);
	lone_hear_ping(&lone, "n", 1);
	cr_assert_str_eq(lone_list(&lone), "n", "a number beats none");
	ping.node = "u";
	ping.history = (const char *const[]) { "u" };
	lone_hear(&lone, &ping);
	cr_assert_str_eq(lone_list(&lone), "n");
	lone_fini(&lone);
}
