/* SPDX-License-Identifier: MIT */
/* Heals that are disturbed: in stages, short, with deaths and floods. */
#include "tests/sim/net.h"
#include "runtime/election/beacon_receive.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* G / 130 */
static const struct sim_faults slow = { .delay_min_ns = 100000,
					.delay_max_ns = 11000000 };

/* The longest time between two pings; a turn off the list may be in it. */
#define LONG_CYCLE (SIM_CYCLE + 5 * SIM_GAP / 2)

static bool has_one_head(const struct sim_net *net)
{
	const char *head = NULL, *other;
	int i;

	for (i = 0; i < net->node_count; i++) {
		if (!net->nodes[i].beacon)
			continue;
		other = trp_beacon_listed(net->nodes[i].beacon, 0);
		if (!other || (head && strcmp(head, other) != 0))
			return false;
		head = other;
	}
	return true;
}

static void run_between(struct sim_net *net, double from_s, double to_s)
{
	double wait_s = from_s + sim_draw(net) * (to_s - from_s);

	sim_run(net, (int64_t)(wait_s * (double)SIM_SECOND));
}

static void begin(struct sim_net *net, uint64_t seed, int nodes, bool is_loud)
{
	sim_init(net, seed, nodes, &trp_wire_defaults, &slow);
	net->is_loud = is_loud;
	sim_start_all(net, SIM_CYCLE);
	sim_run(net, 20 * SIM_CYCLE);
}

/* And leaves nothing behind. */
static void end(struct sim_net *net)
{
	net->overlaps = 0;
	sim_run(net, 10 * SIM_CYCLE);
	sim_assert(net, net->overlaps == 0);
	sim_fini(net);
}

static void check_one_head(struct sim_net *net, int64_t within_ns)
{
	sim_run(net, within_ns);
	sim_land(net);
	sim_assert(net, has_one_head(net));
	sim_assert(net, sim_its(net, 0) <= 1);
}

/* Sides 0 and 1 are together, the others are not yet. */
static void join_two(struct sim_net *net)
{
	int i;

	if (net->is_loud)
		fputs("two of the sides join\n", stderr);
	for (i = 0; i < net->node_count; i++)
		if (net->nodes[i].side == 1)
			net->nodes[i].side = 0;
}

/* True: the others join within a gap; false: three cycles later. */
Test(join, sides_that_join_later_agree_within_a_cycle_of_that)
{
	struct sim_seeds seeds = sim_seeds(150000, 1000);
	struct sim_net net;
	uint64_t seed;
	int parts;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		parts = 3 + (int)(seed % 3);
		begin(&net, seed, 3 * parts, seeds.is_loud);
		sim_split(&net, parts);
		run_between(&net, 120, 140);
		join_two(&net);
		run_between(&net, 0, seed % 2 ? 30 : 1.5);
		sim_split(&net, 1);
		sim_run(&net, SIM_CYCLE + SIM_GAP);
		sim_land(&net);
		sim_assert(&net, sim_is_agreed(&net));
		sim_assert(&net, sim_its(&net, 0) <= 1);
		end(&net);
	}
}

/*
 * They know the same last pings, and each may take another's ping for a
 * follower of its own.  Returns the share that takes more than a cycle.
 */
static double part_for_a_while(uint64_t first, uint64_t count, int parts)
{
	struct sim_seeds seeds = sim_seeds(first, count);
	uint64_t seed, late = 0;
	struct sim_net net;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		begin(&net, seed, 2 * parts + (int)(seed % 6), seeds.is_loud);
		sim_split(&net, parts);
		run_between(&net, 0, 60);
		sim_split(&net, 1);
		sim_run(&net, SIM_CYCLE + SIM_GAP);
		sim_land(&net);
		late += !sim_is_agreed(&net);
		sim_assert(&net, sim_its(&net, 0) <= 1);
		check_one_head(&net, 2 * LONG_CYCLE);
		end(&net);
	}
	return (double)late / (double)(seeds.end - seeds.first);
}

Test(join, two_sides_that_parted_at_any_time_agree_within_a_cycle)
{
	cr_assert(part_for_a_while(160000, 1500, 2) == 0);
}

Test(join, more_sides_that_parted_at_any_time_mostly_do)
{
	double three = part_for_a_while(162000, 1000, 3);
	double four = part_for_a_while(164000, 1000, 4);

	cr_log_info("parted up to five cycles ago: of three sides %.1f %%, "
		    "of four %.1f %% take more than a cycle",
		    100 * three, 100 * four);
	cr_assert(three < 0.02 && four < 0.05);
}

Test(join, where_sides_come_and_go_one_head_is_left_within_two_cycles)
{
	struct sim_seeds seeds = sim_seeds(170000, 600);
	struct sim_net net;
	uint64_t seed;
	int i;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		begin(&net, seed, 6, seeds.is_loud);
		for (i = 0; i < 20; i++) {
			sim_split(&net, 1 + sim_below(&net, 2));
			run_between(&net, 0, 10);
		}
		sim_split(&net, 1);
		check_one_head(&net, 2 * LONG_CYCLE);
		end(&net);
	}
}

/* One dies while they join, or another one starts. */
Test(join, with_a_death_or_a_start_there_is_one_head_within_two_cycles)
{
	struct sim_seeds seeds = sim_seeds(180000, 900);
	struct sim_net net;
	uint64_t seed;
	int parts, node;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		parts = 2 + (int)(seed % 3);
		begin(&net, seed, 3 * parts, seeds.is_loud);
		node = sim_below(&net, net.node_count);
		sim_split(&net, parts);
		run_between(&net, 120, 140);
		sim_split(&net, 1);
		run_between(&net, 0, 10);
		sim_kill(&net, node);
		if (seed % 2) {
			run_between(&net, 0, 1.5);
			sim_start(&net, node);
		}
		check_one_head(&net, 2 * LONG_CYCLE);
		end(&net);
	}
}

/* ---- a disturber -------------------------------------------------------- */

/* Hears nothing, is heard by all, and loses. */
static void shout(struct sim_net *net, const struct trp_wire *message)
{
	struct sim_node *node;
	int i;

	for (i = 0; i < net->node_count; i++) {
		node = &net->nodes[i];
		trp_beacon_receive(node->beacon, message, sim_local(node));
		sim_touched(node);
	}
}

static void flood(struct sim_net *net, enum trp_wire_type type, int names,
		  int64_t end_ns)
{
	const char *const history[] = { "x", "y" };
	const struct trp_wire message = {
		.type = type,
		.node = type == TRP_WIRE_PING ? "x" : NULL,
		.value = { TRP_SCALAR_INT, { .integer = -1 } },
		.history = history,
		.history_length = (size_t)names,
	};

	while (net->now_ns < end_ns) {
		shout(net, &message);
		sim_run(net, SIM_GAP / 200);
	}
}

Test(join, who_shouts_but_loses_does_not_stop_the_turns)
{
	struct sim_seeds seeds = sim_seeds(190000, 8);
	struct sim_net net;
	uint64_t seed, tags;
	int i;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		begin(&net, seed, 5, seeds.is_loud);
		for (i = 0; i < 4; i++) {
			tags = net.tags;
			net.overlaps = 0;
			flood(&net, i % 2 ? TRP_WIRE_PING : TRP_WIRE_HIST,
			      1 + i / 2, net.now_ns + 10 * SIM_CYCLE);
			sim_assert(&net, net.tags >= tags + 8);
			sim_assert(&net, net.overlaps == 0);
		}
		sim_fini(&net);
	}
}
