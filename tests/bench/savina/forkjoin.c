/* SPDX-License-Identifier: MIT */
/*
 * Savina 3 and 4, Fork Join: messages to many actors in turn; and many actors
 * with a message each.  A message is answered by no one, only worked on.
 */
#include <math.h>
#include "tests/bench/bench.h"

static void work(void)
{
	static volatile double argument = 37.2;
	static double sink;

	sink = sin(argument) * sin(argument);
	(void)sink;
}

/* ---- throughput ---------------------------------------------------------- */

enum { MESSAGES, ACTORS };

static int take(const struct troupe_message *message)
{
	static long taken;

	work();
	return ++taken < bench_get(MESSAGES) ? 0 : TROUPE_STOP;
}

static const struct troupe_handler takers[] = {
	{ &bench__next__descriptor, take },
	{},
};
static struct troupe_class taker_class = { .name = "taker",
					   .handlers = takers };

/* Takers send nothing, so waiting for room is safe. */
static int throughput(void)
{
	Bench__Next next = BENCH__NEXT__INIT;
	long actors = bench_get(ACTORS);
	troupe_ref *refs;
	int r = bench_spawn_each(&taker_class, actors, &refs);

	for (long n = 0; n < bench_get(MESSAGES); n++)
		for (long i = 0; i < actors && r == 0; i++)
			r = bench_send(refs[i], &next.base);
	if (r == 0)
		r = bench_wait_each(refs, actors);
	bench_items(actors * bench_get(MESSAGES));
	return r;
}

const struct bench bench_fjthrput = {
	.name = "fjthrput",
	.suite = "savina",
	.item = "messages",
	.parameters = { [MESSAGES] = { "n", { 100, 10000, 100000 } },
			[ACTORS] = { "actors",
				     { 20, 60, 60 },
				     .most = BENCH_ACTORS_MOST } },
	.classes = { &taker_class },
	.root = throughput,
};

/* ---- creation ------------------------------------------------------------ */

enum { CREATED, ALIVE };

static long created, ended;

static int take_one(const struct troupe_message *message)
{
	work();
	return TROUPE_STOP;
}

static const struct troupe_handler takers_of_one[] = {
	{ &bench__next__descriptor, take_one },
	{},
};
static struct troupe_class single_class = { .name = "single",
					    .handlers = takers_of_one };

static int create(void)
{
	Bench__Next next = BENCH__NEXT__INIT;
	troupe_ref ref;
	int r = troupe_spawn(&single_class, NULL, &ref);

	created++;
	return r < 0 ? r : bench_send(ref, &next.base);
}

static int one_ended(const struct troupe_end *end)
{
	int r = bench_child_ended(end);

	if (r < 0)
		return r;
	if (++ended == bench_get(CREATED)) {
		bench_expect("created", created, ended);
		return TROUPE_STOP;
	}
	return created < bench_get(CREATED) ? create() : 0;
}

static int creator_init(const void *arguments)
{
	int r = 0;

	while (created < bench_get(ALIVE) && created < bench_get(CREATED) &&
	       r == 0)
		r = create();
	return r;
}

static struct troupe_class creator_class = { .name = "creator",
					     .init = creator_init,
					     .child_stopped = one_ended };

static int creation(void)
{
	bench_items(bench_get(CREATED));
	return bench_run_actor(&creator_class, NULL);
}

/* Not all of them are alive at once, as they would be in one process. */
const struct bench bench_fjcreate = {
	.name = "fjcreate",
	.suite = "savina",
	.item = "actors",
	.parameters = { [CREATED] = { "n", { 200, 5000, 40000 } },
			[ALIVE] = { "alive",
				    { 64, 64, 2000 },
				    .most = BENCH_ACTORS_MOST } },
	.classes = { &single_class, &creator_class },
	.root = creation,
};
