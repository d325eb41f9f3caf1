/* SPDX-License-Identifier: MIT */
/*
 * bencherl's ehb, after hackbench: groups of 20 senders and 20 receivers; every
 * sender sends about 104 bytes to each receiver of its group, and asks every
 * 100 rounds whether all have kept up.  Receivers answer only then, so a sender
 * waits for room of one that does not wait for it.
 */
#include "tests/bench/bench.h"

enum { GROUPS, ROUNDS, MEMBERS };
enum { ROUNDS_BETWEEN = 100 };

/* ---- a receiver ---------------------------------------------------------- */

static long taken;

static int take(const struct troupe_message *message)
{
	long all = bench_get(MEMBERS) * bench_get(ROUNDS);

	return ++taken < all ? 0 : TROUPE_STOP;
}

static int keeping_up(const struct troupe_message *message)
{
	Bench__Pong yes = BENCH__PONG__INIT;

	return bench_send(message->sender, &yes.base);
}

static const struct troupe_handler receiver_handlers[] = {
	{ &bench__text__descriptor, take },
	{ &bench__ping__descriptor, keeping_up },
	{},
};
static struct troupe_class receiver_class = { .name = "receiver",
					      .handlers = receiver_handlers };

/* ---- a sender ------------------------------------------------------------ */

static int ask_all(const Bench__Place *group)
{
	Bench__Ping ping = BENCH__PING__INIT;
	int r = 0;

	for (size_t i = 0; i < group->n_actors && r == 0; i++)
		r = bench_send(group->actors[i], &ping.base);
	for (size_t i = 0; i < group->n_actors && r == 0; i++)
		if (!bench_receive(&bench__pong__descriptor, NULL))
			r = -ECANCELED;
	return r;
}

static int send_all(const void *arguments)
{
	static char hundred[101];
	const Bench__Place *group = arguments;
	Bench__Text text = BENCH__TEXT__INIT;
	int r = 0;

	for (int i = 0; i < 100; i++)
		hundred[i] = 'x';
	text.text = hundred;
	for (text.number = 1; text.number <= bench_get(ROUNDS) && r == 0;
	     text.number++) {
		bool is_time = text.number % ROUNDS_BETWEEN == 0 &&
			       text.number < bench_get(ROUNDS);

		for (size_t i = 0; i < group->n_actors && r == 0; i++)
			r = bench_send(group->actors[i], &text.base);
		if (is_time && r == 0)
			r = ask_all(group);
	}
	return r;
}

static struct troupe_class sender_class = { .name = "sender", .run = send_all };

/* ---- a group ------------------------------------------------------------- */

static int group(const void *arguments)
{
	Bench__Place place = BENCH__PLACE__INIT;
	long members = bench_get(MEMBERS);
	troupe_ref *receivers, sender;
	int r = bench_spawn_each(&receiver_class, members, &receivers);

	place.n_actors = (size_t)members;
	place.actors = receivers;
	for (long i = 0; i < members && r == 0; i++)
		r = troupe_spawn(&sender_class, &place.base, &sender);
	return r < 0 ? r : bench_wait_each(receivers, members);
}

static struct troupe_class group_class = { .name = "group", .run = group };

static int root(void)
{
	long groups = bench_get(GROUPS);
	troupe_ref *refs;
	int r = bench_spawn_each(&group_class, groups, &refs);

	bench_items(groups * bench_get(MEMBERS) * bench_get(MEMBERS) *
		    bench_get(ROUNDS));
	return r < 0 ? r : bench_wait_each(refs, groups);
}

const struct bench bench_ehb = {
	.name = "ehb",
	.suite = "bencherl",
	.item = "messages",
	.parameters = { [GROUPS] = { "groups",
				     { 1, 2, 8 },
				     .most = BENCH_ACTORS_MOST },
			[ROUNDS] = { "rounds", { 105, 3000, 3000 } },
			[MEMBERS] = { "members",
				      { 4, 20, 20 },
				      .most = BENCH_ACTORS_MOST } },
	.classes = { &receiver_class, &sender_class, &group_class },
	.root = root,
};
