/* SPDX-License-Identifier: MIT */
/*
 * Savina 9 and 10, Concurrent Dictionary and Concurrent Sorted Linked List:
 * one server that keeps something, asked by many clients, each of which waits
 * for its answer.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { CLIENTS, ASKS, WRITES, SIZES };
enum { READ, WRITE, SIZE };
enum { KEYS = 524287 };

static const char keeper_name[] = "keeper";

/* ---- a client ------------------------------------------------------------ */

static struct troupe_proxy keeper;
static uint32_t draw;

static void take_answer(const Bench__Value *value, void *data)
{
	if (!value)
		bench_fail("no answer: error %d", keeper.error);
}

static int ask(uint32_t what, int64_t key, int64_t value)
{
	Bench__Key question = BENCH__KEY__INIT;

	question.what = what;
	question.key = key;
	question.value = value;
	bench__keeper__use(&keeper.base, &question, take_answer, NULL);
	return troupe_await(&keeper);
}

static int begin_client(const Bench__Place *place, long seed)
{
	troupe_ref ref;
	int r = troupe_whereis(keeper_name, &ref);

	if (r < 0)
		return r;
	draw = (uint32_t)(place->index + seed);
	troupe_proxy_init(&keeper, ref, &bench__keeper__descriptor);
	keeper.timeout_ms = -1;
	return 0;
}

static int run_clients(const struct troupe_class *server,
		       const struct troupe_class *client, int64_t expected_size)
{
	Bench__Stop stop = BENCH__STOP__INIT;
	const Bench__Result *result;
	troupe_ref ref, *refs;
	int r = troupe_spawn_named(keeper_name, server, NULL, &ref);

	if (r == 0 && !bench_receive(&bench__go__descriptor, NULL))
		r = -ECANCELED;
	bench_start();
	if (r == 0)
		r = bench_spawn_each(client, bench_get(CLIENTS), &refs);
	if (r == 0)
		r = bench_wait_each(refs, bench_get(CLIENTS));
	bench_stop();
	if (r == 0)
		r = bench_send(ref, &stop.base);
	if (r < 0)
		return r;
	result = bench_receive(&bench__result__descriptor, NULL);
	if (!result)
		return -ECANCELED;
	bench_expect("size", result->value, expected_size);
	bench_items(bench_get(CLIENTS) * bench_get(ASKS));
	return 0;
}

static int say_ready(void)
{
	Bench__Go go = BENCH__GO__INIT;

	return bench_send(troupe_parent(), &go.base);
}

static int say_size(const struct troupe_message *message, int64_t size)
{
	Bench__Result result = BENCH__RESULT__INIT;

	result.value = size;
	return bench_send(message->sender, &result.base);
}

/* ---- the dictionary ------------------------------------------------------ */

/* Keys are 0 to KEYS - 1, so their own value is a hash without collisions. */
static int64_t *values;
static int64_t writes;

static void dictionary_use(Bench__Keeper_Service *service,
			   const Bench__Key *question,
			   Bench__Value_Closure reply, void *call)
{
	Bench__Value value = BENCH__VALUE__INIT;
	int64_t *kept = &values[question->key % KEYS];

	if (question->what == WRITE) {
		*kept = question->value;
		writes++;
	}
	value.value = *kept;
	reply(&value, call);
}

static const Bench__Keeper_Service dictionary_methods =
	BENCH__KEEPER__INIT(dictionary_);

static int dictionary_init(const void *arguments)
{
	values = calloc(KEYS, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (long i = 0; i < KEYS; i++)
		values[i] = i;
	return say_ready();
}

static int count_dictionary(const struct troupe_message *message)
{
	return say_size(message, writes);
}

static const struct troupe_handler dictionary_handlers[] = {
	{ &bench__stop__descriptor, count_dictionary },
	{},
};
static struct troupe_class dictionary_class = {
	.name = "dictionary",
	.init = dictionary_init,
	.service = &dictionary_methods.base,
	.handlers = dictionary_handlers,
};

static int read_and_write(const void *arguments)
{
	int r = begin_client(arguments, bench_get(ASKS) + bench_get(WRITES));

	for (long i = 0; i < bench_get(ASKS) && r == 0; i++) {
		if (bench_random(&draw) % 100 < bench_get(WRITES)) {
			int64_t key = bench_random(&draw);

			r = ask(WRITE, key, bench_random(&draw));
		} else {
			r = ask(READ, bench_random(&draw), 0);
		}
	}
	return r;
}

static struct troupe_class reader_class = { .name = "reader",
					    .run = read_and_write };

/* Writes, as the generator alone says: the size never changes. */
static int64_t count_writes(void)
{
	long seed = bench_get(ASKS) + bench_get(WRITES);
	int64_t count = 0;

	for (long c = 0; c < bench_get(CLIENTS); c++) {
		uint32_t state = (uint32_t)(c + seed);

		for (long i = 0; i < bench_get(ASKS); i++) {
			bool is_write =
				bench_random(&state) % 100 < bench_get(WRITES);

			bench_random(&state);
			if (is_write)
				bench_random(&state);
			count += is_write;
		}
	}
	return count;
}

static int dictionary(void)
{
	int64_t count = count_writes();

	if (bench_get(CLIENTS) == 20 && bench_get(ASKS) == 10000 &&
	    bench_get(WRITES) == 10)
		bench_expect("the suite's writes", count, 19981);
	return run_clients(&dictionary_class, &reader_class, count);
}

const struct bench bench_concdict = {
	.name = "concdict",
	.suite = "savina",
	.item = "asks",
	.parameters = { [CLIENTS] = { "clients",
				      { 5, 20, 20 },
				      .most = BENCH_ACTORS_MOST },
			[ASKS] = { "n", { 200, 10000, 50000 } },
			[WRITES] = { "writes",
				     { 10, 10, 10 },
				     BENCH_FROM_0,
				     100 } },
	.classes = { &dictionary_class, &reader_class },
	.root = dictionary,
};

/* ---- the sorted list ----------------------------------------------------- */

static struct node {
	struct node *next;
	int64_t key;
} * first;
static int64_t size;

static struct node **find(int64_t key)
{
	struct node **link = &first;

	while (*link && (*link)->key < key)
		link = &(*link)->next;
	return link;
}

static int insert(int64_t key)
{
	struct node **link = find(key), *node = malloc(sizeof(*node));

	if (!node)
		return -ENOMEM;
	*node = (struct node) { *link, key };
	*link = node;
	size++;
	return 0;
}

static void list_use(Bench__Keeper_Service *service, const Bench__Key *question,
		     Bench__Value_Closure reply, void *call)
{
	Bench__Value value = BENCH__VALUE__INIT;
	struct node **found;

	switch (question->what) {
	case WRITE:
		if (insert(question->key) < 0)
			bench_fail("no memory");
		break;
	case SIZE:
		value.value = size;
		break;
	case READ:
		found = find(question->key);
		value.value = *found && (*found)->key == question->key;
		break;
	}
	reply(&value, call);
}

static const Bench__Keeper_Service list_methods = BENCH__KEEPER__INIT(list_);

static int list_init(const void *arguments)
{
	return say_ready();
}

static int count_list(const struct troupe_message *message)
{
	int64_t count = 0;

	for (struct node *node = first; node; node = node->next) {
		count++;
		if (node->next && node->next->key < node->key)
			bench_fail("the list is not sorted");
	}
	return say_size(message, count);
}

static const struct troupe_handler list_handlers[] = {
	{ &bench__stop__descriptor, count_list },
	{},
};
static struct troupe_class list_class = { .name = "list",
					  .init = list_init,
					  .service = &list_methods.base,
					  .handlers = list_handlers };

static uint32_t choose(uint32_t *state)
{
	uint32_t drawn = bench_random(state) % 100;

	if (drawn < bench_get(SIZES))
		return SIZE;
	return drawn < bench_get(SIZES) + bench_get(WRITES) ? WRITE : READ;
}

static long list_seed(void)
{
	return bench_get(ASKS) + bench_get(WRITES) + bench_get(SIZES);
}

static int use_list(const void *arguments)
{
	int r = begin_client(arguments, list_seed());

	for (long i = 0; i < bench_get(ASKS) && r == 0; i++) {
		uint32_t what = choose(&draw);

		r = ask(what, what == SIZE ? 0 : bench_random(&draw), 0);
	}
	return r;
}

static struct troupe_class user_class = { .name = "user", .run = use_list };

static int64_t count_inserts(void)
{
	int64_t count = 0;

	for (long c = 0; c < bench_get(CLIENTS); c++) {
		uint32_t state = (uint32_t)(c + list_seed());

		for (long i = 0; i < bench_get(ASKS); i++) {
			uint32_t what = choose(&state);

			count += what == WRITE;
			if (what != SIZE)
				bench_random(&state);
		}
	}
	return count;
}

static int sorted_list(void)
{
	int64_t count = count_inserts();

	if (bench_get(CLIENTS) == 20 && bench_get(ASKS) == 8000 &&
	    bench_get(WRITES) == 10 && bench_get(SIZES) == 1)
		bench_expect("the suite's elements", count, 16126);
	return run_clients(&list_class, &user_class, count);
}

const struct bench bench_concsll = {
	.name = "concsll",
	.suite = "savina",
	.item = "asks",
	.parameters = { [CLIENTS] = { "clients",
				      { 5, 20, 20 },
				      .most = BENCH_ACTORS_MOST },
			[ASKS] = { "n", { 200, 4000, 8000 } },
			[WRITES] = { "writes",
				     { 10, 10, 10 },
				     BENCH_FROM_0,
				     100 },
			[SIZES] = { "sizes", { 1, 1, 1 }, BENCH_FROM_0, 100 } },
	.classes = { &list_class, &user_class },
	.root = sorted_list,
};
