/* SPDX-License-Identifier: MIT */
/*
 * Many to one: CAF's mailbox_performance and bencherl's bang, which are the
 * same in other sizes; and the other way round, one to many.  The receivers
 * send nothing, so waiting for room is safe.
 */
#include "tests/bench/bench.h"

enum { SENDERS, EACH };
enum { ALL = EACH }; /* of all senders together */

/* ---- many to one --------------------------------------------------------- */

static int send_all(const void *arguments)
{
	Bench__Ping ping = BENCH__PING__INIT;
	const Bench__Place *told =
		bench_receive(&bench__place__descriptor, NULL);
	troupe_ref to;
	int64_t each;
	int r = 0;

	if (!told)
		return -ECANCELED;
	to = told->to;
	each = told->count;
	for (; ping.number < each && r == 0; ping.number++)
		r = bench_send(to, &ping.base);
	return r;
}

static struct troupe_class sender_class = { .name = "sender", .run = send_all };

static int64_t received, sum, each;

static int take(const struct troupe_message *message)
{
	int64_t all = bench_get(SENDERS) * each;

	sum += ((const Bench__Ping *)message->body)->number;
	if (++received < all)
		return 0;
	bench_stop();
	bench_expect("sum", sum, bench_get(SENDERS) * (each * (each - 1) / 2));
	return TROUPE_STOP;
}

static int learn(const void *arguments)
{
	each = ((const Bench__Place *)arguments)->count;
	return 0;
}

static const struct troupe_handler takers[] = {
	{ &bench__ping__descriptor, take },
	{},
};
static struct troupe_class receiver_class = { .name = "receiver",
					      .init = learn,
					      .handlers = takers };

/* All are alive before the first is told to begin. */
static int many_to_one(long of_each)
{
	Bench__Place place = BENCH__PLACE__INIT;
	long senders = bench_get(SENDERS);
	troupe_ref *refs;
	int r;

	place.count = of_each;
	r = troupe_spawn(&receiver_class, &place.base, &place.to);
	if (r == 0)
		r = bench_spawn_each(&sender_class, senders, &refs);
	bench_start();
	for (long i = 0; i < senders && r == 0; i++)
		r = bench_send(refs[i], &place.base);
	bench_items(senders * of_each);
	return r < 0 ? r : bench_wait_each(&place.to, 1);
}

static int as_many_of_each(void)
{
	return many_to_one(bench_get(EACH));
}

static int as_many_in_all(void)
{
	return many_to_one(bench_get(ALL) / bench_get(SENDERS));
}

const struct bench bench_mailbox_performance = {
	.name = "mailbox_performance",
	.suite = "caf",
	.item = "messages",
	.parameters = { [SENDERS] = { "senders",
				      { 5, 20, 100 },
				      .most = BENCH_ACTORS_MOST },
			[EACH] = { "n", { 500, 300000, 1000000 } } },
	.classes = { &sender_class, &receiver_class },
	.root = as_many_of_each,
};

const struct bench bench_bang = {
	.name = "bang",
	.suite = "bencherl",
	.item = "messages",
	.parameters = { [SENDERS] = { "senders",
				      { 16, 64, 512 },
				      .most = BENCH_ACTORS_MOST },
			[EACH] = { "n", { 100, 50000, 50000 } } },
	.classes = { &sender_class, &receiver_class },
	.root = as_many_of_each,
};

/* ---- one to many --------------------------------------------------------- */

static int count(const struct troupe_message *message)
{
	bench_expect("number", ((const Bench__Ping *)message->body)->number,
		     received);
	return ++received < bench_get(EACH) ? 0 : TROUPE_STOP;
}

static const struct troupe_handler counters[] = {
	{ &bench__ping__descriptor, count },
	{},
};
static struct troupe_class listener_class = { .name = "listener",
					      .handlers = counters };

static int one_to_many(void)
{
	Bench__Ping ping = BENCH__PING__INIT;
	long listeners = bench_get(SENDERS);
	troupe_ref *refs;
	int r = bench_spawn_each(&listener_class, listeners, &refs);

	bench_start();
	for (; ping.number < bench_get(EACH); ping.number++)
		for (long i = 0; i < listeners && r == 0; i++)
			r = bench_send(refs[i], &ping.base);
	bench_items(listeners * bench_get(EACH));
	return r < 0 ? r : bench_wait_each(refs, listeners);
}

const struct bench bench_fanout = {
	.name = "fanout",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [SENDERS] = { "receivers",
				      { 4, 64, 64 },
				      .most = BENCH_ACTORS_MOST },
			[EACH] = { "n", { 500, 5000, 50000 } } },
	.classes = { &listener_class },
	.root = one_to_many,
};

const struct bench bench_fanin = {
	.name = "fanin",
	.suite = "troupe",
	.item = "messages",
	.parameters = { [SENDERS] = { "senders", { 4, 4, 64 }, .most = 256 },
			[ALL] = { "n",
				  { 1000, 2000000, 10000000 },
				  .least = 256 } },
	.sweep = { 4, 64 },
	.classes = { &sender_class, &receiver_class },
	.root = as_many_in_all,
};
