/* SPDX-License-Identifier: MIT */
/* Savina 14, Cigarette Smokers: an arbiter, who wakes one of many at a time. */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { ROUNDS, SMOKERS };

/* ---- a smoker ------------------------------------------------------------ */

static int smoke(const struct troupe_message *message)
{
	const Bench__Smoke *for_so_long = message->body;
	Bench__Next started = BENCH__NEXT__INIT;
	int r = bench_send(message->sender, &started.base);

	for (int64_t n = for_so_long->turns; n > 0; n--)
		__asm__ volatile("");
	return r;
}

static const struct troupe_handler smoker_handlers[] = {
	{ &bench__smoke__descriptor, smoke },
	{},
};
static struct troupe_class smoker_class = { .name = "smoker",
					    .handlers = smoker_handlers };

/* ---- the arbiter --------------------------------------------------------- */

static troupe_ref *smokers;
static uint32_t draw;
static long rounds;
static int64_t turns;

static int wake_one(const struct troupe_message *message)
{
	Bench__Smoke for_so_long = BENCH__SMOKE__INIT;
	long chosen = bench_random(&draw) % bench_get(SMOKERS);

	if (rounds++ == bench_get(ROUNDS)) {
		if (bench_get(ROUNDS) == 1000 && bench_get(SMOKERS) == 200)
			bench_expect("turns", turns, 494000);
		return TROUPE_STOP;
	}
	for_so_long.turns = bench_random(&draw) % 1000 + 10;
	turns += for_so_long.turns;
	return bench_send(smokers[chosen], &for_so_long.base);
}

static int arbiter_init(const void *arguments)
{
	int r = bench_spawn_each(&smoker_class, bench_get(SMOKERS), &smokers);

	draw = (uint32_t)(bench_get(ROUNDS) * bench_get(SMOKERS));
	return r < 0 ? r : wake_one(NULL);
}

static const struct troupe_handler arbiter_handlers[] = {
	{ &bench__next__descriptor, wake_one },
	{},
};
static struct troupe_class arbiter_class = { .name = "arbiter",
					     .init = arbiter_init,
					     .handlers = arbiter_handlers,
					     .child_stopped =
						     bench_child_ended };

static int root(void)
{
	bench_items(bench_get(ROUNDS));
	return bench_run_actor(&arbiter_class, NULL);
}

const struct bench bench_cigsmok = {
	.name = "cigsmok",
	.suite = "savina",
	.item = "rounds",
	.parameters = { [ROUNDS] = { "rounds", { 500, 10000, 100000 } },
			[SMOKERS] = { "smokers", { 20, 200, 200 } } },
	.classes = { &smoker_class, &arbiter_class },
	.root = root,
};
