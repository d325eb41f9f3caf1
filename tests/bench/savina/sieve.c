/* SPDX-License-Identifier: MIT */
/*
 * Savina 25, Sieve of Eratosthenes: a chain that grows as primes are found.
 * Each filter has some primes and starts the next one when it is full.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { LIMIT, PRIMES };

static troupe_ref next;
static int64_t *prime;
static long prime_count;

static bool is_divided(int64_t candidate)
{
	for (long i = 0; i < prime_count; i++)
		if (candidate % prime[i] == 0)
			return true;
	return false;
}

static struct troupe_class filter_class;

static int take(const Bench__Ping *candidate, int64_t self_index)
{
	Bench__Place place = BENCH__PLACE__INIT;
	int r = 0;

	if (is_divided(candidate->number))
		return 0;
	if (prime_count < bench_get(PRIMES)) {
		prime[prime_count++] = candidate->number;
		return 0;
	}
	place.index = self_index + 1;
	if (!next)
		r = troupe_spawn(&filter_class, &place.base, &next);
	return r < 0 ? r : bench_send(next, &candidate->base);
}

/* Says the primes of this filter and of those after it. */
static int finish(void)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	Bench__Result result = BENCH__RESULT__INIT;
	const Bench__Result *further;
	int r;

	result.value = prime_count;
	if (next) {
		r = bench_send(next, &stop.base);
		if (r < 0)
			return r;
		further = bench_receive(&bench__result__descriptor, NULL);
		if (!further)
			return -ECANCELED;
		result.value += further->value;
		result.real += further->real;
	}
	result.real += 1;
	return bench_send(troupe_parent(), &result.base);
}

static int filter(const void *arguments)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &bench__ping__descriptor },
		{ .type = &bench__stop__descriptor },
	};
	int64_t self_index = ((const Bench__Place *)arguments)->index;
	struct troupe_message message;
	int r;

	prime = calloc((size_t)bench_get(PRIMES), sizeof(*prime));
	if (!prime)
		return -ENOMEM;
	while ((r = troupe_receive(wanted, 2, TROUPE_NEVER, &message)) == 0) {
		r = take(message.body, self_index);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : finish();
}

static struct troupe_class filter_class = { .name = "filter", .run = filter };

static int64_t count_primes(long limit)
{
	bool *is_composite = calloc((size_t)limit, sizeof(*is_composite));
	int64_t count = 0;

	for (long i = 2; is_composite && i < limit; i++) {
		if (is_composite[i])
			continue;
		count++;
		for (long j = 2 * i; j < limit; j += i)
			is_composite[j] = true;
	}
	free(is_composite);
	return count;
}

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	Bench__Ping candidate = BENCH__PING__INIT;
	Bench__Stop stop = BENCH__STOP__INIT;
	const Bench__Result *result;
	troupe_ref first;
	int r = troupe_spawn(&filter_class, &place.base, &first);

	candidate.number = 2;
	if (r == 0)
		r = bench_send(first, &candidate.base);
	for (candidate.number = 3;
	     candidate.number < bench_get(LIMIT) && r == 0;
	     candidate.number += 2)
		r = bench_send(first, &candidate.base);
	if (r == 0)
		r = bench_send(first, &stop.base);
	if (r < 0)
		return r;
	result = bench_receive(&bench__result__descriptor, NULL);
	if (!result)
		return -ECANCELED;
	bench_stop();
	bench_expect("primes", result->value, count_primes(bench_get(LIMIT)));
	bench_figure("filters", result->real);
	bench_items(bench_get(LIMIT) / 2);
	return 0;
}

/* 9,592 primes below 100,000, 25,997 below 300,000. */
const struct bench bench_sieve = {
	.name = "sieve",
	.suite = "savina",
	.item = "candidates",
	.parameters = { [LIMIT] = { "n",
				    { 2000, 300000, 1000000 },
				    3,
				    1000000000 },
			[PRIMES] = { "primes",
				     { 100, 1000, 1000 },
				     .most = 1000000 } },
	.classes = { &filter_class },
	.root = root,
};
