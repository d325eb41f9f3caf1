/* SPDX-License-Identifier: MIT */
/* A whole network without loss, and the death of its nodes. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };

static struct trp_wire_config config_of(int nodes)
{
	struct trp_wire_config config = trp_wire_defaults;

	config.nodes = nodes;
	return config;
}

static void run_whole(struct sim_net *net)
{
	int n = net->node_count, cycles = 4 * n, i;
	unsigned int tags[50];
	uint64_t pings = net->sent[TRP_WIRE_PING];

	for (i = 0; i < n; i++)
		tags[i] = net->nodes[i].events[TRP_BEACON_TAG];
	net->sent[TRP_WIRE_HIST] = 0;
	net->overlaps = 0;
	/* The period of a full list. */
	sim_run(net, cycles * (SIM_CYCLE + SIM_GAP * 7 / 8));
	pings = net->sent[TRP_WIRE_PING] - pings;
	sim_assert(net, pings + 1 >= (uint64_t)cycles);
	sim_assert(net, pings <= (uint64_t)cycles + 1);
	sim_assert(net, net->sent[TRP_WIRE_HIST] == 0);
	sim_assert(net, net->overlaps == 0);
	sim_land(net);
	sim_assert(net, sim_is_agreed(net));
	for (i = 0; i < n; i++)
		sim_assert(net,
			   net->nodes[i].events[TRP_BEACON_TAG] - tags[i] >= 3);
}

Test(whole, one_ping_a_cycle_never_two_it_and_all_get_their_turn)
{
	struct sim_seeds seeds = sim_seeds(10000, 2000);
	struct trp_wire_config config;
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		config = config_of(2 + (int)(seed % 6));
		sim_init(&net, seed, (int)config.nodes, &config, &quick);
		net.is_loud = seeds.is_loud;
		sim_settle(&net);
		run_whole(&net);
		sim_fini(&net);
	}
}

/* All of 50 on one list: a round takes ten minutes. */
Test(whole, one_ping_a_cycle_and_all_of_50_get_their_turn)
{
	struct sim_seeds seeds = sim_seeds(12500, 10);
	struct trp_wire_config config = config_of(50);
	struct sim_net net;
	uint64_t seed;

	config.force_in = true;
	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 50, &config, &quick);
		net.is_loud = seeds.is_loud;
		sim_settle(&net);
		run_whole(&net);
		sim_fini(&net);
	}
}

/* More nodes than places: newcomers jump the queue, now and then two at once.
 */
Test(whole, more_nodes_than_places_never_two_it)
{
	struct sim_seeds seeds = sim_seeds(20000, 1000);
	struct trp_wire_config config = config_of(5);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 6 + (int)(seed % 10), &config, &quick);
		net.is_loud = seeds.is_loud;
		sim_start_all(&net, SIM_CYCLE);
		sim_run(&net, 10 * SIM_CYCLE);
		net.overlaps = 0;
		memset(net.sent, 0, sizeof(net.sent));
		sim_run(&net, 100 * SIM_CYCLE);
		sim_assert(&net, net.overlaps == 0);
		sim_assert(&net, net.sent[TRP_WIRE_PING] <= 110);
		sim_land(&net);
		sim_assert(&net, sim_is_agreed(&net));
		sim_fini(&net);
	}
}

static int number_of(const struct sim_net *net, const char *name)
{
	int i;

	for (i = 0; i < net->node_count; i++)
		if (strcmp(net->nodes[i].name, name) == 0)
			return i;
	return -1;
}

static bool is_listed(const struct sim_net *net, int by, const char *name)
{
	const char *listed;
	size_t i;

	for (i = 0; (listed = trp_beacon_listed(net->nodes[by].beacon, i)); i++)
		if (strcmp(listed, name) == 0)
			return true;
	return false;
}

/* Kills the tail right after a ping: the last but one is G/16 later than the
 * tail would have been, in the same cycle. */
static void kill_tail(struct sim_net *net)
{
	const struct trp_beacon *any = net->nodes[0].beacon;
	size_t last = (size_t)net->node_count - 1;
	int tail, heir, head;
	int64_t late_ns;

	while (sim_its(net, 0) == 1)
		sim_run(net, SIM_SECOND / 10);
	while (sim_its(net, 0) == 0)
		sim_run(net, SIM_SECOND / 10);
	tail = number_of(net, trp_beacon_listed(any, last));
	heir = number_of(net, trp_beacon_listed(any, last - 1));
	head = number_of(net, trp_beacon_listed(any, 0));
	sim_kill(net, tail);
	sim_run(net, SIM_CYCLE + SIM_GAP);
	late_ns = net->nodes[heir].last_ping_ns -
		  net->nodes[head].last_ping_ns -
		  (SIM_CYCLE + SIM_GAP * 15 / 16);
	sim_assert(net, late_ns >= 0 && late_ns < 3000000);
	sim_assert(net, net->nodes[heir].is_it);
	sim_assert(net, !is_listed(net, heir, net->nodes[tail].name));
}

Test(whole, tail_killed_the_next_takes_over_in_the_same_cycle)
{
	struct sim_seeds seeds = sim_seeds(30000, 1000);
	struct trp_wire_config config;
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		config = config_of(3 + (int)(seed % 4));
		sim_init(&net, seed, (int)config.nodes, &config, &quick);
		net.is_loud = seeds.is_loud;
		sim_settle(&net);
		kill_tail(&net);
		sim_fini(&net);
	}
}

Test(whole, drifting_clocks_never_make_two_it)
{
	struct sim_seeds seeds = sim_seeds(40000, 500);
	struct trp_wire_config config = config_of(5);
	struct sim_faults faults = quick;
	struct sim_net net;
	uint64_t seed;

	faults.drift = 0.002; /* two seconds in a thousand */
	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 5, &config, &faults);
		net.is_loud = seeds.is_loud;
		sim_settle(&net);
		net.overlaps = 0;
		sim_run(&net, 60 * SIM_CYCLE);
		sim_assert(&net, net.overlaps == 0);
		sim_land(&net);
		sim_assert(&net, sim_is_agreed(&net));
		sim_fini(&net);
	}
}

Test(whole, nodes_that_begin_at_the_same_moment_agree_within_two_cycles)
{
	struct sim_seeds seeds = sim_seeds(50000, 1000);
	struct trp_wire_config config = config_of(5);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 2 + (int)(seed % 30), &config, &quick);
		net.is_loud = seeds.is_loud;
		sim_start_all(&net, 0);
		sim_run(&net, 2 * (SIM_CYCLE + 2 * SIM_GAP));
		sim_land(&net);
		sim_assert(&net, sim_is_agreed(&net));
		sim_assert(&net, net.overlaps == 0);
		sim_assert(&net, net.tags >= 1);
		sim_fini(&net);
	}
}

static void run_large(uint64_t first, int count, int nodes, int cycles)
{
	struct sim_seeds seeds = sim_seeds(first, (uint64_t)count);
	struct trp_wire_config config = config_of(5);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, nodes, &config, &quick);
		net.is_loud = seeds.is_loud;
		sim_start_all(&net, 2 * SIM_SECOND);
		sim_run(&net, 3 * SIM_CYCLE);
		net.overlaps = 0;
		sim_run(&net, cycles * SIM_CYCLE);
		sim_assert(&net, net.overlaps == 0);
		sim_land(&net);
		sim_assert(&net, sim_is_agreed(&net));
		sim_assert(&net, sim_its(&net, 0) <= 1);
		sim_fini(&net);
	}
}

Test(whole, of_50_nodes)
{
	run_large(60000, 200, 50, 20);
}

Test(whole, of_500_nodes)
{
	run_large(61000, 4, 500, 10);
}

Test(whole, of_1000_nodes)
{
	run_large(62000, 2, 1000, 6);
}
