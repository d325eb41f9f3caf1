/* SPDX-License-Identifier: MIT */
/* The choice of seeds, and the report of a failed one. */
#include "tests/sim/net.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct sim_seeds sim_seeds(uint64_t first, uint64_t count)
{
	const char *only = getenv("SIM_SEED"), *times = getenv("SIM_TIMES");
	uint64_t seed;

	if (times)
		count *= strtoull(times, NULL, 0);
	if (!only)
		return (struct sim_seeds) { first, first + count, false };
	seed = strtoull(only, NULL, 0);
	return (struct sim_seeds) { seed, seed + 1, true };
}

static void show_lists(const struct sim_net *net)
{
	int i;

	for (i = 0; i < net->node_count; i++)
		if (net->nodes[i].beacon)
			sim_show(&net->nodes[i]);
}

void sim_fail(const struct sim_net *net, const char *what)
{
	if (net->is_loud)
		show_lists(net);
	cr_assert_fail("seed %" PRIu64 " at %.4f s: not so: %s; again: "
		       "SIM_SEED=%" PRIu64
		       " build/bin/test-sim --filter '*/%s'",
		       net->seed, (double)net->now_ns / 1e9, what, net->seed,
		       criterion_current_test->name);
}
