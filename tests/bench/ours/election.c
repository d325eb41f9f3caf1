/* SPDX-License-Identifier: MIT */
/*
 * The time without an "it" after its death, and the time of a cold start, in
 * the virtual network and the virtual time of tests/sim: the figures are of the
 * protocol (with its cycle of 10 s), not of this machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "tests/bench/bench.h"
#include "tests/sim/net.h"

enum { NODES, DEATHS };
enum { PATIENCE_CYCLES = 20, NODES_MOST = 1000 };

static const struct sim_faults quick = { .delay_min_ns = 100000,
					 .delay_max_ns = 2000000 };

void sim_fail(const struct sim_net *net, const char *what)
{
	bench_fail("seed %" PRIu64 " at %.4f s: not so: %s", net->seed,
		   (double)net->now_ns / 1e9, what);
	exit(1);
}

static int who_is_it(const struct sim_net *net)
{
	for (int i = 0; i < net->node_count; i++)
		if (net->nodes[i].is_it)
			return i;
	return -1;
}

/* Runs until some node is it; returns the time. */
static int64_t until_it(struct sim_net *net)
{
	int64_t begin = net->now_ns;

	while (who_is_it(net) < 0) {
		sim_run(net, 1000000);
		sim_assert(net,
			   net->now_ns - begin < PATIENCE_CYCLES * SIM_CYCLE);
	}
	return net->now_ns - begin;
}

/* It dies at any time of its turn, and comes back when another has followed. */
static int64_t kill_it(struct sim_net *net)
{
	int64_t gap;
	int it;

	until_it(net);
	sim_run(net, (int64_t)(sim_draw(net) * (double)SIM_CYCLE / 2));
	it = who_is_it(net);
	if (it < 0)
		return -1; /* its turn was over */
	sim_kill(net, it);
	gap = until_it(net);
	sim_start(net, it);
	sim_run(net, 3 * SIM_CYCLE);
	return gap;
}

static int root(void)
{
	struct trp_wire_config config = trp_wire_defaults;
	int64_t sum = 0;
	struct sim_net net;
	long deaths = 0;

	config.nodes = bench_get(NODES);
	sim_init(&net, bench_seed(), (int)bench_get(NODES), &config, &quick);
	sim_start_all(&net, SIM_SECOND);
	bench_figure("s from a cold start", 1 + (double)until_it(&net) / 1e9);
	sim_run(&net, 5 * SIM_CYCLE);
	while (deaths < bench_get(DEATHS)) {
		int64_t gap = kill_it(&net);

		if (gap < 0)
			continue;
		bench_latency(gap);
		sum += gap;
		deaths++;
	}
	sim_fini(&net);
	bench_took(sum);
	bench_items(deaths);
	return 0;
}

const struct bench bench_election = {
	.name = "election",
	.suite = "troupe",
	.item = "deaths in virtual time",
	.parameters = { [NODES] = { "nodes", { 5, 5, 5 }, 2, NODES_MOST },
			[DEATHS] = { "deaths", { 5, 200, 1000 } } },
	.sweep = { 5, 50 },
	.smoke_most = 5,
	.plain = root,
};
