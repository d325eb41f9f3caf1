/* SPDX-License-Identifier: MIT */
/* Nets that fall apart into two to four, and heal. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };

/* Who said hist about whom since the net healed. */
struct said {
	char heads[64][24];
	int count;
};

static void note_hist(struct sim_node *node, const struct trp_wire *message)
{
	struct said *said = node->net->watch_data;

	if (message->type == TRP_WIRE_HIST && said->count < 64)
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
			if (strcmp(said->heads[i], said->heads[j]) == 0)
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

static bool is_steady(const struct sim_net *net)
{
	int i;

	for (i = 0; i < net->node_count; i++)
		if (trp_beacon_state(net->nodes[i].beacon) ==
		    TRP_BEACON_WAITING)
			return false;
	return true;
}

static void check_recovers(struct sim_net *net, const bool *was_listed,
			   int parts)
{
	const struct sim_node *node;
	unsigned int recovers;
	int i;

	for (i = 0; i < net->node_count; i++) {
		node = &net->nodes[i];
		recovers = node->events[TRP_BEACON_RECOVER];
		if (!was_listed[i]) {
			sim_assert(net, recovers < (unsigned int)parts);
			continue;
		}
		sim_assert(net, recovers >= 1);
		sim_assert(net, recovers < (unsigned int)parts);
		if (parts == 2)
			sim_assert(net, node->last_detag_ns <=
						node->last_recover_ns);
	}
}

/*
 * Returns whether all agreed within one cycle.  They may take some more where a
 * ping of one side and a hist of the other crossed on their way.
 */
static bool heal(struct sim_net *net, int parts)
{
	struct said said = { .count = 0 };
	bool was_listed[64] = { false }, is_prompt;
	int i;

	while (!is_steady(net))
		sim_run(net, SIM_SECOND / 10);
	for (i = 0; i < net->node_count; i++)
		was_listed[i] = lists_itself(&net->nodes[i]);
	forget_events(net);
	net->watch_send = note_hist;
	net->watch = check_recover;
	net->watch_data = &said;
	sim_split(net, 1);
	sim_run(net, SIM_CYCLE + SIM_GAP);
	sim_land(net);
	is_prompt = sim_is_agreed(net) && sim_its(net, 0) <= 1;
	check_recovers(net, was_listed, parts);
	sim_assert(net, said.count <= 2 * parts);
	sim_assert(net, !has_doubles(&said));
	net->watch_send = NULL;
	net->watch = NULL;
	for (i = 0; i < 2 * parts - 2 && !is_prompt; i++)
		sim_run(net, SIM_CYCLE + SIM_GAP);
	sim_land(net);
	sim_assert(net, sim_is_agreed(net));
	sim_assert(net, sim_its(net, 0) <= 1);
	return is_prompt;
}

static void run_splits(uint64_t first, uint64_t count, int parts, int nodes)
{
	struct sim_seeds seeds = sim_seeds(first, count);
	uint64_t seed, late = 0;
	struct sim_net net;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, nodes, &trp_wire_defaults, &quick);
		net.is_loud = seeds.is_loud;
		sim_start_all(&net, SIM_CYCLE);
		sim_run(&net, 20 * SIM_CYCLE);
		run_apart(&net, parts);
		late += !heal(&net, parts);
		net.overlaps = 0;
		sim_run(&net, 10 * SIM_CYCLE);
		sim_assert(&net, net.overlaps == 0);
		sim_fini(&net);
	}
	cr_log_info("%d sides: %u of %u heals took more than one cycle", parts,
		    (unsigned int)late,
		    (unsigned int)(seeds.end - seeds.first));
	cr_assert(late <= 1 + (seeds.end - seeds.first) / 100, "%u late",
		  (unsigned int)late);
}

Test(split, two_sides_heal_to_one_list_within_a_cycle_with_one_recover_each)
{
	run_splits(100000, 1500, 2, 6);
}

Test(split, three_sides_heal_within_a_cycle)
{
	run_splits(110000, 500, 3, 9);
}

Test(split, four_sides_heal_within_a_cycle)
{
	run_splits(120000, 500, 4, 12);
}
