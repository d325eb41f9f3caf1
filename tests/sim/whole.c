/* SPDX-License-Identifier: MIT */
/* A whole net that loses nothing, and the death of its nodes. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define C_NS (10 * SIM_SECOND)
#define G_NS (SIM_SECOND * 3 / 2)

static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };

static struct trp_wire_config config_of(int nodes)
{
	struct trp_wire_config config = trp_wire_defaults;

	config.nodes = nodes;
	return config;
}

/* Starts all, and runs until the list holds everybody. */
static void settle(struct sim_net *net)
{
	size_t last = (size_t)net->node_count - 1;
	int cycles = 0;

	sim_start_all(net, (int64_t)(sim_draw(net) * 3 * (double)C_NS));
	while (!trp_beacon_listed(net->nodes[0].beacon, last)) {
		sim_run(net, C_NS);
		sim_assert(net, ++cycles < 2000);
	}
	sim_run(net, net->node_count * C_NS);
}

static void run_whole(struct sim_net *net)
{
	int n = net->node_count, cycles = 4 * n, i;
	unsigned int tags[16];
	uint64_t pings;

	for (i = 0; i < n; i++)
		tags[i] = net->nodes[i].events[TRP_BEACON_TAG];
	pings = net->sent[TRP_WIRE_PING];
	memset(net->sent, 0, sizeof(net->sent));
	net->overlaps = 0;
	/* One period of a full list is C + .875 G, of a lone node C + 2 G. */
	sim_run(net, cycles * (C_NS + (n == 1 ? 2 * G_NS : G_NS * 7 / 8)));
	pings = net->sent[TRP_WIRE_PING];
	sim_assert(net, pings + 1 >= (uint64_t)cycles &&
				pings <= (uint64_t)cycles + 1);
	sim_assert(net, net->sent[TRP_WIRE_HIST] == 0);
	sim_assert(net, net->overlaps == 0);
	sim_assert(net, sim_is_agreed(net));
	for (i = 0; i < n; i++)
		sim_assert(net,
			   net->nodes[i].events[TRP_BEACON_TAG] - tags[i] >= 3);
}

Test(whole, one_ping_a_cycle_never_two_it_and_all_get_their_turn)
{
	struct sim_seeds seeds = sim_seeds(1000, 2000);
	struct trp_wire_config config = config_of(0);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 2 + (int)(seed % 6), &config, &quick);
		net.is_loud = seeds.is_loud;
		net.config.nodes = net.node_count;
		settle(&net);
		run_whole(&net);
		sim_fini(&net);
	}
}
