/* SPDX-License-Identifier: MIT */
/*
 * Savina 6, Chameneos (C. Kaiser, J.-F. Pradat-Peyre): creatures meet in a
 * mall, two at a time, and each pair takes the colour that neither has.  And
 * chameneos-redux of the Benchmarks Game, in which 3 creatures and then 10
 * meet, tell in words how often they met themselves, and the sum is spelled.
 *
 * A creature has one Meet under way at a time, so no mailbox holds more than
 * one message of each sender and half as many as creatures in all.
 */
#include <stdio.h>
#include <string.h>
#include "tests/bench/bench.h"

enum { CREATURES, MEETINGS };
enum { GAME_MEETINGS };
enum { COLOURS = 3, GAMES = 2, NO_GAME = -1, WORDS_SIZE = 160 };

static const char letters[] = "ryb"; /* red, yellow, blue */

static uint32_t complement(uint32_t a, uint32_t b)
{
	return a == b ? a : COLOURS - a - b;
}

/* ---- words --------------------------------------------------------------- */

static const char *const digits[] = { "zero", "one", "two",   "three", "four",
				      "five", "six", "seven", "eight", "nine" };

/* 12: " one two" */
static char *spell(int64_t number, char words[WORDS_SIZE])
{
	char figures[24];
	size_t at = 0;

	snprintf(figures, sizeof(figures), "%lld", (long long)number);
	for (const char *f = figures; *f && at < WORDS_SIZE; f++)
		at += (size_t)snprintf(words + at, WORDS_SIZE - at, " %s",
				       digits[(*f - '0') % 10]);
	return words;
}

/* The number that was spelled; -1: not such words. */
static int64_t read_words(const char *words)
{
	int64_t number = 0;

	while (*words == ' ') {
		size_t length = strcspn(++words, " ");
		int digit = 0;

		while (digit < 10 && (strlen(digits[digit]) != length ||
				      strncmp(digits[digit], words, length)))
			digit++;
		if (digit == 10)
			return -1;
		number = number * 10 + digit;
		words += length;
	}
	return number;
}

/* ---- a creature ---------------------------------------------------------- */

static uint32_t colour;
static troupe_ref mall;
static int64_t meetings, with_itself;

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
	with_itself += other->who == troupe_self();
	colour = change.colour = complement(colour, other->colour);
	r = bench_send(other->who, &change.base);
	return r < 0 ? r : go_to_mall();
}

static int take_colour(const struct troupe_message *message)
{
	meetings++;
	with_itself += message->sender == troupe_self();
	colour = ((const Bench__Change *)message->body)->colour;
	return go_to_mall();
}

static int report(const struct troupe_message *message)
{
	Bench__Text text = BENCH__TEXT__INIT;
	char words[WORDS_SIZE];
	int r;

	text.number = meetings;
	text.text = spell(with_itself, words);
	r = bench_send(mall, &text.base);
	return r < 0 ? r : TROUPE_STOP;
}

static int creature_init(const void *arguments)
{
	colour = (uint32_t)((const Bench__Place *)arguments)->index;
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

static const char *const games[] = { "bry", "bryrybryrb" };
static troupe_ref waiting;
static long creatures, all, left, reported;
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
	const Bench__Text *text = message->body;
	char words[WORDS_SIZE];

	sum += text->number;
	bench_expect("meetings with itself", read_words(text->text), 0);
	if (++reported < creatures)
		return 0;
	bench_expect("meetings", sum, 2 * all);
	bench_expect("in words", read_words(spell(sum, words)), 2 * all);
	return TROUPE_STOP;
}

/* index: of the game; count: of the creatures that meet. */
static int mall_init(const void *arguments)
{
	const Bench__Place *told = arguments;
	const char *colours =
		told->index == NO_GAME ? letters : games[told->index];
	Bench__Place creature = BENCH__PLACE__INIT;
	troupe_ref ref;
	int r = 0;

	creatures = (long)told->count;
	all = left =
		bench_get(told->index == NO_GAME ? MEETINGS : GAME_MEETINGS);
	for (size_t i = 0; i < (size_t)creatures && r == 0; i++) {
		char letter = colours[i % strlen(colours)];

		creature.index = strchr(letters, letter) - letters;
		r = troupe_spawn(&creature_class, &creature.base, &ref);
	}
	return r;
}

static const struct troupe_handler mall_handlers[] = {
	{ &bench__meet__descriptor, let_in },
	{ &bench__text__descriptor, add_up },
	{},
};
static struct troupe_class mall_class = { .name = "mall",
					  .init = mall_init,
					  .handlers = mall_handlers,
					  .child_stopped = bench_child_ended };

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;

	place.index = NO_GAME;
	place.count = bench_get(CREATURES);
	bench_items(bench_get(MEETINGS));
	return bench_run_actor(&mall_class, &place.base);
}

const struct bench bench_chameneos = {
	.name = "chameneos",
	.suite = "savina",
	.item = "meetings",
	.parameters = { [CREATURES] = { "creatures",
					{ 10, 100, 100 },
					.least = 2,
					.most = BENCH_ACTORS_MOST },
			[MEETINGS] = { "meetings", { 500, 200000, 1000000 } } },
	.classes = { &creature_class, &mall_class },
	.root = root,
};

/* ---- the game ------------------------------------------------------------ */

/* Each two colours and what comes of them, in the game's order. */
static void check_complements(void)
{
	static const char table[] = "bbb bry byr rby rrr ryb ybr yrb yyy";
	static const char order[] = "bry";
	const char *at = table;

	for (int i = 0; i < COLOURS; i++)
		for (int j = 0; j < COLOURS; j++, at += 4) {
			const char *a = strchr(letters, order[i]);
			const char *b = strchr(letters, order[j]);
			uint32_t c = complement((uint32_t)(a - letters),
						(uint32_t)(b - letters));

			if (*a != at[0] || *b != at[1] || letters[c] != at[2])
				bench_fail("%c and %c make %c", *a, *b,
					   letters[c]);
		}
}

static int play(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	int r = 0;

	check_complements();
	bench_start();
	for (; place.index < GAMES && r == 0; place.index++) {
		place.count = (int64_t)strlen(games[place.index]);
		r = bench_run_actor(&mall_class, &place.base);
	}
	bench_items(GAMES * bench_get(GAME_MEETINGS));
	return r;
}

const struct bench bench_chameneos_redux = {
	.name = "chameneos_redux",
	.suite = "game",
	.item = "meetings",
	.parameters = { [GAME_MEETINGS] = { "n", { 600, 30000, 600000 } } },
	.classes = { &creature_class, &mall_class },
	.root = play,
};
