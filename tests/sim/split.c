/* SPDX-License-Identifier: MIT */
/* Nets that fall apart into two to four, and heal. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <string.h>

/* G / 128 is the most by which delays may differ. */
static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };
static const struct sim_faults slow = { .delay_min_ns = 100000,
					.delay_max_ns = 10000000 };

/* Who said hist about whom since the net healed, by the sides that were. */
struct said {
	int side[64];
	char heads[64][24];
	int count;
	int was_side[64];
};

static void note_hist(struct sim_node *node, const struct trp_wire *message)
{
	struct said *said = node->net->watch_data;

	if (message->type != TRP_WIRE_HIST || said->count == 64)
		return;
	said->side[said->count] = said->was_side[node - node->net->nodes];
	strcpy(said->heads[said->count++], message->history[0]);
}

/* What a RECOVER says is true at that moment. */
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
 * Not alone: two lone nodes are as two that begin.  And not as the tail, which
 * a newcomer may push out before the sides meet.
 */
static bool lists_itself(const struct sim_node *node)
{
	const char *listed;
	size_t i;

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

	sim_split(net, parts);
	sim_run(net, 12 * SIM_CYCLE +
			     (int64_t)(sim_draw(net) * 2 * (double)SIM_CYCLE));
	for (side = 0; side < parts; side++)
		sim_assert(net, sim_its(net, side) <= 1);
	sim_land(net);
	sim_assert(net, sim_is_agreed(net));
}

/*
 * One for each other side, and no more.  Who loses a lead has its RECOVER after
 * that; unless one of that side lost first, and another won.
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
	bool was_listed[64] = { false };
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
	sim_run(net, SIM_CYCLE + SIM_GAP);
	sim_land(net);
	sim_assert(net, sim_is_agreed(net));
	sim_assert(net, sim_its(net, 0) <= 1);
	check_recovers(net, was_listed, parts);
	sim_assert(net, !has_doubles(&said));
	sim_assert(net, said.count <= 2 * parts);
	net->watch_send = NULL;
	net->watch = NULL;
}

/* `nodes` is how many, for this seed. */
static void run_splits(uint64_t first, uint64_t count, int parts,
		       int (*nodes)(uint64_t seed))
{
	struct sim_seeds seeds = sim_seeds(first, count);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, nodes(seed), &trp_wire_defaults,
			 seed % 2 ? &slow : &quick);
		net.is_loud = seeds.is_loud;
		sim_start_all(&net, SIM_CYCLE);
		sim_run(&net, 20 * SIM_CYCLE);
		run_apart(&net, parts);
		heal(&net, parts);
		net.overlaps = 0;
		sim_run(&net, 10 * SIM_CYCLE);
		sim_assert(&net, net.overlaps == 0);
		sim_fini(&net);
	}
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
	run_splits(110000, 4000, 3, nine);
}

Test(split, four_sides_heal_to_one_list_within_a_cycle)
{
	run_splits(120000, 4000, 4, twelve);
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
