/* SPDX-License-Identifier: MIT */
/*
 * Savina 11, Bounded Buffer: producers and consumers around a manager that
 * keeps at most so many items.  Each of them has one thing under way at a time,
 * so the manager, which waits for none of them, can always send.
 */
#include <math.h>
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { PRODUCERS, CONSUMERS, ITEMS, COST, SLOTS };

static double process(double item)
{
	uint32_t state = (uint32_t)bench_get(COST);

	for (long i = 0; i < bench_get(COST) * 100; i++)
		item += log(1.0 / (bench_random(&state) + 1) + 0.01);
	return item;
}

/* ---- producers and consumers --------------------------------------------- */

static int produce(const struct troupe_message *message)
{
	static Bench__Item item = BENCH__ITEM__INIT;
	static long produced;
	Bench__Stop stop = BENCH__STOP__INIT;
	int r;

	if (produced++ < bench_get(ITEMS)) {
		item.value = process(item.value);
		return bench_send(message->sender, &item.base);
	}
	r = bench_send(message->sender, &stop.base);
	return r < 0 ? r : TROUPE_STOP;
}

static const struct troupe_handler producer_handlers[] = {
	{ &bench__next__descriptor, produce },
	{},
};
static struct troupe_class producer_class = { .name = "producer",
					      .handlers = producer_handlers };

static double consumed;

static int consume(const struct troupe_message *message)
{
	Bench__Next next = BENCH__NEXT__INIT;

	consumed =
		process(consumed + ((const Bench__Item *)message->body)->value);
	return bench_send(message->sender, &next.base);
}

static int report(const struct troupe_message *message)
{
	Bench__Result result = BENCH__RESULT__INIT;
	int r;

	result.real = consumed;
	r = bench_send(message->sender, &result.base);
	return r < 0 ? r : TROUPE_STOP;
}

static const struct troupe_handler consumer_handlers[] = {
	{ &bench__item__descriptor, consume },
	{ &bench__stop__descriptor, report },
	{},
};
static struct troupe_class consumer_class = { .name = "consumer",
					      .handlers = consumer_handlers };

/* ---- the manager --------------------------------------------------------- */

/* A first-in first-out of references or of items. */
static struct {
	double value[4096];
	unsigned head, tail; /* head - tail of them are kept */
} items;
static troupe_ref idle[4096], held[4096];
static long idle_count, held_count, producing, reports, taken;
static double sum;

/* Beyond this those that produce now could fill more slots than there are. */
static bool is_nearly_full(void)
{
	return items.head - items.tail >=
	       (unsigned)(bench_get(SLOTS) - bench_get(PRODUCERS));
}

static int ask_for(troupe_ref producer)
{
	Bench__Next next = BENCH__NEXT__INIT;

	if (!is_nearly_full())
		return bench_send(producer, &next.base);
	held[held_count++] = producer;
	return 0;
}

static int hand_out(troupe_ref consumer, double value)
{
	Bench__Item item = BENCH__ITEM__INIT;

	item.value = value;
	return bench_send(consumer, &item.base);
}

static int end_if_done(void)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	int r = 0;

	if (producing > 0 || idle_count < bench_get(CONSUMERS))
		return 0;
	for (long i = 0; i < idle_count && r == 0; i++)
		r = bench_send(idle[i], &stop.base);
	return r;
}

static int take_item(const struct troupe_message *message)
{
	double value = ((const Bench__Item *)message->body)->value;
	int r = 0;

	taken++;
	if (idle_count > 0)
		r = hand_out(idle[--idle_count], value);
	else
		items.value[items.head++ % 4096] = value;
	if (items.head - items.tail > (unsigned)bench_get(SLOTS))
		bench_fail("more items than there are slots");
	return r < 0 ? r : ask_for(message->sender);
}

static int consumer_free(const struct troupe_message *message)
{
	int r;

	if (items.head == items.tail) {
		idle[idle_count++] = message->sender;
		return end_if_done();
	}
	r = hand_out(message->sender, items.value[items.tail++ % 4096]);
	while (r == 0 && held_count > 0 && !is_nearly_full())
		r = ask_for(held[--held_count]);
	return r;
}

static int producer_done(const struct troupe_message *message)
{
	producing--;
	return end_if_done();
}

static int add_up(const struct troupe_message *message)
{
	double n = (double)bench_get(ITEMS), p = (double)bench_get(PRODUCERS);

	sum += ((const Bench__Result *)message->body)->real;
	if (++reports < bench_get(CONSUMERS))
		return 0;
	bench_expect("consumed", taken,
		     bench_get(PRODUCERS) * bench_get(ITEMS));
	bench_expect_near("sum", sum,
			  process(0) * (p * n * (n + 1) / 2 + p * n), 1e-9);
	return TROUPE_STOP;
}

static int manager_init(const void *arguments)
{
	troupe_ref ref;
	int r = 0;

	for (long i = 0; i < bench_get(CONSUMERS) && r == 0; i++) {
		r = troupe_spawn(&consumer_class, NULL, &ref);
		idle[idle_count++] = ref;
	}
	for (; producing < bench_get(PRODUCERS) && r == 0; producing++) {
		r = troupe_spawn(&producer_class, NULL, &ref);
		if (r == 0)
			r = ask_for(ref);
	}
	return r;
}

static const struct troupe_handler manager_handlers[] = {
	{ &bench__item__descriptor, take_item },
	{ &bench__next__descriptor, consumer_free },
	{ &bench__stop__descriptor, producer_done },
	{ &bench__result__descriptor, add_up },
	{},
};
static struct troupe_class manager_class = { .name = "manager",
					     .init = manager_init,
					     .handlers = manager_handlers,
					     .child_stopped =
						     bench_child_ended };

/* With less the manager could not ask all of them once. */
static const char *refuse(void)
{
	return bench_get(SLOTS) < bench_get(PRODUCERS)
		       ? "slots must not be less than producers"
		       : NULL;
}

static int root(void)
{
	bench_items(bench_get(PRODUCERS) * bench_get(ITEMS));
	return bench_run_actor(&manager_class, NULL);
}

const struct bench bench_bndbuffer = {
	.name = "bndbuffer",
	.suite = "savina",
	.item = "items",
	.parameters = { [PRODUCERS] = { "producers",
					{ 5, 40, 40 },
					.most = 4095 },
			[CONSUMERS] = { "consumers",
					{ 5, 40, 40 },
					.most = 4095 },
			[ITEMS] = { "n", { 20, 1000, 5000 } },
			[COST] = { "cost", { 2, 25, 25 }, .most = 10000 },
			[SLOTS] = { "slots", { 10, 50, 50 }, .most = 4095 } },
	.classes = { &producer_class, &consumer_class, &manager_class },
	.refuses = refuse,
	.root = root,
};
