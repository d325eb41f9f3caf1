/* SPDX-License-Identifier: MIT */
/* Patterns by example and by shape. */
#include "runtime/troupe_value.h"
#include "tests/support/stage.h"

#include <time.h>

/* ---- values as messages -------------------------------------------------- */

static void send_json(troupe_ref to, const char *json)
{
	struct troupe_mistake mistake;
	struct troupe_value *value = NULL;

	CHECK(troupe_value_from_json(json, &value, &mistake) == 0);
	CHECK(troupe_send(to, troupe_value_message(value)) == 0);
	troupe_value_free(value);
}

static struct troupe_shape *compiled[8];
static size_t compiled_count;

static struct troupe_shape *compile(const char *text)
{
	struct troupe_shape **shape = &compiled[compiled_count++];

	CHECK(troupe_shape_new(text, shape, NULL) == 0);
	return *shape;
}

/* All of them; 0, as the root's end. */
static int free_shapes(void)
{
	while (compiled_count)
		troupe_shape_free(compiled[--compiled_count]);
	return 0;
}

/* Takes a match that is there; its JSON is `expected`, NULL: there is none. */
static void check_taken(const struct troupe_pattern *pattern,
			const char *expected)
{
	struct troupe_message message;
	char *json = NULL;
	int r = troupe_receive(pattern, 1, TROUPE_POLL, &message);

	CHECK(r == (expected ? 0 : -ETIMEDOUT));
	if (r < 0 || !expected)
		return;
	CHECK(message.type == &troupe__value__descriptor);
	CHECK(troupe_value_to_json(message.body, &json) == 0);
	CHECK(strcmp(json, expected) == 0);
	free(json);
}

static int echo_value_run(const void *arguments)
{
	const struct troupe_pattern any = {
		.type = &troupe__value__descriptor
	};
	struct troupe_message message;
	struct troupe_value *answer = troupe_value_map();

	CHECK(troupe_receive(&any, 1, troupe_in_ms(10000), &message) == 0);
	CHECK(troupe_value_put(answer, "got",
			       troupe_value_copy(message.body)) == 0);
	CHECK(troupe_value_put(answer, "key", troupe_value_bytes("\0\1", 2)) ==
	      0);
	CHECK(troupe_send(message.sender, troupe_value_message(answer)) == 0);
	troupe_value_free(answer);
	return 0;
}

static int values_root(int argc, char **argv)
{
	struct troupe_message message;
	const void *bytes;
	troupe_ref ref;
	size_t size;

	CHECK(troupe_spawn_function(echo_value_run, NULL, &ref) == 0);
	send_json(ref, "{\"n\": 9007199254740993, \"x\": 1.5}");
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) == 0);
	CHECK(message.type == &troupe__value__descriptor);
	CHECK(troupe_value_to_int(
		      troupe_value_get(troupe_value_get(message.body, "got"),
				       "n"),
		      0) == 9007199254740993);
	bytes = troupe_value_to_bytes(troupe_value_get(message.body, "key"),
				      &size);
	CHECK(size == 2 && memcmp(bytes, "\0\1", 2) == 0);
	return 0;
}

Test(patterns, a_value_goes_there_and_back)
{
	stage_pass(values_root);
}

static int deep_root(int argc, char **argv)
{
	struct troupe_value *value = troupe_value_null();
	struct troupe_message message;
	int i;

	for (i = 0; i < 33; i++) {
		struct troupe_value *map = troupe_value_map();

		CHECK(troupe_value_put(map, "", value) == 0);
		value = map;
		if (i == 31)
			CHECK(troupe_send(troupe_self(),
					  troupe_value_message(value)) == 0);
	}
	CHECK(!troupe_value_message(value));
	CHECK(troupe_send(troupe_self(), troupe_value_message(value)) ==
	      -EINVAL);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == -ETIMEDOUT);
	troupe_value_free(value);
	return 0;
}

Test(patterns, a_value_that_no_receiver_would_take_is_not_sent)
{
	stage_pass(deep_root);
}

/* ---- shapes -------------------------------------------------------------- */

static int shapes_root(int argc, char **argv)
{
	struct troupe_pattern named = { .shape = compile("{\"name\": int}") };
	struct troupe_pattern data = { .shape = compile("[\"data\", str]") };
	struct troupe_pattern texts = { .shape = compile("[str]") };
	struct troupe_pattern event = {
		.shape = compile("{\"event\": str, \"data\": any}")
	};

	send_json(troupe_self(), "[\"data\", \"x\"]");
	send_json(troupe_self(), "{\"name\": \"1\"}");
	stage_send(troupe_self(), 7);
	send_json(troupe_self(), "{\"more\": 0, \"name\": 1}");
	send_json(troupe_self(), "{\"event\": \"e\", \"data\": null}");
	send_json(troupe_self(), "{\"name\": 2}");
	send_json(troupe_self(), "[]");
	check_taken(&named, "{\"more\": 0, \"name\": 1}");
	check_taken(&event, "{\"event\": \"e\", \"data\": null}");
	check_taken(&event, NULL);
	check_taken(&named, "{\"name\": 2}");
	check_taken(&named, NULL);
	check_taken(&data, "[\"data\", \"x\"]");
	check_taken(&texts, "[]");
	CHECK(stage_receive(0) == 7);
	check_taken(&(struct troupe_pattern) { 0 }, "{\"name\": \"1\"}");
	return free_shapes();
}

Test(patterns, a_shape_takes_the_earliest_value_of_it_and_leaves_the_others)
{
	stage_pass(shapes_root);
}

static int which_root(int argc, char **argv)
{
	const struct troupe_pattern patterns[] = {
		{ .shape = compile("[int]") },
		{ .type = &play__number__descriptor },
		{ .shape = compile("[any]") },
	};
	struct troupe_message message;

	send_json(troupe_self(), "[\"x\"]");
	stage_send(troupe_self(), 1);
	send_json(troupe_self(), "[1]");
	CHECK(troupe_receive(patterns, 3, TROUPE_POLL, &message) == 2);
	CHECK(troupe_receive(patterns, 3, TROUPE_POLL, &message) == 1);
	CHECK(troupe_receive(patterns, 3, TROUPE_POLL, &message) == 0);
	CHECK(troupe_receive(patterns, 3, TROUPE_POLL, &message) == -ETIMEDOUT);
	return free_shapes();
}

Test(patterns, the_earliest_message_then_the_first_pattern_decides)
{
	stage_pass(which_root);
}

/* ---- examples ------------------------------------------------------------ */

static int example_root(int argc, char **argv)
{
	Play__Number three = PLAY__NUMBER__INIT;
	Play__Who who = PLAY__WHO__INIT;
	const struct troupe_pattern number = { .example = &three.base };
	const struct troupe_pattern mine = { .type = &play__who__descriptor,
					     .example = &who.base };
	struct troupe_message message;
	int i;

	for (i = 1; i <= 4; i++) {
		stage_send(troupe_self(), i);
		who.ref = (uint64_t)i;
		who.count = 100 + i;
		CHECK(troupe_send(troupe_self(), &who.base) == 0);
	}
	three.value = 3;
	CHECK(troupe_receive(&number, 1, TROUPE_POLL, &message) == 0);
	CHECK(((const Play__Number *)message.body)->value == 3);
	CHECK(troupe_receive(&number, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	who.ref = 2;
	who.count = 0; /* not set: does not count */
	CHECK(troupe_receive(&mine, 1, TROUPE_POLL, &message) == 0);
	CHECK(((const Play__Who *)message.body)->count == 102);
	who.count = 101;
	CHECK(troupe_receive(&mine, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	/* The same address has another content now. */
	three.value = 1;
	CHECK(troupe_receive(&number, 1, TROUPE_POLL, &message) == 0);
	CHECK(((const Play__Number *)message.body)->value == 1);
	return 0;
}

Test(patterns, an_example_takes_the_earliest_with_its_fields)
{
	stage_pass(example_root);
}

static int ill_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT, none = { 0 };
	const struct troupe_pattern patterns[] = {
		{ .type = &play__text__descriptor, .example = &number.base },
		{ .type = &play__text__descriptor, .shape = compile("any") },
		{ .example = &number.base, .shape = compile("any") },
		{ .example = &none.base },
	};
	struct troupe_message message;
	size_t i;

	stage_send(troupe_self(), 1);
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		CHECK(troupe_receive(&patterns[i], 1, TROUPE_POLL, &message) ==
		      -EINVAL);
	CHECK(stage_receive(0) == 1);
	return free_shapes();
}

Test(patterns, one_of_two_types_is_an_error_and_takes_nothing)
{
	stage_pass(ill_root);
}

/* ---- messages that do not match are not checked again -------------------- */

enum { QUEUED = 30000 };

static void queue_others(int count)
{
	struct troupe_pattern none = { .shape = compile("\"none\"") };
	int i;

	for (i = 0; i < count; i++) {
		send_json(troupe_self(), "{\"other\": [1, 2, 3]}");
		if (i % 1000 == 0)
			check_taken(&none, NULL);
	}
	check_taken(&none, NULL);
}

static int once_root(int argc, char **argv)
{
	struct troupe_pattern reply = { .shape = compile("{reply: int}") };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_pattern example = { .example = &number.base };
	struct troupe_message message;
	int i;

	queue_others(QUEUED);
	for (i = 0; i < QUEUED; i++) {
		CHECK(stage_send(troupe_self(), 1 + (i == QUEUED - 1)) == 0);
		if (i % 1000 == 0)
			check_taken(&reply, NULL);
	}
	for (i = 0; i < QUEUED; i++)
		check_taken(&reply, NULL);
	send_json(troupe_self(), "{\"reply\": 1}");
	check_taken(&reply, "{\"reply\": 1}");
	number.value = 3;
	for (i = 0; i < QUEUED; i++)
		CHECK(troupe_receive(&example, 1, TROUPE_POLL, &message) ==
		      -ETIMEDOUT);
	number.value = 2;
	CHECK(troupe_receive(&example, 1, TROUPE_POLL, &message) == 0);
	number.value = 1;
	for (i = 0; i < QUEUED - 1; i++)
		CHECK(troupe_receive(&example, 1, TROUPE_POLL, &message) == 0);
	CHECK(troupe_receive(&example, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	return free_shapes();
}

/* 30,000 times 30,000 checks would take minutes. */
Test(patterns, what_does_not_match_is_looked_at_once, .timeout = 60)
{
	stage_pass(once_root);
}

/* Takes and leaves at random, and compares with a plain array. */
static int random_root(int argc, char **argv)
{
	enum { KINDS = 5, STEPS = 20000 };
	struct troupe_pattern pattern[KINDS];
	struct {
		int kind;
		int number;
	} model[STEPS];
	struct troupe_message message;
	int i, j, count = 0;
	char text[64];

	for (i = 0; i < KINDS; i++) {
		snprintf(text, sizeof(text), "{kind: %d}", i);
		pattern[i] = (struct troupe_pattern) { .shape = compile(text) };
	}
	for (i = 0; i < STEPS; i++) {
		int kind = (int)(lrand48() % KINDS);

		if (lrand48() % 2) {
			snprintf(text, sizeof(text),
				 "{\"kind\": %d, \"number\": %d}", kind, i);
			send_json(troupe_self(), text);
			model[count].kind = kind;
			model[count++].number = i;
			continue;
		}
		for (j = 0; j < count && model[j].kind != kind; j++)
			;
		CHECK(troupe_receive(&pattern[kind], 1, TROUPE_POLL,
				     &message) == (j < count ? 0 : -ETIMEDOUT));
		if (j == count)
			continue;
		CHECK(troupe_value_to_int(
			      troupe_value_get(message.body, "number"), -1) ==
		      model[j].number);
		memmove(model + j, model + j + 1,
			(size_t)(count - j - 1) * sizeof(model[0]));
		count--;
	}
	return free_shapes();
}

Test(patterns, taking_in_any_order_is_as_from_one_list, .timeout = 600)
{
	const char *given = getenv("TROUPE_SEED");
	unsigned long seed =
		given ? strtoul(given, NULL, 10) : (unsigned long)time(NULL);

	fprintf(stderr,
		"again: TROUPE_SEED=%lu build/bin/test-runtime "
		"--filter 'patterns/taking_*'\n",
		seed);
	srand48((long)seed);
	stage_pass(random_root);
}

/* ---- memory -------------------------------------------------------------- */

enum { NULLS = 50000, LARGE = 80 };

/* 50,000 nulls are 100 KB on the wire, and 4 MB when unpacked. */
static int large_root(int argc, char **argv)
{
	struct troupe_value *list = troupe_value_list();
	struct troupe_pattern none = { .shape = compile("[str]") };
	struct troupe_message message;
	int i;

	for (i = 0; i < NULLS; i++)
		CHECK(troupe_value_append(list, troupe_value_null()) == 0);
	for (i = 0; i < LARGE; i++) {
		CHECK(troupe_send(troupe_self(), troupe_value_message(list)) ==
		      0);
		check_taken(&none, NULL);
	}
	none.shape = compile("[int]");
	check_taken(&none, NULL);
	for (i = 0; i < LARGE; i++)
		CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
	troupe_value_free(list);
	return free_shapes();
}

Test(patterns, what_was_looked_at_in_vain_holds_no_memory, .timeout = 600)
{
	stage_pass(large_root);
}
