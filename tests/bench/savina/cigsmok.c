/* SPDX-License-Identifier: MIT */
/*
 * Savina 14, Cigarette Smokers: an arbiter, who wakes one of many at a time.
 * The smokers count what they have smoked, which must match the generator's
 * sequence alone.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { ROUNDS, SMOKERS };

/* The next smoker, and for how long. */
static long draw(uint32_t *state, int64_t *ret_turns)
{
	long chosen = bench_random(state) % bench_get(SMOKERS);

	*ret_turns = bench_random(state) % 1000 + 10;
	return chosen;
}

static uint32_t seed(void)
{
	return (uint32_t)(bench_get(ROUNDS) * bench_get(SMOKERS));
}

/* ---- a smoker ------------------------------------------------------------ */

static int64_t self_index, smoked;

static int smoke(const struct troupe_message *message)
{
	const Bench__Smoke *for_so_long = message->body;
	Bench__Next started = BENCH__NEXT__INIT;
	int r = bench_send(message->sender, &started.base);

	for (int64_t n = for_so_long->turns; n > 0; n--)
		__asm__ volatile("");
	smoked += for_so_long->turns;
	return r;
}

static int report(const struct troupe_message *message)
{
	Bench__Result result = BENCH__RESULT__INIT;
	int r;

	result.value = (self_index + 1) * smoked;
	result.real = (double)smoked;
	r = bench_send(message->sender, &result.base);
	return r < 0 ? r : TROUPE_STOP;
}

static int smoker_init(const void *arguments)
{
	self_index = ((const Bench__Place *)arguments)->index;
	return 0;
}

static const struct troupe_handler smoker_handlers[] = {
	{ &bench__smoke__descriptor, smoke },
	{ &bench__stop__descriptor, report },
	{},
};
static struct troupe_class smoker_class = { .name = "smoker",
					    .init = smoker_init,
					    .handlers = smoker_handlers };

/* ---- the arbiter --------------------------------------------------------- */

static troupe_ref *smokers;
static uint32_t state;
static long rounds, reports;
static int64_t weighted, turns;

static int end_all(void)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	int r = 0;

	for (long i = 0; i < bench_get(SMOKERS) && r == 0; i++)
		r = bench_send(smokers[i], &stop.base);
	return r;
}

static int wake_one(const struct troupe_message *message)
{
	Bench__Smoke for_so_long = BENCH__SMOKE__INIT;
	long chosen;

	if (rounds++ == bench_get(ROUNDS))
		return end_all();
	chosen = draw(&state, &for_so_long.turns);
	return bench_send(smokers[chosen], &for_so_long.base);
}

static void check(void)
{
	int64_t wanted = 0, wanted_weighted = 0, n;
	uint32_t model = seed();

	for (long i = 0; i < bench_get(ROUNDS); i++) {
		long chosen = draw(&model, &n);

		wanted += n;
		wanted_weighted += (chosen + 1) * n;
	}
	bench_expect("turns", turns, wanted);
	bench_expect("weighted turns", weighted, wanted_weighted);
	if (bench_get(ROUNDS) == 10000 && bench_get(SMOKERS) == 200)
		bench_expect("the suite's turns", turns, 5069456);
	if (bench_get(ROUNDS) == 1000 && bench_get(SMOKERS) == 200)
		bench_expect("the suite's turns", turns, 494000);
}

static int add_up(const struct troupe_message *message)
{
	const Bench__Result *result = message->body;

	weighted += result->value;
	turns += (int64_t)result->real;
	if (++reports < bench_get(SMOKERS))
		return 0;
	bench_stop();
	check();
	return TROUPE_STOP;
}

static int arbiter_init(const void *arguments)
{
	int r = bench_spawn_each(&smoker_class, bench_get(SMOKERS), &smokers);

	state = seed();
	return r < 0 ? r : wake_one(NULL);
}

static const struct troupe_handler arbiter_handlers[] = {
	{ &bench__next__descriptor, wake_one },
	{ &bench__result__descriptor, add_up },
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
	.parameters = { [ROUNDS] = { "rounds", { 500, 40000, 200000 } },
			[SMOKERS] = { "smokers",
				      { 20, 200, 200 },
				      .most = BENCH_ACTORS_MOST } },
	.classes = { &smoker_class, &arbiter_class },
	.root = root,
};
