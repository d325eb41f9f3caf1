/* SPDX-License-Identifier: MIT */
/*
 * Savina 24, Bitonic Sort: the network of K. Batcher as StreamIt has it, every
 * comparison an actor and every split and join of the stream one more.
 *
 *	kernel	 stages, of sequences of 2, 4, .. n values
 *	stage	 steps, which compare at a distance of half a sequence, then
 *		 of a quarter, .. of 1
 *	step	 split -> partitions -> join -> strip
 *	partition split -> compare -> join -> number
 *
 * A stage, a step or a partition makes its own parts, the last first, hands
 * what it is told on to the first, and ends when all of them have.  All goes
 * one way, so waiting for room is safe.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { COUNT };
enum { SEED = 2048, COUNT_MOST = 4096 };

enum kind {
	KERNEL,
	STAGE,	   /* length: of the sequences it sorts */
	STEP,	   /* length: of a sequence; count: of sequences; turn */
	PARTITION, /* length; turn: which way */
	COMPARE,   /* turn: which way */
	SPLIT,	   /* length: so many to each of actors in turn */
	JOIN,	   /* length: so many from each of count in turn */
	NUMBER,	   /* order: the number */
	STRIP,
};

/* Directions: which of two values goes first. */
enum { UP, DOWN };

static const Bench__Part *self;
static long parts_alive;

static int pass(troupe_ref to, int64_t value)
{
	Bench__Value plain = BENCH__VALUE__INIT;

	plain.value = value;
	return bench_send(to, &plain.base);
}

static int pass_numbered(troupe_ref to, int64_t order, int64_t value)
{
	Bench__Ordered numbered = BENCH__ORDERED__INIT;

	numbered.order = order;
	numbered.value = value;
	return bench_send(to, &numbered.base);
}

/* ---- parts of the network ------------------------------------------------ */

static int compare(int64_t order, int64_t value)
{
	static int64_t first;
	static bool has_first;
	bool is_in_order = self->turn == UP ? first <= value : first >= value;
	int r;

	has_first = !has_first;
	if (has_first) {
		first = value;
		return 0;
	}
	r = pass_numbered(self->next, self->order, is_in_order ? first : value);
	return r < 0 ? r
		     : pass_numbered(self->next, self->order,
				     is_in_order ? value : first);
}

static int split(int64_t order, int64_t value)
{
	static size_t at;
	static long run;
	troupe_ref to = self->actors[at];

	if (++run == self->length) {
		run = 0;
		at = (at + 1) % self->n_actors;
	}
	return pass(to, value);
}

/* Values that came before their turn, for each sender. */
struct row {
	int64_t *value;
	size_t first, last, room;
};

static int put(struct row *row, int64_t value)
{
	if (row->last == row->room) {
		size_t room = row->room ? 2 * row->room : 8;
		int64_t *more = reallocarray(row->value, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		row->value = more;
		row->room = room;
	}
	row->value[row->last++] = value;
	return 0;
}

static int join(int64_t order, int64_t value)
{
	static struct row *rows;
	static long at, run;
	int r;

	if (!rows)
		rows = calloc((size_t)self->count, sizeof(*rows));
	r = rows ? put(&rows[order], value) : -ENOMEM;
	while (r == 0 && rows[at].first < rows[at].last) {
		r = pass(self->next, rows[at].value[rows[at].first++]);
		if (++run == self->length) {
			run = 0;
			at = (at + 1) % self->count;
		}
	}
	return r;
}

static int number(int64_t order, int64_t value)
{
	return pass_numbered(self->next, self->order, value);
}

static int strip(int64_t order, int64_t value)
{
	return pass(self->next, value);
}

/* ---- building the network ------------------------------------------------ */

static troupe_ref entry;

/* It sends to the next one; the last one made is the entry. */
static int make(Bench__Part part, troupe_ref next, troupe_ref *ret_ref);

static int make_split(int64_t length, troupe_ref *actors, size_t count)
{
	Bench__Part part = BENCH__PART__INIT;

	part.kind = SPLIT;
	part.length = length;
	part.actors = actors;
	part.n_actors = count;
	return make(part, 0, &entry);
}

/* Those between a split and a join; their turns: see make_step(). */
static int make_between(enum kind kind, int64_t length, size_t count,
			troupe_ref join)
{
	troupe_ref *actors = calloc(count, sizeof(*actors));
	Bench__Part part = BENCH__PART__INIT;
	int r = actors ? 0 : -ENOMEM;

	part.kind = kind;
	part.length = length;
	for (size_t i = 0; i < count && r == 0; i++) {
		part.order = (int64_t)i;
		part.turn = self->turn;
		if (self->kind == STEP)
			part.turn = self->turn && (i / self->turn) % 2;
		r = make(part, join, &actors[i]);
	}
	if (r == 0)
		r = make_split(self->kind == STEP ? length : 1, actors, count);
	free(actors);
	return r;
}

static int make_partition(void)
{
	Bench__Part part = BENCH__PART__INIT;
	int r;

	part.kind = NUMBER;
	part.order = self->order;
	r = make(part, self->next, &entry);
	part.kind = JOIN;
	part.length = 1;
	part.count = self->length / 2;
	if (r == 0)
		r = make(part, entry, &entry);
	return r < 0 ? r
		     : make_between(COMPARE, 2, (size_t)self->length / 2,
				    entry);
}

/*
 * turn: so many sequences go up, then as many down, as they have to for the
 * stage that follows; 0: all go up, in the last stage, which has no strip.
 */
static int make_step(void)
{
	Bench__Part part = BENCH__PART__INIT;
	int r = 0;

	entry = self->next;
	part.kind = STRIP;
	if (self->turn)
		r = make(part, self->next, &entry);
	part.kind = JOIN;
	part.length = self->length;
	part.count = self->count;
	if (r == 0)
		r = make(part, entry, &entry);
	return r < 0 ? r
		     : make_between(self->length > 2 ? PARTITION : COMPARE,
				    self->length, (size_t)self->count, entry);
}

static int make_stage(void)
{
	int64_t all = bench_get(COUNT), length = self->length;
	Bench__Part part = BENCH__PART__INIT;
	int r = 0;

	entry = self->next;
	part.kind = STEP;
	for (part.length = 2; part.length <= length && r == 0;
	     part.length *= 2) {
		part.count = all / part.length;
		part.turn = length < all ? length / part.length : 0;
		r = make(part, entry, &entry);
	}
	return r;
}

static int make_kernel(void)
{
	Bench__Part part = BENCH__PART__INIT;
	int r = 0;

	entry = self->next;
	part.kind = STAGE;
	for (part.length = bench_get(COUNT); part.length >= 2 && r == 0;
	     part.length /= 2)
		r = make(part, entry, &entry);
	return r;
}

/* ---- any actor of the network -------------------------------------------- */

static int (*const makers[])(void) = {
	[KERNEL] = make_kernel,	      [STAGE] = make_stage, [STEP] = make_step,
	[PARTITION] = make_partition, [STRIP] = NULL,
};
static int (*const workers[])(int64_t order, int64_t value) = {
	[COMPARE] = compare, [SPLIT] = split, [JOIN] = join,
	[NUMBER] = number,   [STRIP] = strip,
};

static int hand_on(int64_t value)
{
	return makers[self->kind] ? pass(entry, value)
				  : workers[self->kind](0, value);
}

static int take(const struct troupe_message *message)
{
	return hand_on(((const Bench__Value *)message->body)->value);
}

static int take_numbered(const struct troupe_message *message)
{
	const Bench__Ordered *numbered = message->body;

	return workers[self->kind](numbered->order, numbered->value);
}

/* The end of the stream goes wherever values go, once. */
static int finish(const struct troupe_message *message)
{
	static long heard;
	Bench__Stop stop = BENCH__STOP__INIT;
	int r = 0;

	if (self->kind == JOIN && ++heard < self->count)
		return 0;
	for (size_t i = 0; i < self->n_actors && r == 0; i++)
		r = bench_send(self->actors[i], &stop.base);
	if (self->n_actors == 0)
		r = bench_send(makers[self->kind] ? entry : self->next,
			       &stop.base);
	return r < 0 || makers[self->kind] ? r : TROUPE_STOP;
}

static int part_ended(const struct troupe_end *end)
{
	int r = bench_child_ended(end);

	return r < 0 || --parts_alive > 0 ? r : TROUPE_STOP;
}

static int part_init(const void *arguments)
{
	self = arguments;
	atomic_fetch_add((_Atomic long *)bench_shared(), 1);
	return makers[self->kind] ? makers[self->kind]() : 0;
}

static const struct troupe_handler part_handlers[] = {
	{ &bench__value__descriptor, take },
	{ &bench__ordered__descriptor, take_numbered },
	{ &bench__stop__descriptor, finish },
	{},
};
static struct troupe_class part_class = { .name = "part",
					  .init = part_init,
					  .handlers = part_handlers,
					  .child_stopped = part_ended };

static int make(Bench__Part part, troupe_ref next, troupe_ref *ret_ref)
{
	part.next = next;
	parts_alive++;
	return troupe_spawn(&part_class, &part.base, ret_ref);
}

/* ---- the source, and the one who looks at the end ------------------------ */

static int emit(troupe_ref to)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	uint32_t state = SEED;
	int r = 0;

	for (long i = 0; i < bench_get(COUNT) && r == 0; i++)
		r = pass(to, bench_random(&state));
	return r < 0 ? r : bench_send(to, &stop.base);
}

static int look(void)
{
	static const struct troupe_pattern wanted[] = {
		{ .type = &bench__value__descriptor },
		{ .type = &bench__stop__descriptor },
	};
	int64_t sum = 0, expected = 0, before = 0, value;
	struct troupe_message message;
	uint32_t state = SEED;
	long got = 0;
	int r;

	while ((r = troupe_receive(wanted, 2, TROUPE_NEVER, &message)) == 0) {
		value = ((const Bench__Value *)message.body)->value;
		if (value < before)
			bench_fail("value %ld is not sorted", got);
		before = value;
		sum += value;
		got++;
	}
	for (long i = 0; i < bench_get(COUNT); i++)
		expected += bench_random(&state);
	bench_expect("values", got, bench_get(COUNT));
	bench_expect("sum", sum, expected);
	return r < 0 ? r : 0;
}

/* Of a step, and of a partition in it, each has its own and what is between. */
static long actor_count(long count)
{
	long all = 1;

	for (long stage = 2; stage <= count; stage *= 2) {
		all++;
		for (long length = 2; length <= stage; length *= 2)
			all += (stage < count ? 4 : 3) +
			       count / length *
				       (length > 2 ? 4 + length / 2 : 1);
	}
	return all;
}

static const char *refuse(void)
{
	return bench_is_power(bench_get(COUNT), 2) ? NULL
						   : "n must be a power of 2";
}

static int root(void)
{
	long count = bench_get(COUNT), made;
	Bench__Part part = BENCH__PART__INIT;
	troupe_ref kernel;
	int r;

	part.kind = KERNEL;
	r = make(part, troupe_self(), &kernel);
	if (r == 0)
		r = emit(kernel);
	if (r == 0)
		r = look();
	if (r == 0)
		r = bench_wait_each(&kernel, 1);
	made = *(_Atomic long *)bench_shared();
	bench_expect("actors", made, actor_count(count));
	bench_items(made);
	return r;
}

/* The suite counts 3 more, which are the root here: 1,276 for 64 values. */
const struct bench bench_bitonicsort = {
	.name = "bitonicsort",
	.suite = "savina",
	.item = "actors",
	.parameters = { [COUNT] = { "n", { 16, 128, 256 }, 2, COUNT_MOST } },
	.classes = { &part_class },
	.refuses = refuse,
	.root = root,
};
