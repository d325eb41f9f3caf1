/* SPDX-License-Identifier: MIT */
/*
 * Savina 7, Big: all play ping pong with all, one partner at a
 * time and drawn anew each time.
 *
 * Each waits for one answer at a time, so that no lane ever holds more than a
 * ping and a pong.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { PINGS, ACTORS };

static long self_index;
static troupe_ref sink;

/* ---- a player ------------------------------------------------------------ */

static troupe_ref *others;
static uint32_t draw;
static long known, left, target, pinged;

static int ping_next(void)
{
	Bench__Ping ping = BENCH__PING__INIT;
	Bench__Go done = BENCH__GO__INIT;

	if (left-- == 0)
		return bench_send(sink, &done.base);
	target = bench_random(&draw) % bench_get(ACTORS);
	ping.number = self_index;
	return bench_send(others[target], &ping.base);
}

/* Some of the others at a time; those who know all may begin before. */
static int learn(const struct troupe_message *message)
{
	const Bench__Place *place = message->body;

	for (size_t i = 0; i < place->n_actors; i++)
		others[known++] = place->actors[i];
	return known < bench_get(ACTORS) ? 0 : ping_next();
}

static int answer(const struct troupe_message *message)
{
	Bench__Pong pong = BENCH__PONG__INIT;

	pinged++;
	pong.number = self_index;
	return bench_send(message->sender, &pong.base);
}

static int take_pong(const struct troupe_message *message)
{
	bench_expect("who answers",
		     ((const Bench__Pong *)message->body)->number, target);
	return ping_next();
}

static int report(const struct troupe_message *message)
{
	Bench__Result result = BENCH__RESULT__INIT;
	int r;

	result.value = (self_index + 1) * pinged;
	r = bench_send(sink, &result.base);
	return r < 0 ? r : TROUPE_STOP;
}

static int player_init(const void *arguments)
{
	self_index = ((const Bench__Place *)arguments)->index;
	sink = troupe_parent();
	left = bench_get(PINGS);
	draw = (uint32_t)self_index;
	others = calloc((size_t)bench_get(ACTORS), sizeof(*others));
	return others ? 0 : -ENOMEM;
}

static const struct troupe_handler player_handlers[] = {
	{ &bench__place__descriptor, learn },
	{ &bench__ping__descriptor, answer },
	{ &bench__pong__descriptor, take_pong },
	{ &bench__stop__descriptor, report },
	{},
};
static struct troupe_class player_class = { .name = "player",
					    .init = player_init,
					    .handlers = player_handlers };

/* ---- the sink ------------------------------------------------------------ */

/* Sum of (index + 1) * pings received, as the generator alone says it. */
static int64_t model(void)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < bench_get(ACTORS); i++) {
		uint32_t state = i;

		for (long n = 0; n < bench_get(PINGS); n++)
			sum += bench_random(&state) % bench_get(ACTORS) + 1;
	}
	return sum;
}

static int send_all(const troupe_ref *refs, const ProtobufCMessage *message)
{
	int r = 0;

	for (long i = 0; i < bench_get(ACTORS) && r == 0; i++)
		r = bench_send(refs[i], message);
	return r;
}

/* As many at a time as the smallest mailbox takes. */
static int introduce(troupe_ref *refs)
{
	enum { AT_ONCE = 16 };
	Bench__Place place = BENCH__PLACE__INIT;
	long all = bench_get(ACTORS);
	int r = 0;

	for (long i = 0; i < all && r == 0; i += AT_ONCE) {
		place.actors = refs + i;
		place.n_actors =
			(size_t)(all - i < AT_ONCE ? all - i : AT_ONCE);
		r = send_all(refs, &place.base);
	}
	return r;
}

static int root(void)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	long actors = bench_get(ACTORS);
	const Bench__Result *result;
	troupe_ref *refs;
	int64_t sum = 0;
	int r = bench_spawn_each(&player_class, actors, &refs);

	if (r < 0)
		return r;
	r = introduce(refs);
	for (long i = 0; i < actors && r == 0; i++)
		if (!bench_receive(&bench__go__descriptor, NULL))
			return -ECANCELED;
	bench_stop();
	if (r == 0)
		r = send_all(refs, &stop.base);
	for (long i = 0; i < actors && r == 0; i++) {
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		sum += result->value;
	}
	bench_expect("pings received", sum, model());
	if (actors == 120 && bench_get(PINGS) == 2000)
		bench_expect("the suite's pings", sum, 14522472);
	if (actors == 120 && bench_get(PINGS) == 20000)
		bench_expect("the suite's pings", sum, 145217704);
	bench_items(actors * bench_get(PINGS));
	return r;
}

const struct bench bench_big = {
	.name = "big",
	.suite = "savina",
	.item = "round trips",
	.parameters = { [PINGS] = { "n", { 100, 2000, 20000 } },
			[ACTORS] = { "actors",
				     { 8, 120, 120 },
				     .most = 10000 } },
	.classes = { &player_class },
	.root = root,
};
