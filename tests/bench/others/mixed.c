/* SPDX-License-Identifier: MIT */
/*
 * CAF's mixed_case: rings that are built, used once and thrown away, while a
 * worker beside each factors a number.
 */
#include "tests/bench/bench.h"

enum { RINGS, SIZE, TOKEN, TIMES };
enum { MEMBERS_MOST = 256 };

static const int64_t semiprime = INT64_C(1000003) * 1000033;

/* ---- the worker ---------------------------------------------------------- */

static int factor(const struct troupe_message *message)
{
	int64_t n = ((const Bench__Ping *)message->body)->number, divisor = 3;
	Bench__Pong pong = BENCH__PONG__INIT;

	while (n % divisor)
		divisor += 2;
	pong.number = divisor;
	return bench_send(message->sender, &pong.base);
}

static const struct troupe_handler worker_handlers[] = {
	{ &bench__ping__descriptor, factor },
	{},
};
static struct troupe_class worker_class = { .name = "worker",
					    .handlers = worker_handlers };

/* ---- a member of a ring -------------------------------------------------- */

static troupe_ref next;

static int pass(const struct troupe_message *message)
{
	Bench__Token token = BENCH__TOKEN__INIT;

	token.left = ((const Bench__Token *)message->body)->left - 1;
	return bench_send(next, &token.base);
}

static int member_init(const void *arguments)
{
	next = ((const Bench__Place *)arguments)->to;
	return 0;
}

static const struct troupe_handler member_handlers[] = {
	{ &bench__token__descriptor, pass },
	{},
};
static struct troupe_class member_class = { .name = "member",
					    .init = member_init,
					    .handlers = member_handlers };

/* ---- the master of a ring ------------------------------------------------ */

/* The ring is closed by the master, in whom the token ends. */
static int go_round(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	Bench__Token token = BENCH__TOKEN__INIT;
	const Bench__Token *back;
	long size = bench_get(SIZE);
	troupe_ref ref = troupe_self();
	troupe_ref members[MEMBERS_MOST];
	int r = size <= MEMBERS_MOST ? 0 : -EINVAL;

	for (long i = 0; i < size - 1 && r == 0; i++) {
		place.to = ref;
		r = troupe_spawn(&member_class, &place.base, &ref);
		members[i] = ref;
	}
	token.left = bench_get(TOKEN);
	while (token.left > 0 && r == 0) {
		r = bench_send(ref, &token.base);
		if (r < 0)
			break;
		back = bench_receive(&bench__token__descriptor, NULL);
		if (!back)
			return -ECANCELED;
		token.left = back->left - 1;
	}
	for (long i = 0; i < size - 1 && r == 0; i++)
		r = troupe_stop(members[i]);
	return r < 0 ? r : bench_wait_each(members, size - 1);
}

static int ring(const void *arguments)
{
	Bench__Ping task = BENCH__PING__INIT;
	const Bench__Pong *answer;
	troupe_ref worker;
	int r = troupe_spawn(&worker_class, NULL, &worker);

	task.number = semiprime;
	for (long i = 0; i < bench_get(TIMES) && r == 0; i++) {
		r = bench_send(worker, &task.base);
		if (r == 0)
			r = go_round();
	}
	for (long i = 0; i < bench_get(TIMES) && r == 0; i++) {
		answer = bench_receive(&bench__pong__descriptor, NULL);
		if (!answer)
			return -ECANCELED;
		bench_expect("factor", answer->number, 1000003);
	}
	return r;
}

static struct troupe_class ring_class = { .name = "ring", .run = ring };

static int root(void)
{
	troupe_ref *refs;
	int r = bench_spawn_each(&ring_class, bench_get(RINGS), &refs);

	bench_items(bench_get(RINGS) * bench_get(TIMES));
	return r < 0 ? r : bench_wait_each(refs, bench_get(RINGS));
}

const struct bench bench_mixed_case = {
	.name = "mixed_case",
	.suite = "caf",
	.item = "rings",
	.parameters = { [RINGS] = { "rings",
				    { 2, 20, 40 },
				    .most = BENCH_ACTORS_MOST },
			[SIZE] = { "size", { 5, 50, 50 }, 2, MEMBERS_MOST },
			[TOKEN] = { "token", { 50, 1000, 1000 } },
			[TIMES] = { "times", { 1, 2, 4 } } },
	.classes = { &worker_class, &member_class, &ring_class },
	.root = root,
};
