/* SPDX-License-Identifier: MIT */
/*
 * Trees of actors: skynet (A. Temerev), ten children a node, whose leaves
 * answer their number; and CAF's actor_creation, two children a node, which
 * counts the nodes.  An actor of either kind answers its parent and ends.
 */
#include "tests/bench/bench.h"

/* Receives `count` results and answers with their sum and `own`. */
static int sum_up(int count, int64_t own)
{
	Bench__Result result = BENCH__RESULT__INIT;
	const Bench__Result *part;

	result.value = own;
	for (int i = 0; i < count; i++) {
		part = bench_receive(&bench__result__descriptor, NULL);
		if (!part)
			return -ECANCELED;
		result.value += part->value;
	}
	return bench_send(troupe_parent(), &result.base);
}

static int run_tree(int (*node)(const void *arguments), Bench__Place *place,
		    int64_t expected)
{
	const Bench__Result *result;
	troupe_ref ref;
	int r = troupe_spawn_function(node, &place->base, &ref);

	if (r < 0)
		return r;
	result = bench_receive(&bench__result__descriptor, NULL);
	if (!result)
		return -ECANCELED;
	bench_expect("answer", result->value, expected);
	return 0;
}

/* ---- skynet: leaves index .. index + count - 1 --------------------------- */

static int skynet_node(const void *arguments)
{
	const Bench__Place *place = arguments;
	Bench__Place part = BENCH__PLACE__INIT;
	troupe_ref ref;
	int r = 0;

	if (place->count == 1)
		return sum_up(0, place->index);
	part.count = place->count / 10;
	part.index = place->index;
	for (int i = 0; i < 10 && r == 0; i++, part.index += part.count)
		r = troupe_spawn_function(skynet_node, &part.base, &ref);
	return r < 0 ? r : sum_up(10, 0);
}

enum { LEAVES };

static int skynet(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	long leaves = bench_get(LEAVES), nodes = 0;

	for (long n = leaves; n > 0; n /= 10)
		nodes += n;
	place.count = leaves;
	bench_items(nodes);
	return run_tree(skynet_node, &place, leaves * (leaves - 1) / 2);
}

static const char *refuse_leaves(void)
{
	return bench_is_power(bench_get(LEAVES), 10)
		       ? NULL
		       : "leaves must be a power of 10";
}

const struct bench bench_skynet = {
	.name = "skynet",
	.suite = "skynet",
	.item = "actors",
	.parameters = { [LEAVES] = { "leaves",
				     { 100, 1000, 10000 },
				     .most = BENCH_ACTORS_MOST } },
	.refuses = refuse_leaves,
	.root = skynet,
};

/* ---- actor_creation ------------------------------------------------------ */

static int creation_node(const void *arguments)
{
	int64_t power = ((const Bench__Place *)arguments)->index;
	Bench__Place part = BENCH__PLACE__INIT;
	troupe_ref ref;
	int r = 0;

	if (power == 1)
		return sum_up(0, 1);
	part.index = power - 1;
	for (int i = 0; i < 2 && r == 0; i++)
		r = troupe_spawn_function(creation_node, &part.base, &ref);
	return r < 0 ? r : sum_up(2, 1);
}

enum { POWER };

static int actor_creation(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	int64_t nodes = (INT64_C(1) << bench_get(POWER)) - 1;

	place.index = bench_get(POWER);
	bench_items(nodes);
	return run_tree(creation_node, &place, nodes);
}

const struct bench bench_actor_creation = {
	.name = "actor_creation",
	.suite = "caf",
	.item = "actors",
	.parameters = { [POWER] = { "power", { 6, 11, 13 }, .most = 16 } },
	.root = actor_creation,
};
