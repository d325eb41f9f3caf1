/* SPDX-License-Identifier: MIT */
/*
 * Savina 15, Logistic Map Series: a worker that waits for one answer leaves
 * the orders that come meanwhile for later: selective receive.  Master, worker
 * and computer form no circle of senders that wait.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { TERMS, SERIES };

static double rate_of(int64_t index)
{
	return 3.46 + (double)index * 0.0025;
}

static double next_term(double rate, double term)
{
	return rate * term * (1 - term);
}

static double rate;

static int compute(const struct troupe_message *message)
{
	const Bench__Term *term = message->body;
	Bench__Answer answer = BENCH__ANSWER__INIT;

	answer.value = next_term(rate, term->value);
	return bench_send(message->sender, &answer.base);
}

static int computer_init(const void *arguments)
{
	rate = rate_of(((const Bench__Place *)arguments)->index);
	return 0;
}

static const struct troupe_handler computer_handlers[] = {
	{ &bench__term__descriptor, compute },
	{},
};
static struct troupe_class computer_class = { .name = "computer",
					      .init = computer_init,
					      .handlers = computer_handlers };

static int report(double term, int64_t count)
{
	Bench__Result result = BENCH__RESULT__INIT;

	result.real = term;
	result.value = count;
	return bench_send(troupe_parent(), &result.base);
}

static int work(const void *arguments)
{
	static const struct troupe_pattern orders[] = {
		{ .type = &bench__next__descriptor },
		{ .type = &bench__stop__descriptor },
	};
	const Bench__Place *place = arguments;
	Bench__Term term = BENCH__TERM__INIT;
	const Bench__Answer *answer;
	struct troupe_message message;
	int64_t count = 0;
	int r;

	term.value = (double)place->index * 0.0025;
	while ((r = troupe_receive(orders, 2, TROUPE_NEVER, &message)) == 0) {
		r = bench_send(place->to, &term.base);
		if (r < 0)
			return r;
		answer = bench_receive(&bench__answer__descriptor, NULL);
		if (!answer)
			return -ECANCELED;
		term.value = answer->value;
		count++;
	}
	return r < 0 ? r : report(term.value, count);
}

static struct troupe_class worker_class = { .name = "series", .run = work };

static int send_orders(const troupe_ref *workers, long count)
{
	Bench__Next next = BENCH__NEXT__INIT;
	Bench__Stop stop = BENCH__STOP__INIT;
	int r = 0;

	for (long t = 0; t < bench_get(TERMS); t++)
		for (long i = 0; i < count && r == 0; i++)
			r = bench_send(workers[i], &next.base);
	for (long i = 0; i < count && r == 0; i++)
		r = bench_send(workers[i], &stop.base);
	return r;
}

/*
 * The sum is the same for most numbers of terms, so they are counted too.
 * Ten series end in a circle of four terms: any multiple of four of them gives
 * the suite's own value.
 */
enum { SUITE_SERIES = 10, CIRCLE = 4 };
static const double suite_sum = 6.387835144604;

static double model(long series)
{
	double sum = 0;

	for (long i = 0; i < series; i++) {
		double term = (double)i * 0.0025;

		for (long t = 0; t < bench_get(TERMS); t++)
			term = next_term(rate_of(i), term);
		sum += term;
	}
	return sum;
}

static int root(void)
{
	long series = bench_get(SERIES);
	troupe_ref *workers = calloc((size_t)series, sizeof(*workers));
	Bench__Place place = BENCH__PLACE__INIT;
	const Bench__Result *result;
	double sum = 0;
	int r = workers ? 0 : -ENOMEM;

	for (place.index = 0; place.index < series && r == 0; place.index++) {
		r = troupe_spawn(&computer_class, &place.base, &place.to);
		if (r == 0)
			r = troupe_spawn(&worker_class, &place.base,
					 &workers[place.index]);
	}
	if (r == 0)
		r = send_orders(workers, series);
	for (long i = 0; i < series && r == 0; i++) {
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		sum += result->real;
		bench_expect("terms", result->value, bench_get(TERMS));
	}
	bench_stop();
	bench_expect_near("sum", sum, model(series), 1e-9);
	if (series == SUITE_SERIES && bench_get(TERMS) >= 2500 &&
	    bench_get(TERMS) % CIRCLE == 0)
		bench_expect_near("the suite's sum", sum, suite_sum, 1e-9);
	bench_items(series * bench_get(TERMS));
	return r;
}

const struct bench bench_logmap = {
	.name = "logmap",
	.suite = "savina",
	.item = "terms",
	.parameters = { [TERMS] = { "n", { 200, 25000, 100000 } },
			[SERIES] = { "series", { 4, 10, 10 }, .most = 200 } },
	.classes = { &computer_class, &worker_class },
	.root = root,
};
