/* SPDX-License-Identifier: MIT */
/*
 * Savina 2, Counting: one sends as fast as it can, one counts.  That the
 * answer is right proves that messages of a pair stay in order.
 */
#include "tests/bench/bench.h"

enum { COUNT };

static long count;

static int increment(const struct troupe_message *message)
{
	count++;
	return 0;
}

static int retrieve(const struct troupe_message *message)
{
	Bench__Result result = BENCH__RESULT__INIT;
	int r;

	result.value = count;
	r = bench_send(message->sender, &result.base);
	return r < 0 ? r : TROUPE_STOP;
}

static int counter_init(const void *arguments)
{
	bench_side(1);
	return 0;
}

static const struct troupe_handler counter_handlers[] = {
	{ &bench__next__descriptor, increment },
	{ &bench__stop__descriptor, retrieve },
	{},
};
static struct troupe_class counter_class = { .name = "counter",
					     .init = counter_init,
					     .handlers = counter_handlers };

/* The counter sends nothing before the last, so waiting for room is safe. */
static int produce(const void *arguments)
{
	Bench__Next next = BENCH__NEXT__INIT;
	Bench__Stop stop = BENCH__STOP__INIT;
	const Bench__Result *result;
	troupe_ref counter;
	int r = troupe_spawn(&counter_class, NULL, &counter);

	bench_side(0);
	for (long i = 0; i < bench_get(COUNT) && r == 0; i++)
		r = bench_send(counter, &next.base);
	if (r == 0)
		r = bench_send(counter, &stop.base);
	if (r < 0)
		return r;
	result = bench_receive(&bench__result__descriptor, NULL);
	if (!result)
		return -ECANCELED;
	bench_expect("count", result->value, bench_get(COUNT));
	return 0;
}

static struct troupe_class producer_class = { .name = "producer",
					      .run = produce };

static int root(void)
{
	bench_items(bench_get(COUNT));
	return bench_run_actor(&producer_class, NULL);
}

const struct bench bench_counting = {
	.name = "counting",
	.suite = "savina",
	.item = "messages",
	.parameters = { [COUNT] = { "n", { 10000, 10000000, 40000000 } } },
	.classes = { &producer_class, &counter_class },
	.root = root,
};
