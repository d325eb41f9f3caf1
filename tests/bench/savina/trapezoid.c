/* SPDX-License-Identifier: MIT */
/* Savina 28, Trapezoidal Approximation: computing, and next to no messages. */
#include <math.h>
#include "tests/bench/bench.h"

enum { PIECES, WORKERS };

static const double left = 1, right = 5;

static double f(double x)
{
	return sin(pow(x, 3) - 1) / (x + 1) * sqrt(1 + exp(sqrt(2 * x)));
}

static double integrate(long from, long to)
{
	double width = (right - left) / (double)bench_get(PIECES), sum = 0;

	for (long i = from; i < to; i++) {
		double x = left + (double)i * width;

		sum += width * (f(x) + f(x + width)) / 2;
	}
	return sum;
}

static int work(const void *arguments)
{
	const Bench__Place *place = arguments;
	Bench__Result result = BENCH__RESULT__INIT;
	long pieces = bench_get(PIECES);

	bench_side((int)place->index);
	result.real = integrate(place->index * pieces / place->count,
				(place->index + 1) * pieces / place->count);
	return bench_send(troupe_parent(), &result.base);
}

static struct troupe_class worker_class = { .name = "worker", .run = work };

static int root(void)
{
	const Bench__Result *result;
	troupe_ref *refs;
	double sum = 0;
	int r = bench_spawn_each(&worker_class, bench_get(WORKERS), &refs);

	for (long i = 0; i < bench_get(WORKERS) && r == 0; i++) {
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		sum += result->real;
	}
	bench_expect_near("integral", sum, 0.27108075195,
			  bench_get(PIECES) >= 200000 ? 1e-8 : 1e-4);
	bench_items(bench_get(PIECES));
	return r;
}

const struct bench bench_trapezoid = {
	.name = "trapezoid",
	.suite = "savina",
	.item = "pieces",
	.parameters = { [PIECES] = { "n",
				     { 200000, 10000000, 100000000 },
				     .least = 1000 },
			[WORKERS] = { "workers",
				      { 4, 100, 100 },
				      .most = BENCH_ACTORS_MOST } },
	.classes = { &worker_class },
	.root = root,
};
