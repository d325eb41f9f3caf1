/* SPDX-License-Identifier: MIT */
/*
 * Savina 30, Successive Over-Relaxation: a chess-board of actors.  White cells
 * are computed from black ones and black ones from white ones, so that no
 * neighbour can be ahead, and the result is that of one thread, bit by bit.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { WIDTH, ROUNDS };
enum { SEED = 74755, NEIGHBOURS_MOST = 4 };

static const double omega = 1.25;

/* The first values of all cells. */
static void draw(double *cell, long count)
{
	uint32_t state = SEED;

	for (long i = 0; i < count; i++)
		cell[i] = 1e-6 / (bench_random(&state) + 1);
}

static bool is_black(long place, long width)
{
	return (place / width + place % width) % 2;
}

/* Up, down, left, right: those that exist; their places. */
static int find_neighbours(long place, long width, long neighbour[])
{
	int count = 0;

	if (place >= width)
		neighbour[count++] = place - width;
	if (place < width * (width - 1))
		neighbour[count++] = place + width;
	if (place % width > 0)
		neighbour[count++] = place - 1;
	if (place % width < width - 1)
		neighbour[count++] = place + 1;
	return count;
}

static double relaxed(double value, double sum)
{
	return 0.25 * omega * sum + (1 - omega) * value;
}

/* ---- a cell -------------------------------------------------------------- */

static troupe_ref around[NEIGHBOURS_MOST];
static int around_count;

static int tell(double value)
{
	Bench__Item item = BENCH__ITEM__INIT;

	item.value = value;
	for (int i = 0; i < around_count; i++) {
		int r = bench_send(around[i], &item.base);

		/* A cell that has had all its rounds may be gone. */
		if (r < 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

/* The sum of the neighbours, in their order and not in that of arrival. */
static int hear(double *ret_sum)
{
	*ret_sum = 0;
	for (int i = 0; i < around_count; i++) {
		const struct troupe_pattern wanted = {
			.type = &bench__item__descriptor, .sender = around[i]
		};
		struct troupe_message message;
		int r = troupe_receive(&wanted, 1, TROUPE_NEVER, &message);

		if (r < 0)
			return r;
		*ret_sum += ((const Bench__Item *)message.body)->value;
	}
	return 0;
}

static int live(long place, double value)
{
	bool black = is_black(place, bench_get(WIDTH));
	Bench__Result result = BENCH__RESULT__INIT;
	double sum;
	int r = black ? tell(value) : 0;

	for (long i = black; i < bench_get(ROUNDS) && r == 0; i++) {
		r = hear(&sum);
		if (r < 0)
			break;
		value = relaxed(value, sum);
		r = tell(value);
	}
	result.value = place;
	result.real = value;
	return r < 0 ? r : bench_send(troupe_parent(), &result.base);
}

static int cell(const void *arguments)
{
	long place = ((const Bench__Place *)arguments)->index;
	const Bench__Place *told =
		bench_receive(&bench__place__descriptor, NULL);
	double *value = calloc((size_t)place + 1, sizeof(*value));

	if (!told || !value)
		return -ECANCELED;
	draw(value, place + 1);
	around_count = (int)told->n_actors;
	for (int i = 0; i < around_count; i++)
		around[i] = told->actors[i];
	return live(place, value[place]);
}

static struct troupe_class cell_class = { .name = "cell", .run = cell };

/* ---- the board ----------------------------------------------------------- */

static void model(double *value, long width)
{
	draw(value, width * width);
	for (long i = 0; i < 2 * bench_get(ROUNDS) - 1; i++) {
		for (long p = 0; p < width * width; p++) {
			long n[NEIGHBOURS_MOST];
			double sum = 0;
			int count;

			if (is_black(p, width) != (i % 2 == 1))
				continue;
			count = find_neighbours(p, width, n);
			for (int k = 0; k < count; k++)
				sum += value[n[k]];
			value[p] = relaxed(value[p], sum);
		}
	}
}

static int introduce(const troupe_ref *refs, long width)
{
	Bench__Place place = BENCH__PLACE__INIT;
	troupe_ref near[NEIGHBOURS_MOST];
	int r = 0;

	place.actors = near;
	for (long p = 0; p < width * width && r == 0; p++) {
		long n[NEIGHBOURS_MOST];

		place.n_actors = (size_t)find_neighbours(p, width, n);
		for (size_t i = 0; i < place.n_actors; i++)
			near[i] = refs[n[i]];
		r = bench_send(refs[p], &place.base);
	}
	return r;
}

static int root(void)
{
	long width = bench_get(WIDTH), cells = width * width;
	double *expected = calloc((size_t)cells, sizeof(*expected));
	const Bench__Result *result;
	troupe_ref *refs;
	int r = expected ? 0 : -ENOMEM;

	if (r == 0)
		r = bench_spawn_each(&cell_class, cells, &refs);
	bench_start();
	if (r == 0)
		r = introduce(refs, width);
	if (r < 0)
		return r;
	model(expected, width);
	for (long i = 0; i < cells; i++) {
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		bench_expect_near("a cell", result->real,
				  expected[result->value], 0);
	}
	bench_items(4 * width * (width - 1) * bench_get(ROUNDS));
	return 0;
}

const struct bench bench_sor = {
	.name = "sor",
	.suite = "savina",
	.item = "messages",
	.parameters = { [WIDTH] = { "width", { 6, 20, 40 }, 2, 300 },
			[ROUNDS] = { "rounds", { 20, 100, 100 } } },
	.classes = { &cell_class },
	.root = root,
};
