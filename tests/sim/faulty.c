/* SPDX-License-Identifier: MIT */
/* Channels that lose, double, delay and reorder; nodes that die and clash. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct sim_faults faults_of(double loss, double doubling,
				   double delay_gaps)
{
	return (struct sim_faults) {
		.loss = loss,
		.doubling = doubling,
		.delay_min_ns = 100000,
		.delay_max_ns = (int64_t)(delay_gaps * (double)SIM_GAP),
	};
}

struct sum {
	double runs;
	double tags, overlaps, overlap_s, longest_s;
	double pings, hists, recovers, detags;
};

static void add(struct sum *sum, const struct sim_net *net)
{
	const unsigned int *events;
	int i;

	sum->runs++;
	sum->tags += (double)net->tags;
	sum->overlaps += (double)net->overlaps;
	sum->overlap_s += (double)net->overlap_ns / 1e9;
	if (sum->longest_s < (double)net->longest_overlap_ns / 1e9)
		sum->longest_s = (double)net->longest_overlap_ns / 1e9;
	sum->pings += (double)net->sent[TRP_WIRE_PING];
	sum->hists += (double)net->sent[TRP_WIRE_HIST];
	for (i = 0; i < net->node_count; i++) {
		events = net->nodes[i].events;
		sum->recovers += events[TRP_BEACON_RECOVER];
		sum->detags += events[TRP_BEACON_DETAG];
	}
}

static void show(const char *what, const struct sum *sum)
{
	double runs = sum->runs;

	cr_log_info("%s, in 3,800 s: %.1f tags, %.2f overlaps (%.1f s, at "
		    "most %.1f), %.1f pings, %.1f hist, %.1f RECOVER, "
		    "%.1f DETAG",
		    what, sum->tags / runs, sum->overlaps / runs,
		    sum->overlap_s / runs, sum->longest_s, sum->pings / runs,
		    sum->hists / runs, sum->recovers / runs,
		    sum->detags / runs);
}

/* The network of BEACON 1.16: 5 nodes, a list of 5, 3,800 s. */
static struct sum run_original_net(uint64_t first, uint64_t count,
				   const struct sim_faults *faults)
{
	struct sim_seeds seeds = sim_seeds(first, count);
	struct sum sum = { 0 };
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 5, &trp_wire_defaults, faults);
		net.is_loud = seeds.is_loud;
		sim_start_all(&net, SIM_SECOND);
		sim_run(&net, 3800 * SIM_SECOND);
		add(&sum, &net);
		sim_fini(&net);
	}
	return sum;
}

Test(faulty, loss_makes_at_most_a_tenth_of_the_overlaps_of_the_original)
{
	struct sim_faults faults = faults_of(0.05, 0, 0.001);
	struct sum sum = run_original_net(200000, 1000, &faults);

	show("5 % loss", &sum);
	/* The original: 46 in 393 tags, 217 hist, 236 Recover. */
	cr_assert(sum.overlaps / sum.tags <= 0.1 * 46 / 393);
	cr_assert(sum.recovers / sum.tags <= 0.25 * 236 / 393);
	cr_assert(sum.pings / sum.tags <= 1.5);
}

Test(faulty, doubled_messages_change_nothing)
{
	struct sim_faults faults = faults_of(0, 0.3, 0.01);
	struct sum sum = run_original_net(210000, 200, &faults);

	show("30 % doubled", &sum);
	cr_assert(sum.overlaps == 0);
	cr_assert(sum.pings <= 1.02 * sum.tags + sum.runs * 6);
	cr_assert(sum.recovers <= sum.runs * 12);
}

/* Slots of members are G/16 and less apart: delays beyond that collide. */
Test(faulty, delays_of_half_a_gap_rarely_make_two_it)
{
	struct sim_faults faults = faults_of(0, 0.05, 0.5);
	struct sum sum = run_original_net(220000, 200, &faults);

	show("delays up to G/2", &sum);
	cr_assert(sum.overlaps <= 0.002 * sum.tags);
	cr_assert(sum.longest_s <= 10);
}

Test(faulty, delays_beyond_the_gap_overlap_for_at_most_a_cycle)
{
	struct sim_faults faults = faults_of(0, 0.05, 1.5);
	struct sum sum = run_original_net(230000, 200, &faults);

	show("delays up to 1.5 G", &sum);
	cr_assert(sum.overlaps <= 0.08 * sum.tags);
	cr_assert(sum.overlap_s <= 0.005 * sum.runs * 3800);
	cr_assert(sum.longest_s <= 12);
}

/* ---- all at once -------------------------------------------------------- */

static void do_something(struct sim_net *net)
{
	int number = sim_below(net, net->node_count);
	double draw = sim_draw(net);

	if (net->nodes[number].beacon && draw < 0.3)
		sim_kill(net, number);
	else if (!net->nodes[number].beacon && draw < 0.7)
		sim_start(net, number);
	else if (draw > 0.95)
		sim_split(net, 2 + sim_below(net, 3));
	else if (draw > 0.85)
		sim_split(net, 1);
}

static void restart_failed(struct sim_net *net)
{
	int i;

	for (i = 0; i < net->node_count; i++)
		if (!net->nodes[i].beacon ||
		    trp_beacon_state(net->nodes[i].beacon) ==
			    TRP_BEACON_STOPPED)
			sim_start(net, i);
}

static void calm_down(struct sim_net *net)
{
	double drift = net->faults.drift;

	net->faults = faults_of(0, 0, 0.001);
	net->faults.drift = drift;
	sim_split(net, 1);
	sim_run(net, SIM_CYCLE + 2 * SIM_GAP); /* a node that waits for its init
						  gives up */
	restart_failed(net);
}

/* After that many cycles any network is healthy. */
#define CALM_CYCLES 6

static void run_chaos(uint64_t seed, bool is_loud, int nodes)
{
	struct sim_faults faults = faults_of(0.1, 0.1, 0.3);
	struct trp_wire_config config = trp_wire_defaults;
	struct sim_net net;
	int i;

	config.nodes = (int64_t[]) { 5, 3, -1, 8 }[seed % 4];
	faults.own_loss = 0.01;
	faults.drift = 0.002;
	sim_init(&net, seed, nodes, &config, &faults);
	net.is_loud = is_loud;
	for (i = 0; i < 50 + nodes; i++) {
		do_something(&net);
		sim_run(&net, (int64_t)(sim_draw(&net) * 6e9));
	}
	calm_down(&net);
	sim_run(&net, CALM_CYCLES * (SIM_CYCLE + 2 * SIM_GAP));
	sim_land(&net);
	sim_assert(&net, sim_is_agreed(&net));
	net.overlaps = 0;
	net.tags = 0;
	sim_run(&net, 10 * SIM_CYCLE);
	sim_assert(&net, net.overlaps == 0);
	sim_assert(&net, net.tags >= 7);
	sim_fini(&net);
}

Test(faulty, from_any_chaos_one_list_comes_within_six_cycles)
{
	struct sim_seeds seeds = sim_seeds(300000, 4000);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, 2 + (int)(seed % 9));
}

Test(faulty, from_any_chaos_of_50)
{
	struct sim_seeds seeds = sim_seeds(310000, 60);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, 50);
}

Test(faulty, from_any_chaos_of_500)
{
	struct sim_seeds seeds = sim_seeds(311000, 2);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, 500);
}

Test(faulty, from_any_chaos_of_1000)
{
	struct sim_seeds seeds = sim_seeds(312000, 1);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, 1000);
}

/* ---- one name twice ----------------------------------------------------- */

static bool has_failed(const struct sim_node *node)
{
	return trp_beacon_state(node->beacon) == TRP_BEACON_STOPPED;
}

Test(faulty, of_two_of_one_name_the_one_that_was_there_stays)
{
	struct sim_faults faults = faults_of(0, 0, 0.01);
	struct sim_seeds seeds = sim_seeds(320000, 500);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 4, &trp_wire_defaults, &faults);
		net.is_loud = seeds.is_loud;
		strcpy(net.nodes[3].name, net.nodes[2].name);
		sim_start(&net, 0);
		sim_start(&net, 1);
		sim_start(&net, 2);
		sim_run(&net, 3 * SIM_CYCLE);
		sim_start(&net, 3);
		sim_run(&net, SIM_SECOND);
		sim_assert(&net, has_failed(&net.nodes[3]));
		sim_assert(&net, net.nodes[3].error == -EEXIST);
		sim_assert(&net, !net.nodes[3].is_it);
		sim_assert(&net, !has_failed(&net.nodes[2]));
		sim_assert(&net, net.nodes[2].events[TRP_BEACON_CLASH] == 1);
		sim_run(&net, 3 * SIM_CYCLE);
		sim_assert(&net, !has_failed(&net.nodes[2]));
		sim_fini(&net);
	}
}

Test(faulty, two_of_one_name_at_the_same_moment_are_found_out)
{
	struct sim_faults faults = faults_of(0, 0.1, 0.01);
	struct sim_seeds seeds = sim_seeds(330000, 500);
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, 3, &trp_wire_defaults, &faults);
		net.is_loud = seeds.is_loud;
		strcpy(net.nodes[2].name, net.nodes[1].name);
		sim_start(&net, 0);
		sim_start(&net, 1);
		sim_run(&net, (int64_t)(sim_draw(&net) * 1e9));
		sim_start(&net, 2);
		sim_run(&net, 2 * SIM_GAP);
		sim_assert(&net, has_failed(&net.nodes[1]) ||
					 has_failed(&net.nodes[2]));
		sim_fini(&net);
	}
}
