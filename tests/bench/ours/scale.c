/* SPDX-License-Identifier: MIT */
/*
 * The cost of one more actor among many: to start it, to keep it, and to pass a
 * token through it in a ring of all.  One table of 100, 1,000 and 10,000
 * processes; 30,000 where pid_max allows:
 *
 *	troupe-bench scale scale:n=30000
 */
#include "tests/bench/bench.h"

enum { COUNT, HOPS };

static troupe_ref next;

static int tell_parent(void)
{
	Bench__Go go = BENCH__GO__INIT;

	return bench_send(troupe_parent(), &go.base);
}

static int begin(const void *arguments)
{
	return tell_parent();
}

static int learn_next(const struct troupe_message *message)
{
	next = ((const Bench__Place *)message->body)->to;
	return tell_parent();
}

static int pass_on(const struct troupe_message *message)
{
	Bench__Token token = BENCH__TOKEN__INIT;

	token.left = ((const Bench__Token *)message->body)->left - 1;
	if (token.left > 0)
		return bench_send(next, &token.base);
	bench_stop();
	return tell_parent();
}

static const struct troupe_handler handlers[] = {
	{ &bench__place__descriptor, learn_next },
	{ &bench__token__descriptor, pass_on },
	{},
};
static struct troupe_class link_class = { .name = "link",
					  .init = begin,
					  .handlers = handlers };

static int wait_for(long count)
{
	while (count-- > 0)
		if (!bench_receive(&bench__go__descriptor, NULL))
			return -ECANCELED;
	return 0;
}

static int spawn_all(troupe_ref **ret_refs)
{
	long count = bench_get(COUNT), before = bench_memory_taken();
	struct troupe_time begun = troupe_now();
	int r = bench_spawn_each(&link_class, count, ret_refs);

	if (r == 0)
		r = wait_for(count);
	bench_figure("us a spawn", (double)(troupe_now().ns - begun.ns) / 1e3 /
					   (double)count);
	bench_figure("KiB of each",
		     (double)(bench_memory_taken() - before) / (double)count);
	return r;
}

static int close_ring(const troupe_ref *refs)
{
	Bench__Place place = BENCH__PLACE__INIT;
	long count = bench_get(COUNT);
	int r = 0;

	for (long i = 0; i < count && r == 0; i++) {
		place.to = refs[(i + 1) % count];
		r = bench_send(refs[i], &place.base);
	}
	return r < 0 ? r : wait_for(count);
}

static int go_round(troupe_ref first, long hops)
{
	Bench__Token token = BENCH__TOKEN__INIT;
	int r;

	token.left = hops;
	r = bench_send(first, &token.base);
	return r < 0 ? r : wait_for(1);
}

static int root(void)
{
	long count = bench_get(COUNT);
	troupe_ref *refs = NULL;
	int r = bench_expect_room(count);

	if (r == 0)
		r = spawn_all(&refs);
	if (r == 0)
		r = close_ring(refs);
	if (r == 0) /* each lane has its first record */
		r = go_round(refs[0], count);
	bench_start();
	if (r == 0)
		r = go_round(refs[0], bench_get(HOPS));
	bench_items(bench_get(HOPS));
	return r;
}

const struct bench bench_scale = {
	.name = "scale",
	.suite = "troupe",
	.item = "hops",
	.parameters = { [COUNT] = { "n",
				    { 100, 1000, 10000 },
				    2,
				    BENCH_ACTORS_MOST },
			[HOPS] = { "hops", { 1000, 50000, 200000 } } },
	.sweep = { 100, 1000, 10000 },
	.smoke_most = 100,
	.classes = { &link_class },
	.root = root,
};
