/* SPDX-License-Identifier: MIT */
/* Savina 8, Fibonacci: a tree of actors, of which most are leaves. */
#include "tests/bench/bench.h"

enum { NUMBER };

static int fib(const void *arguments)
{
	int64_t n = ((const Bench__Place *)arguments)->index;
	Bench__Place place = BENCH__PLACE__INIT;
	Bench__Result result = BENCH__RESULT__INIT;
	const Bench__Result *part;
	troupe_ref ref;
	int r = 0;

	result.value = n <= 2;
	for (int i = 1; n > 2 && i <= 2 && r == 0; i++) {
		place.index = n - i;
		r = troupe_spawn_function(fib, &place.base, &ref);
	}
	for (int i = 1; n > 2 && i <= 2 && r == 0; i++) {
		part = bench_receive(&bench__result__descriptor, NULL);
		if (!part)
			return -ECANCELED;
		result.value += part->value;
	}
	return r < 0 ? r : bench_send(troupe_parent(), &result.base);
}

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	const Bench__Result *result;
	int64_t a = 0, b = 1;
	troupe_ref ref;
	int r;

	place.index = bench_get(NUMBER);
	r = troupe_spawn_function(fib, &place.base, &ref);
	if (r < 0)
		return r;
	result = bench_receive(&bench__result__descriptor, NULL);
	if (!result)
		return -ECANCELED;
	for (long i = 0; i < bench_get(NUMBER); i++) {
		int64_t sum = a + b;

		a = b;
		b = sum;
	}
	bench_expect("number", result->value, a);
	bench_items(2 * a - 1);
	return 0;
}

const struct bench bench_fib = {
	.name = "fib",
	.suite = "savina",
	.item = "actors",
	.parameters = { [NUMBER] = { "n", { 9, 16, 20 }, .most = 24 } },
	.root = root,
};
