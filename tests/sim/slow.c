/* SPDX-License-Identifier: MIT */
/*
 * Channels too slow for the gap.  Slots of members are G/16 and less apart, so
 * successors ping before they hear each other, and the greater value has the
 * turn: always the same one if values are constant.
 */
#include "tests/sim/net.h"

#include <criterion/criterion.h>

enum { NODES = 5, CYCLES = 300, NETS = 50 };

struct share {
	uint64_t tags, overlaps;
	double least; /* turns of the node with the fewest, of an even share */
	int nets;
};

static void add(struct share *share, const struct sim_net *net)
{
	unsigned tags, least = UINT32_MAX;
	int i;

	for (i = 0; i < NODES; i++) {
		tags = net->nodes[i].events[TRP_BEACON_TAG];
		if (tags < least)
			least = tags;
	}
	share->tags += net->tags;
	share->overlaps += net->overlaps;
	share->least += (double)least * NODES / (double)net->tags;
	share->nets++;
}

static struct share run(uint64_t first, double delay_gaps,
			const struct trp_scalar *(*value)(struct sim_node *,
							  bool))
{
	const struct sim_faults faults = {
		.delay_min_ns = 100000,
		.delay_max_ns = (int64_t)(delay_gaps * (double)SIM_GAP),
	};
	struct sim_seeds seeds = sim_seeds(first, NETS);
	struct share share = { 0 };
	struct sim_net net;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++) {
		sim_init(&net, seed, NODES, &trp_wire_defaults, &faults);
		net.is_loud = seeds.is_loud;
		net.value = value;
		sim_start_all(&net, SIM_SECOND);
		sim_run(&net, CYCLES * SIM_CYCLE);
		add(&share, &net);
		sim_fini(&net);
	}
	share.least /= share.nets;
	return share;
}

Test(slow, each_has_its_turn_where_values_tell_who_has_waited)
{
	static const double delays[] = { 0.1, 0.2, 0.5, 0.8, 1 };
	struct share fair, constant;
	size_t i;

	for (i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		fair = run(240000 + 100 * i, delays[i], sim_say_waited);
		constant = run(240000 + 100 * i, delays[i], NULL);
		cr_log_info("delays up to %.1f G: the node with the fewest "
			    "turns has %.2f "
			    "of its share, %.2f where values stay",
			    delays[i], fair.least, constant.least);
		cr_assert(fair.least >= 0.5, "%.1f G: %.2f", delays[i],
			  fair.least);
		cr_assert(fair.overlaps <= fair.tags / 1000);
	}
}
