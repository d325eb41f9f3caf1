/* SPDX-License-Identifier: MIT */
/* Traces. */
#include "tests/support/stage.h"

#include "runtime/troupe_tree.h"
#include "tests/support/methods.h"
#include "tests/support/trace_file.h"

enum { NUMBERS = 500 };

static char path[64];

/* Runs a node that traces, and reads what it has written. */
static json_t *events_of(int (*root)(int argc, char **argv), unsigned rate)
{
	json_t *events;

	snprintf(path, sizeof(path), "/tmp/troupe-test-trace-%d",
		 (int)getpid());
	stage_trace = path;
	stage_trace_rate = rate;
	stage_pass(root);
	events = trace_file_read(path, true);
	unlink(path);
	cr_assert_not_null(events);
	return events;
}

static void expect_lives(const json_t *events, unsigned count)
{
	cr_expect_eq(trace_file_count(events, "i", "life", "spawn"), count);
	cr_expect_eq(trace_file_count(events, "i", "life", "end"), count);
	cr_expect_eq(trace_file_count(events, "X", "life", NULL), count);
}

/* ---- a whole trace ------------------------------------------------------- */

static troupe_ref sink_ref;

/* A function actor that has others wait for it. */
static int sink_run(const void *arguments)
{
	const struct troupe_pattern text = { .type = &play__text__descriptor };
	struct troupe_message message;

	/* Earlier messages are saved, and taken later. */
	CHECK(troupe_receive(&text, 1, TROUPE_NEVER, &message) == 0);
	for (int i = 0; i < NUMBERS; i++)
		CHECK(stage_receive(10000) == i);
	CHECK(stage_send(troupe_parent(), NUMBERS) == 0);
	return 0;
}

/* Passes numbers on. */
static int pass_on(const struct troupe_message *message)
{
	const Play__Who *who = message->body;

	if (who->ref)
		sink_ref = who->ref;
	return stage_send(sink_ref, who->count);
}

static void hand_on(Play__Clerk_Service *service, const Play__Number *number,
		    Play__Number_Closure reply, void *call)
{
	troupe_ref helper;

	CHECK(troupe_lookup("../helper", &helper) == 0);
	CHECK(troupe_forward(call, helper) == 0);
}

static const Play__Clerk_Service helper_methods = {
	.base = PLAY__CLERK__BASE_INIT, .twice = clerk_twice
};
static const Play__Clerk_Service clerk_methods = {
	.base = PLAY__CLERK__BASE_INIT, .twice = hand_on
};
static const struct troupe_handler passing_handlers[] = {
	{ &play__who__descriptor, pass_on },
	{ 0 },
};
static const struct troupe_class passing = { .name = "passing",
					     .handlers = passing_handlers };
static const struct troupe_class helper = { .name = "helper",
					    .service = &helper_methods.base };
static const struct troupe_class clerk = { .name = "clerk",
					   .service = &clerk_methods.base };

static void take_answer(const Play__Number *number, void *data)
{
	CHECK(number && number->value == 42);
	board->count++;
}

static int busy_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	Play__Text text = PLAY__TEXT__INIT;
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_proxy proxy;
	troupe_ref sink, ref;

	CHECK(troupe_spawn_function(sink_run, NULL, &sink) == 0);
	CHECK(troupe_spawn(&passing, NULL, &ref) == 0);
	who.ref = sink;
	for (; who.count < NUMBERS; who.count++)
		CHECK(troupe_send_wait(ref, &who.base, TROUPE_NEVER) == 0);
	CHECK(troupe_send(sink, &text.base) == 0);
	CHECK(stage_receive(10000) == NUMBERS);
	CHECK(troupe_wait(sink, TROUPE_NEVER, NULL) == 0);
	CHECK(troupe_spawn(&helper, NULL, &ref) == 0);
	CHECK(troupe_spawn(&clerk, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	number.value = 21;
	for (int i = 0; i < 3; i++)
		play__clerk__twice(&proxy.base, &number, take_answer, NULL);
	CHECK(troupe_await(&proxy) == 0 && board->count == 3);
	return 0;
}

Test(trace, has_each_life_send_handler_and_wait)
{
	json_t *events = events_of(busy_root, 0);

	cr_expect_eq(trace_file_faults(events), 0);
	expect_lives(events, 5);
	cr_expect_eq(trace_file_count(events, "X", "handler", "play.Who"),
		     NUMBERS);
	cr_expect_eq(trace_file_count(events, "X", "handler", "play.Text"), 1);
	/* To the sink, the last one to the root, and each call twice. */
	cr_expect_eq(trace_file_count(events, "X", "handler", "play.Number"),
		     NUMBERS + 1 + 2 * 3);
	cr_expect_eq(trace_file_count(events, "X", "answer", "play.Number"), 3);
	cr_expect_eq(trace_file_count(events, "s", "mail", NULL),
		     2 * NUMBERS + 2 + 2 * 3 + 3);
	cr_expect_eq(trace_file_count(events, "X", "wait", "await"), 1);
	cr_expect_eq(trace_file_count(events, "X", "wait", "end"), 1);
	cr_expect_eq(trace_file_count(events, "X", "wait", "Spawn"), 4);
	cr_expect_geq(trace_file_count(events, "X", "idle", "receive"), 1);
	cr_expect_eq(trace_file_count(events, "i", "trace", "left out"), 0);
	json_decref(events);
}

/* Messages sent by a handler have the flow of its message. */
Test(trace, follows_a_flow_through_the_sends_of_handlers)
{
	json_t *events = events_of(busy_root, 0), *event, *args;
	json_t *flows = json_object();
	unsigned followed = 0;
	size_t i;

	json_array_foreach(events, i,
			   event) if (strcmp(trace_file_text(event, "name"),
					     "play.Who") == 0)
	{
		args = json_object_get(event, "args");
		cr_expect_eq(json_integer_value(json_object_get(args, "hop")),
			     0);
		json_object_set(flows, trace_file_text(args, "flow"), event);
	}
	json_array_foreach(events, i, event)
	{
		args = json_object_get(event, "args");
		if (json_object_get(flows, trace_file_text(args, "flow")) &&
		    json_integer_value(json_object_get(args, "hop")) == 1)
			followed++;
	}
	cr_expect_eq(json_object_size(flows), NUMBERS);
	cr_expect_eq(followed, NUMBERS);
	json_decref(flows);
	json_decref(events);
}

/* ---- some of it ---------------------------------------------------------- */

static int count_one(const struct troupe_message *message)
{
	board->count++;
	return 0;
}

static const struct troupe_handler counting_handlers[] = {
	{ &play__number__descriptor, count_one },
	{ 0 },
};
static const struct troupe_class counting = { .name = "counting",
					      .handlers = counting_handlers };

static int flood_root(int argc, char **argv)
{
	enum { MANY = 100000 };
	Play__Number number = PLAY__NUMBER__INIT;
	int64_t began = troupe_now().ns;
	troupe_ref ref;

	CHECK(troupe_spawn(&counting, NULL, &ref) == 0);
	for (int i = 0; i < MANY; i++)
		CHECK(troupe_send_wait(ref, &number.base, TROUPE_NEVER) == 0);
	CHECK(troupe_close(ref) == 0);
	stage_end_of(ref);
	CHECK(board->count == MANY);
	board->value[0] = (troupe_now().ns - began) / 1000000;
	return 0;
}

Test(trace, is_bounded_and_whole_flows_are_left_out)
{
	enum { RATE = 200 };
	json_t *events = events_of(flood_root, RATE);
	unsigned sent = trace_file_count(events, "s", NULL, NULL);

	cr_expect_eq(trace_file_faults(events), 0);
	expect_lives(events, 2);
	cr_expect_geq(sent, RATE / 2);
	cr_expect_leq(sent, RATE * (2 + board->value[0] / 1000));
	cr_expect_leq(trace_file_count(events, "X", "handler", NULL), sent);
	cr_expect_geq(trace_file_count(events, "i", "trace", "left out"), 1);
	json_decref(events);
}

/* ---- ends ---------------------------------------------------------------- */

/* Sends to itself, as fast as it can. */
static int send_self(const struct troupe_message *message)
{
	board->count++;
	return stage_send(troupe_self(), 1);
}

static int start_self(const void *arguments)
{
	return stage_send(troupe_self(), 1);
}

static const struct troupe_handler spinning_handlers[] = {
	{ &play__number__descriptor, send_self },
	{ 0 },
};
static const struct troupe_class spinning = { .name = "a \"name\\",
					      .init = start_self,
					      .handlers = spinning_handlers };

static int killing_root(int argc, char **argv)
{
	enum { ACTORS = 40 };
	unsigned seed = (unsigned)getpid();
	troupe_ref ref;

	fprintf(stderr, "seed %u\n", seed);
	for (int i = 0; i < ACTORS; i++) {
		CHECK(troupe_spawn(&spinning, NULL, &ref) == 0);
		for (long until = board->count + 500 + rand_r(&seed) % 500;
		     board->count < until;)
			usleep(100);
		CHECK(troupe_kill(ref) == 0);
		stage_end_of(ref);
	}
	return 0;
}

Test(trace, of_actors_that_were_killed_while_they_wrote_is_whole)
{
	json_t *events = events_of(killing_root, 0);

	expect_lives(events, 41);
	cr_expect_gt(trace_file_count(events, "X", "handler", NULL), 1000);
	json_decref(events);
}

static int exiting_run(const void *arguments)
{
	CHECK(stage_send(troupe_self(), 1) == 0);
	CHECK(stage_receive(10000) == 1);
	exit(3);
}

static int terminated_run(const void *arguments)
{
	raise(SIGTERM);
	while (!troupe_is_stopping())
		usleep(100);
	return 0;
}

static int ends_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(exiting_run, NULL, &ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_spawn_function(terminated_run, NULL, &ref) == 0);
	stage_end_of(ref);
	return 0;
}

Test(trace, of_one_that_calls_exit_loses_nothing_and_ends_have_reasons)
{
	json_t *events = events_of(ends_root, 0), *event;
	unsigned reasons = 0;
	size_t i;

	expect_lives(events, 3);
	cr_expect_eq(trace_file_count(events, "s", "mail", NULL), 1);
	json_array_foreach(events, i, event)
	{
		const char *reason = trace_file_text(
			json_object_get(event, "args"), "reason");

		if (strcmp(trace_file_text(event, "ph"), "X") == 0)
			reasons +=
				strcmp(reason, "error 3: exit status 3") == 0 ||
				strcmp(reason, "shutdown") == 0 ||
				strcmp(reason, "normal") == 0;
	}
	cr_expect_eq(reasons, 3);
	json_decref(events);
}

static const struct troupe_class large = { .name = "large" };

static int names_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_child("gr\u00f6\u00dfe", &large, NULL, &ref) == 0);
	return 0;
}

Test(trace, shows_names_in_any_script)
{
	json_t *events = events_of(names_root, 0), *event;
	unsigned named = 0;
	size_t i;

	json_array_foreach(events, i, event) named +=
		strcmp(trace_file_text(json_object_get(event, "args"), "name"),
		       "/gr\u00f6\u00dfe") == 0;
	cr_expect_eq(named, 1);
	json_decref(events);
}

/* ---- while it runs ------------------------------------------------------- */

static int take_one(const struct troupe_message *message)
{
	board->value[0] = getpid();
	return 0;
}

static const struct troupe_handler taking[] = {
	{ &play__number__descriptor, take_one },
	{ 0 },
};
static const struct troupe_class quiet = { .name = "quiet",
					   .handlers = taking };

/* That it has handled something can be read already. */
static bool is_in_file(long pid)
{
	json_t *events = trace_file_read(path, false), *event;
	bool is_there = false;
	size_t i;

	json_array_foreach(events, i, event) is_there |=
		strcmp(trace_file_text(event, "cat"), "handler") == 0 &&
		json_integer_value(json_object_get(event, "pid")) == pid;
	json_decref(events);
	return is_there;
}

static int quiet_root(int argc, char **argv)
{
	struct troupe_time end = troupe_in_ms(20000);
	troupe_ref ref;

	CHECK(troupe_spawn(&quiet, NULL, &ref) == 0);
	CHECK(stage_send(ref, 1) == 0);
	while (board->value[0] == 0 && troupe_now().ns < end.ns)
		stage_receive(1);
	while (!is_in_file(board->value[0]) && troupe_now().ns < end.ns)
		stage_receive(20);
	CHECK(is_in_file(board->value[0]));
	return 0;
}

Test(trace, of_one_that_sleeps_is_in_the_file_soon)
{
	json_decref(events_of(quiet_root, 0));
}
