/* SPDX-License-Identifier: MIT */
/*
 * examples/ring.c: a chain of actors is built, passes a token round once, and
 * ends.  Beside it, in the same run and before: as many bare forks of the same
 * program, all alive at a time.
 */
#include <stdlib.h>
#include <sys/types.h>
#include "tests/bench/bench.h"

enum { COUNT };

static int member(const void *arguments)
{
	const Bench__Place *place = arguments;
	Bench__Go go = BENCH__GO__INIT;
	Bench__Token next = BENCH__TOKEN__INIT;
	const Bench__Token *token;
	int r = bench_send(troupe_parent(), &go.base);

	if (r < 0)
		return r;
	token = bench_receive(&bench__token__descriptor, NULL);
	if (!token)
		return -ECANCELED;
	next.left = token->left - 1;
	return bench_send(place->to, &next.base);
}

static struct troupe_class member_class = { .name = "member", .run = member };

static int build(troupe_ref *refs, long count)
{
	Bench__Place place = BENCH__PLACE__INIT;
	int r = 0;

	place.to = troupe_self();
	for (long i = 0; i < count && r == 0; i++) {
		r = troupe_spawn(&member_class, &place.base, &refs[i]);
		place.to = refs[i];
	}
	for (long i = 0; i < count && r == 0; i++)
		if (!bench_receive(&bench__go__descriptor, NULL))
			r = -ECANCELED;
	return r;
}

static int go_round_and_end(const troupe_ref *refs, long count)
{
	Bench__Token token = BENCH__TOKEN__INIT;
	const Bench__Token *back;
	int r;

	token.left = count;
	r = bench_send(refs[count - 1], &token.base);
	if (r < 0)
		return r;
	back = bench_receive(&bench__token__descriptor, NULL);
	if (!back)
		return -ECANCELED;
	bench_expect("hops left", back->left, 0);
	return bench_wait_each(refs, count);
}

static int time_forks(long count, double *ret_us)
{
	pid_t *pids = calloc((size_t)count, sizeof(*pids));
	int64_t begin = troupe_now().ns;
	int r = pids ? bench_fork_idle(pids, count) : -ENOMEM;

	*ret_us = (double)(troupe_now().ns - begin) / 1e3;
	if (pids)
		bench_end_idle(pids, count);
	free(pids);
	return r;
}

static int ring(void)
{
	long count = bench_get(COUNT);
	troupe_ref *refs = calloc((size_t)count, sizeof(*refs));
	int64_t begin, built;
	double forks = 0;
	int r = refs ? bench_expect_room(count) : -ENOMEM;

	if (r == 0)
		r = time_forks(count, &forks);
	bench_start();
	begin = troupe_now().ns;
	if (r == 0)
		r = build(refs, count);
	built = troupe_now().ns;
	if (r == 0)
		r = go_round_and_end(refs, count);
	bench_stop();
	bench_items(count);
	free(refs);
	if (r < 0)
		return r;
	bench_figure("us a fork", forks / (double)count);
	bench_figure("us a spawn",
		     (double)(built - begin) / 1e3 / (double)count);
	bench_figure("x built", (double)(built - begin) / 1e3 / forks);
	bench_figure("x round and ends",
		     (double)(troupe_now().ns - built) / 1e3 / forks);
	return 0;
}

const struct bench bench_ring = {
	.name = "ring",
	.suite = "troupe",
	.item = "actors",
	.parameters = { [COUNT] = { "n",
				    { 100, 10000, 10000 },
				    .most = BENCH_ACTORS_MOST } },
	.classes = { &member_class },
	.root = ring,
};
