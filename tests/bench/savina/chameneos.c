/* SPDX-License-Identifier: MIT */
/*
 * Savina 6, Chameneos (C. Kaiser, J.-F. Pradat-Peyre): creatures meet in a
 * mall, two at a time, and each pair takes the colour that neither has.
 *
 * A creature has one Meet under way at a time, so no mailbox holds more than
 * one message of each sender and half as many as creatures in all.
 */
#include "tests/bench/bench.h"

enum { CREATURES, MEETINGS };
enum { COLOURS = 3 };

static uint32_t complement(uint32_t a, uint32_t b)
{
	return a == b ? a : COLOURS - a - b;
}

/* ---- a creature ---------------------------------------------------------- */

static uint32_t colour;
static troupe_ref mall;
static int64_t meetings;

static int go_to_mall(void)
{
	Bench__Meet meet = BENCH__MEET__INIT;

	meet.colour = colour;
	meet.who = troupe_self();
	return bench_send(mall, &meet.base);
}

/* The mall hands on what the other one said. */
static int meet_other(const struct troupe_message *message)
{
	const Bench__Meet *other = message->body;
	Bench__Change change = BENCH__CHANGE__INIT;
	int r;

	meetings++;
	colour = change.colour = complement(colour, other->colour);
	r = bench_send(other->who, &change.base);
	return r < 0 ? r : go_to_mall();
}

static int take_colour(const struct troupe_message *message)
{
	meetings++;
	colour = ((const Bench__Change *)message->body)->colour;
	return go_to_mall();
}

static int report(const struct troupe_message *message)
{
	Bench__Result result = BENCH__RESULT__INIT;
	int r;

	result.value = meetings;
	r = bench_send(mall, &result.base);
	return r < 0 ? r : TROUPE_STOP;
}

static int creature_init(const void *arguments)
{
	colour = ((const Bench__Place *)arguments)->index % COLOURS;
	mall = troupe_parent();
	return go_to_mall();
}

static const struct troupe_handler creature_handlers[] = {
	{ &bench__meet__descriptor, meet_other },
	{ &bench__change__descriptor, take_colour },
	{ &bench__stop__descriptor, report },
	{},
};
static struct troupe_class creature_class = { .name = "creature",
					      .init = creature_init,
					      .handlers = creature_handlers };

/* ---- the mall ------------------------------------------------------------ */

static troupe_ref waiting;
static long left, reported;
static int64_t sum;

static int let_in(const struct troupe_message *message)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	troupe_ref first = waiting;

	if (left == 0)
		return bench_send(message->sender, &stop.base);
	if (!first) {
		waiting = message->sender;
		return 0;
	}
	waiting = 0;
	left--;
	return bench_send(first, message->body);
}

static int add_up(const struct troupe_message *message)
{
	sum += ((const Bench__Result *)message->body)->value;
	if (++reported < bench_get(CREATURES))
		return 0;
	bench_expect("meetings", sum, 2 * bench_get(MEETINGS));
	return TROUPE_STOP;
}

static int mall_init(const void *arguments)
{
	Bench__Place place = BENCH__PLACE__INIT;
	troupe_ref ref;
	int r = 0;

	left = bench_get(MEETINGS);
	for (; place.index < bench_get(CREATURES) && r == 0; place.index++)
		r = troupe_spawn(&creature_class, &place.base, &ref);
	return r;
}

static const struct troupe_handler mall_handlers[] = {
	{ &bench__meet__descriptor, let_in },
	{ &bench__result__descriptor, add_up },
	{},
};
static struct troupe_class mall_class = { .name = "mall",
					  .init = mall_init,
					  .handlers = mall_handlers,
					  .child_stopped = bench_child_ended };

static int root(void)
{
	bench_items(bench_get(MEETINGS));
	return bench_run_actor(&mall_class, NULL);
}

const struct bench bench_chameneos = {
	.name = "chameneos",
	.suite = "savina",
	.item = "meetings",
	.parameters = { [CREATURES] = { "creatures", { 10, 100, 100 } },
			[MEETINGS] = { "meetings", { 500, 40000, 200000 } } },
	.classes = { &creature_class, &mall_class },
	.root = root,
};
