/* SPDX-License-Identifier: MIT */
/* Networks that split into two to four, and heal. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <string.h>

/* Delays may differ by at most G / 128. */
static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };
static const struct sim_faults slow = { .delay_min_ns = 100000,
					.delay_max_ns = 10000000 };

static int64_t cycle_ns(const struct sim_net *net)
{
	return (int64_t)(net->config.cycle_s * 1e9);
}

static int64_t gap_ns(const struct sim_net *net)
{
	return (int64_t)(net->config.gap_s * 1e9);
}

#define NODES_MAX 1000

/* The hists since the network healed, by the former sides of their senders. */
struct said {
	int side[64];
	char heads[64][24];
	int count;
	int was_side[NODES_MAX];
};

static void note_hist(struct sim_node *node, const struct trp_wire *message)
{
	struct said *said = node->net->watch_data;

	if (message->type != TRP_WIRE_HIST || said->count == 64)
		return;
	said->side[said->count] = said->was_side[node - node->net->nodes];
	strcpy(said->heads[said->count++], message->history[0]);
}

/* The content of a RECOVER is true at that moment. */
static void check_recover(struct sim_node *node,
			  const struct trp_beacon_event *event)
{
	struct sim_net *net = node->net;
	const char *listed;
	size_t i;

	if (event->type != TRP_BEACON_RECOVER)
		return;
	sim_assert(net, event->prio < event->local.count);
	sim_assert(net, strcmp(event->local.at[event->prio], node->name) == 0);
	sim_assert(net, event->remote.count > 0);
	for (i = 0; i < event->local.count; i++) {
		listed = trp_beacon_listed(node->beacon, i);
		sim_assert(net, strcmp(listed, event->local.at[i]) == 0);
	}
}

static bool has_doubles(const struct said *said)
{
	int i, j;

	for (i = 0; i < said->count; i++)
		for (j = 0; j < i; j++)
			if (said->side[i] == said->side[j] &&
			    strcmp(said->heads[i], said->heads[j]) == 0)
				return true;
	return false;
}

/*
 * Not alone: two lone nodes are like two that start.  And not as the tail,
 * which a newcomer may push out before the sides meet.  A node without a value
 * has nothing to recover.
 */
static bool lists_itself(const struct sim_node *node)
{
	const char *listed;
	size_t i;

	if (node->value.type == TRP_SCALAR_NONE)
		return false;
	for (i = 0; (listed = trp_beacon_listed(node->beacon, i)); i++)
		if (strcmp(listed, node->name) == 0)
			return trp_beacon_listed(node->beacon, i + 1);
	return false;
}

static void forget_events(struct sim_net *net)
{
	int i;

	for (i = 0; i < net->node_count; i++) {
		memset(net->nodes[i].events, 0, sizeof(net->nodes[i].events));
		net->nodes[i].last_detag_ns = 0;
	}
}

/* Until both sides have rotated, with both its in place or not. */
static void run_apart(struct sim_net *net, int parts)
{
	int side;

	sim_run(net, 12 * cycle_ns(net));
	sim_run(net, (int64_t)(sim_draw(net) * 2 * (double)cycle_ns(net)));
	for (side = 0; side < parts; side++)
		sim_assert(net, sim_its(net, side) <= 1);
	sim_land(net);
	sim_assert(net, sim_is_agreed(net));
}

/*
 * One for each other side, and no more.  A node that loses a lead has its
 * RECOVER after that; unless one of that side lost first, and another won.
 */
static void check_recovers(struct sim_net *net, const bool *was_listed,
			   int parts)
{
	unsigned int recovers;
	const struct sim_node *node;
	int i;

	for (i = 0; i < net->node_count; i++) {
		node = &net->nodes[i];
		recovers = node->events[TRP_BEACON_RECOVER];
		sim_assert(net, recovers < (unsigned int)parts);
		if (!was_listed[i])
			continue;
		sim_assert(net, recovers >= 1);
		if (parts == 2 && node->last_recover.is_replaced)
			sim_assert(net, node->last_detag_ns <=
						node->last_recover_ns);
	}
}

/*
 * All agree within one cycle, with one RECOVER each for each other side, and
 * one hist at most of each side about each head.
 */
static void heal(struct sim_net *net, int parts)
{
	bool was_listed[NODES_MAX] = { false };
	struct said said = { .count = 0 };
	int i;

	for (i = 0; i < net->node_count; i++) {
		was_listed[i] = lists_itself(&net->nodes[i]);
		said.was_side[i] = net->nodes[i].side;
	}
	forget_events(net);
	net->watch_send = note_hist;
	net->watch = check_recover;
	net->watch_data = &said;
	sim_split(net, 1);
	sim_run(net, cycle_ns(net) + gap_ns(net));
	sim_land(net);
	sim_assert(net, sim_is_agreed(net));
	sim_assert(net, sim_its(net, 0) <= 1);
	check_recovers(net, was_listed, parts);
	sim_assert(net, !has_doubles(&said));
	sim_assert(net, said.count <= 2 * parts);
	net->watch_send = NULL;
	net->watch = NULL;
}

/* Networks that split into `parts`, prepared by `prepare`. */
struct scene {
	uint64_t first, count;
	int parts;
	int (*nodes)(uint64_t seed); /* how many */
	void (*prepare)(struct sim_net *net);
	void (*split)(struct sim_net *net, int parts); /* NULL: at random */
};

static void run_scene(const struct scene *scene)
{
	struct sim_seeds seeds = sim_seeds(scene->first, scene->count);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, scene->nodes(seed), &trp_wire_defaults,
			 seed % 2 ? &slow : &quick);
		net.is_loud = seeds.is_loud;
		if (scene->prepare)
			scene->prepare(&net);
		sim_start_all(&net, cycle_ns(&net));
		sim_run(&net, 20 * cycle_ns(&net));
		(scene->split ? scene->split : sim_split)(&net, scene->parts);
		run_apart(&net, scene->parts);
		heal(&net, scene->parts);
		net.overlaps = 0;
		sim_run(&net, 10 * cycle_ns(&net));
		sim_assert(&net, net.overlaps == 0);
		sim_fini(&net);
	}
}

static void run_splits(uint64_t first, uint64_t count, int parts,
		       int (*nodes)(uint64_t seed))
{
	run_scene(&(struct scene) {
		.first = first,
		.count = count,
		.parts = parts,
		.nodes = nodes,
	});
}

static int few(uint64_t seed)
{
	return 3 + (int)(seed % 14);
}

Test(split, two_sides_heal_to_one_list_within_a_cycle_with_one_recover_each)
{
	run_splits(100000, 1500, 2, few);
}

static int nine(uint64_t seed)
{
	return 9;
}

static int twelve(uint64_t seed)
{
	return 12;
}

Test(split, three_sides_heal_to_one_list_within_a_cycle)
{
	run_splits(110000, 3000, 3, nine);
}

Test(split, four_sides_heal_to_one_list_within_a_cycle)
{
	run_splits(120000, 3000, 4, twelve);
}

static int fifty(uint64_t seed)
{
	return 50;
}

Test(split, of_50_nodes)
{
	run_splits(130000, 40, 2, fifty);
	run_splits(131000, 20, 3, fifty);
	run_splits(132000, 20, 4, fifty);
}

static int five_hundred(uint64_t seed)
{
	return 500;
}

static int thousand(uint64_t seed)
{
	return 1000;
}

Test(split, of_500_and_of_1000_nodes)
{
	run_splits(133000, 1, 2, five_hundred);
	run_splits(134000, 1, 3, five_hundred);
	run_splits(135000, 1, 4, thousand);
}

/* ---- other nets --------------------------------------------------------- */

/* The limits of the original, and lists longer and shorter than the sides. */
static void turn_knobs(struct sim_net *net)
{
	uint64_t seed = net->seed;

	net->config.nodes = (int64_t[]) { 2, 3, 5, 8 }[seed % 4];
	net->config.splits = 2 + (int64_t)(seed / 4 % 4);
	net->config.cycle_s = (double[]) { 1, 10, 100 }[seed / 16 % 3];
	net->config.gap_s = (double[]) { 0.1, 1.5, 10 }[seed / 16 % 3];
	net->faults.delay_min_ns = gap_ns(net) / 10000;
	net->faults.delay_max_ns = gap_ns(net) / 130;
}

Test(split, heals_with_other_knobs_too)
{
	run_scene(&(struct scene) { 136000, 480, 2, few, turn_knobs, NULL });
	run_scene(&(struct scene) { 137000, 480, 3, nine, turn_knobs, NULL });
	run_scene(&(struct scene) { 138000, 480, 4, twelve, turn_knobs, NULL });
}

static void take_values(struct sim_net *net)
{
	int i;

	for (i = 0; i < net->node_count; i++)
		if (net->seed % 3 == 0 || sim_draw(net) < 0.5)
			net->nodes[i].value.type = TRP_SCALAR_NONE;
		else if (net->seed % 3 == 1)
			net->nodes[i].value = trp_scalar_text("equal");
}

Test(split, of_nodes_with_equal_values_and_without)
{
	run_scene(&(struct scene) { 140000, 600, 2, few, take_values, NULL });
	run_scene(&(struct scene) { 141000, 600, 3, nine, take_values, NULL });
}

static void let_values_tell_who_waited(struct sim_net *net)
{
	net->value = sim_say_waited;
}

Test(split, of_nodes_that_bring_another_value_with_each_ping)
{
	run_scene(&(struct scene) { 143000, 600, 2, few,
				    let_values_tell_who_waited, NULL });
	run_scene(&(struct scene) { 144000, 600, 3, nine,
				    let_values_tell_who_waited, NULL });
	run_scene(&(struct scene) { 145000, 600, 4, twelve,
				    let_values_tell_who_waited, NULL });
}

/* Not while they start: three doubled inits make a node give up. */
static void split_and_double(struct sim_net *net, int parts)
{
	net->faults.doubling = 0.3;
	sim_split(net, parts);
}

Test(split, heals_where_messages_are_doubled)
{
	run_scene(&(struct scene) { 142000, 1500, 2, few, NULL,
				    split_and_double });
	run_scene(&(struct scene) { 146000, 600, 3, nine, NULL,
				    split_and_double });
}

static void part_lone_nodes(struct sim_net *net, int parts)
{
	int i;

	sim_split(net, 1);
	for (i = 1; i < parts; i++)
		net->nodes[(net->seed + (uint64_t)i) %
			   (uint64_t)net->node_count]
			.side = i;
}

Test(split, of_which_all_sides_but_one_are_a_lone_node)
{
	run_scene(
		&(struct scene) { 147000, 600, 2, few, NULL, part_lone_nodes });
	run_scene(&(struct scene) { 148000, 600, 4, twelve, NULL,
				    part_lone_nodes });
}
