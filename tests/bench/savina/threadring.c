/* SPDX-License-Identifier: MIT */
/*
 * Savina 5, Thread Ring, which was the thread-ring of the Benchmarks Game: one
 * token goes round, so one actor can run at a time
 * and all there is is the cost of waking the next.  Each learns its successor
 * by a message, since a ring cannot be closed at birth.
 */
#include <stdatomic.h>
#include "tests/bench/bench.h"

enum { ACTORS, HOPS };

static long index_here;
static troupe_ref next;

static int pass(int64_t left)
{
	Bench__Token token = BENCH__TOKEN__INIT;

	token.left = left;
	return bench_send(next, &token.base);
}

static int learn(const struct troupe_message *message)
{
	const Bench__Place *place = message->body;

	next = place->to;
	return index_here == 0 ? pass(bench_get(HOPS) - 1) : 0;
}

/* Below zero it counts those that have ended. */
static int take_token(const struct troupe_message *message)
{
	int64_t left = ((const Bench__Token *)message->body)->left;
	int r;

	if (left > 0)
		return pass(left - 1);
	if (left == 0)
		*(_Atomic long *)bench_shared() = index_here + 1;
	if (left == -bench_get(ACTORS))
		return TROUPE_STOP;
	r = pass(left - 1);
	/* The last Exit goes to one that may have ended. */
	return r < 0 && r != -ESRCH ? r : TROUPE_STOP;
}

static int member_init(const void *arguments)
{
	index_here = ((const Bench__Place *)arguments)->index;
	bench_side((int)index_here);
	return 0;
}

static const struct troupe_handler member_handlers[] = {
	{ &bench__place__descriptor, learn },
	{ &bench__token__descriptor, take_token },
	{},
};
static struct troupe_class member_class = { .name = "member",
					    .init = member_init,
					    .handlers = member_handlers };

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	long actors = bench_get(ACTORS);
	troupe_ref *refs;
	int r = bench_spawn_each(&member_class, actors, &refs);

	/* The first, which begins, is told last. */
	for (long i = actors - 1; i >= 0 && r == 0; i--) {
		place.to = refs[(i + 1) % actors];
		r = bench_send(refs[i], &place.base);
	}
	bench_start();
	if (r == 0)
		r = bench_wait_each(refs, actors);
	bench_stop();
	place.count = *(_Atomic long *)bench_shared();
	bench_expect("the last", place.count, bench_get(HOPS) % actors + 1);
	bench_figure("last", (double)place.count);
	bench_items(bench_get(HOPS));
	return r;
}

/* 3 more than a multiple of the actors: the last is not the first. */
const struct bench bench_threadring = {
	.name = "threadring",
	.suite = "savina",
	.item = "hops",
	.parameters = { [ACTORS] = { "actors",
				     { 20, 100, 1000 },
				     .most = BENCH_ACTORS_MOST },
			[HOPS] = { "hops", { 1003, 100003, 1000003 } } },
	.classes = { &member_class },
	.root = root,
};

/* Names begin with 1: after 1,000 hops 498 has the 0, after 50,000,000 292. */
const struct bench bench_thread_ring = {
	.name = "thread_ring",
	.suite = "game",
	.item = "hops",
	.parameters = { [ACTORS] = { "actors",
				     { 31, 503, 503 },
				     .most = BENCH_ACTORS_MOST },
			[HOPS] = { "n", { 1000, 50000, 500000 } } },
	.classes = { &member_class },
	.root = root,
};
