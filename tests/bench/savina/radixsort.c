/* SPDX-License-Identifier: MIT */
/*
 * Savina 22, Radix Sort: a chain of actors, one for each bit.  Each passes on
 * what has a 0 there at once, and what has a 1 when all have come.  A chain has
 * no circle, so waiting for room is safe.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { COUNT, BITS };
enum { SEED = 2048 };

static int pass(troupe_ref to, int64_t value)
{
	Bench__Ping number = BENCH__PING__INIT;

	number.number = value;
	return bench_send(to, &number.base);
}

/* ---- a bit --------------------------------------------------------------- */

static int64_t bit;
static troupe_ref next;
static int64_t *kept;
static long taken, kept_count;

static int take(const struct troupe_message *message)
{
	int64_t value = ((const Bench__Ping *)message->body)->number;
	int r = 0;

	if (value >> bit & 1)
		kept[kept_count++] = value;
	else
		r = pass(next, value);
	if (++taken < bench_get(COUNT) || r < 0)
		return r;
	for (long i = 0; i < kept_count && r == 0; i++)
		r = pass(next, kept[i]);
	return r < 0 ? r : TROUPE_STOP;
}

static int bit_init(const void *arguments)
{
	const Bench__Place *place = arguments;

	bit = place->index;
	next = place->to;
	kept = calloc((size_t)bench_get(COUNT), sizeof(*kept));
	return kept ? 0 : -ENOMEM;
}

static const struct troupe_handler bit_handlers[] = {
	{ &bench__ping__descriptor, take },
	{},
};
static struct troupe_class bit_class = { .name = "bit",
					 .init = bit_init,
					 .handlers = bit_handlers };

/* ---- the end of the chain ------------------------------------------------ */

static int check(const struct troupe_message *message)
{
	static int64_t before, sum;
	static long count;
	int64_t value = ((const Bench__Ping *)message->body)->number;
	uint32_t state = SEED;

	if (value < before)
		bench_fail("%lld comes after %lld", (long long)value,
			   (long long)before);
	before = value;
	sum += value;
	if (++count < bench_get(COUNT))
		return 0;
	if (count == 100000)
		bench_expect("the suite's sum", sum, 3275789328);
	for (long i = 0; i < count; i++)
		sum -= bench_random(&state);
	bench_expect("difference of the sums", sum, 0);
	return TROUPE_STOP;
}

static const struct troupe_handler check_handlers[] = {
	{ &bench__ping__descriptor, check },
	{},
};
static struct troupe_class check_class = { .name = "check",
					   .handlers = check_handlers };

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	uint32_t state = SEED;
	troupe_ref last;
	struct troupe_end end;
	int r = troupe_spawn(&check_class, NULL, &last);

	place.to = last;
	for (place.index = bench_get(BITS) - 1; place.index >= 0 && r == 0;
	     place.index--)
		r = troupe_spawn(&bit_class, &place.base, &place.to);
	for (long i = 0; i < bench_get(COUNT) && r == 0; i++)
		r = pass(place.to, bench_random(&state));
	if (r == 0)
		r = troupe_wait(last, TROUPE_NEVER, &end);
	bench_items(bench_get(COUNT) * (bench_get(BITS) + 1));
	return r < 0 ? r : bench_child_ended(&end);
}

/* Numbers have 16 bits. */
const struct bench bench_radixsort = {
	.name = "radixsort",
	.suite = "savina",
	.item = "messages",
	.parameters = { [COUNT] = { "n",
				    { 200, 100000, 400000 },
				    .most = 100000000 },
			[BITS] = { "bits", { 20, 60, 60 }, 16, 62 } },
	.classes = { &bit_class, &check_class },
	.root = root,
};
