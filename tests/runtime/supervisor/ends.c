/* SPDX-License-Identifier: MIT */
/* Ends that are received as messages. */
#include "runtime/troupe_ends.h"
#include "tests/support/stage.h"

static const struct troupe_pattern any_end = {
	.type = &troupe__end__descriptor
};

static int end_with(const void *arguments)
{
	return -(int)((const Play__Number *)arguments)->value;
}

static troupe_ref spawn_to_end(int error)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref = 0;

	number.value = error;
	CHECK(troupe_spawn_function(end_with, &number.base, &ref) == 0);
	return ref;
}

/* The next end that the pattern is for has to be of that one. */
static void check_next(const struct troupe_pattern *pattern, troupe_ref ref,
		       int error)
{
	struct troupe_message message;
	const struct troupe_end *end;

	CHECK(troupe_receive(pattern, 1, troupe_in_ms(10000), &message) == 0);
	end = message.body;
	CHECK(message.type == &troupe__end__descriptor);
	CHECK(message.sender == ref && end->ref == ref);
	CHECK(end->reason.cause == TROUPE_ERROR && end->reason.code == -error);
}

static bool is_einval(const struct troupe_message *message, void *data)
{
	const struct troupe_end *end = message->body;

	return end->reason.code == -EINVAL;
}

static int child_root(int argc, char **argv)
{
	struct troupe_pattern second = any_end;
	struct troupe_pattern inval = any_end;
	struct troupe_message message;
	struct troupe_end end;
	troupe_ref ref[4];

	ref[0] = spawn_to_end(EDOM);
	ref[1] = spawn_to_end(ENOENT);
	second.sender = ref[1];
	check_next(&second, ref[1], ENOENT);
	check_next(&any_end, ref[0], EDOM);
	ref[2] = spawn_to_end(ERANGE);
	ref[3] = spawn_to_end(EINVAL);
	inval.matches = is_einval;
	check_next(&inval, ref[3], EINVAL);
	/* It is not received twice, and what was not is there for a wait. */
	CHECK(troupe_receive(&inval, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(troupe_wait(ref[2], troupe_in_ms(10000), &end) == 0);
	CHECK(end.reason.code == -ERANGE);
	CHECK(troupe_receive(&any_end, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(stage_end_of(ref[0]).reason.code == -EDOM);
	return 0;
}

Test(ends, of_children_are_taken_by_patterns_once)
{
	stage_pass(child_root);
}

/* ---- among mail ---------------------------------------------------------- */

static int send_and_end(const void *arguments)
{
	int i;

	for (i = 1; i <= 3; i++)
		CHECK(stage_send(troupe_parent(), i) == 0);
	return -EDOM;
}

static int order_root(int argc, char **argv)
{
	struct troupe_pattern patterns[] = {
		any_end, { .type = &play__number__descriptor }
	};
	struct troupe_message message;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn_function(send_and_end, NULL, &ref) == 0);
	for (i = 1; i <= 3; i++) {
		CHECK(troupe_receive(patterns, 2, troupe_in_ms(10000),
				     &message) == 1);
		CHECK(((const Play__Number *)message.body)->value == i);
	}
	CHECK(troupe_receive(patterns, 2, troupe_in_ms(10000), &message) == 0);
	CHECK(message.sender == ref);
	return 0;
}

Test(ends, come_after_what_the_dead_sent)
{
	stage_pass(order_root);
}

/* Both are queued when it looks: it has been told the end of another since. */
static void let_end(troupe_ref ref)
{
	struct troupe_end end;

	while (stage_send(ref, 0) != -ESRCH)
		;
	CHECK(troupe_wait(spawn_to_end(EPIPE), troupe_in_ms(10000), &end) == 0);
	CHECK(stage_receive(0) == -1);
}

static int earliest_root(int argc, char **argv)
{
	struct troupe_pattern patterns[] = {
		{ .type = &play__text__descriptor }, any_end
	};
	Play__Text text = PLAY__TEXT__INIT;
	struct troupe_message message;
	troupe_ref ref;

	let_end(ref = spawn_to_end(EDOM));
	CHECK(troupe_send(troupe_self(), &text.base) == 0);
	/* A receive without a pattern for ends gets only mail. */
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
	CHECK(message.type == &play__text__descriptor);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(troupe_send(troupe_self(), &text.base) == 0);
	CHECK(stage_receive(0) == -1);
	CHECK(troupe_receive(patterns, 2, TROUPE_POLL, &message) == 1);
	CHECK(message.sender == ref);
	let_end(ref = spawn_to_end(EDOM));
	CHECK(troupe_receive(patterns, 2, TROUPE_POLL, &message) == 0);
	CHECK(troupe_receive(patterns, 2, TROUPE_POLL, &message) == 1);
	CHECK(message.sender == ref);
	return 0;
}

Test(ends, and_mail_are_taken_the_earliest_first)
{
	stage_pass(earliest_root);
}

/* ---- of others ----------------------------------------------------------- */

static int go_down(const struct troupe_end *end)
{
	CHECK(end->reason.code == -EDOM);
	board->count++;
	return 0;
}

/* Sends its number for each end that it receives. */
static int watch_run(const void *arguments)
{
	const Play__Who *who = arguments;
	struct troupe_message message;
	uint64_t kept, taken_back;

	CHECK(troupe_monitor(who->ref, &kept) == 0);
	CHECK(troupe_monitor(who->ref, &taken_back) == 0);
	CHECK(stage_send(who->ref, 0) == 0);
	while (stage_send(who->ref, 0) != -ESRCH)
		;
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(1), &message) == -ETIMEDOUT);
	CHECK(troupe_demonitor(taken_back) == 0);
	while (troupe_receive(&any_end, 1, troupe_in_ms(who->count),
			      &message) == 0)
		CHECK(stage_send(troupe_parent(), (int64_t)message.sender) ==
		      0);
	return 0;
}

static const struct troupe_class watchers[] = {
	{ .name = "watcher", .run = watch_run },
	{ .name = "watcher", .run = watch_run, .down = go_down },
};

static int fail_when_told(const void *arguments)
{
	return stage_receive(10000) == 0 ? -EDOM : 0;
}

static int monitor_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	who.count = 200;
	CHECK(troupe_spawn_function(fail_when_told, NULL, &who.ref) == 0);
	CHECK(troupe_spawn(&watchers[0], &who.base, &ref) == 0);
	CHECK(stage_receive(10000) == (int64_t)who.ref);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(stage_receive(0) == -1);
	CHECK(troupe_spawn_function(fail_when_told, NULL, &who.ref) == 0);
	CHECK(troupe_spawn(&watchers[1], &who.base, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->count >= 1 && stage_receive(0) == -1);
	return 0;
}

Test(ends, of_those_that_are_monitored_are_taken_unless_down_is_called)
{
	stage_pass(monitor_root);
}

static int wrong_root(int argc, char **argv)
{
	ProtobufCMessage forged = { .descriptor = &troupe__end__descriptor };
	struct troupe_pattern wrong = any_end;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message message;

	wrong.example = &number.base;
	CHECK(troupe_receive(&wrong, 1, TROUPE_POLL, &message) == -EINVAL);
	/* A message that claims to be an end is none. */
	CHECK(troupe_send(troupe_self(), &forged) == 0);
	CHECK(troupe_receive(&any_end, 1, TROUPE_POLL, &message) == -ETIMEDOUT);
	CHECK(troupe_receive(NULL, 0, TROUPE_POLL, &message) == 0);
	CHECK(!message.type && !message.body);
	return 0;
}

Test(ends, cannot_be_forged)
{
	stage_pass(wrong_root);
}

/* ---- told to a parent that is ending ------------------------------------- */

enum { FAMILIES = 15, CHILDREN = 4 };

/* A family: how many children, how it ends, what its children do. */
struct family {
	int children;
	bool is_told; /* to stop; else it ends by itself */
	bool is_crash;
};

static const struct family families[] = {
	{ 1, true, false },	   { CHILDREN, true, false },
	{ CHILDREN, true, true },  { 1, false, false },
	{ CHILDREN, false, true },
};

static int crash_on_stop(const void *arguments)
{
	struct troupe_message message;

	while (troupe_receive(NULL, 0, TROUPE_NEVER, &message) != -ECANCELED)
		;
	raise(SIGABRT);
	return 0;
}

static int spawn_family(const void *arguments)
{
	const Play__Number *number = arguments;
	const struct family *family = &families[number->value];
	int i;

	for (i = 0; i < family->children; i++)
		CHECK(troupe_spawn_function(family->is_crash ? crash_on_stop
							     : stage_idle,
					    NULL, NULL) == 0);
	return family->is_told ? 0 : TROUPE_STOP;
}

static int count_child(const struct troupe_end *end)
{
	board->count++;
	board->value[end->reason.cause]++;
	return 0;
}

static const struct troupe_class household = { .name = "household",
					       .init = spawn_family,
					       .child_stopped = count_child };

static int families_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	long told = 0, crashed = 0;
	troupe_ref ref;
	int i;

	for (i = 0; i < FAMILIES; i++) {
		number.value = i % (int)(sizeof(families) / sizeof(*families));
		CHECK(troupe_spawn(&household, &number.base, &ref) == 0);
		if (families[number.value].is_told)
			CHECK(troupe_stop(ref) == 0);
		stage_end_of(ref);
		told += families[number.value].children;
		if (families[number.value].is_crash)
			crashed += families[number.value].children;
	}
	CHECK(board->count == told);
	CHECK(board->value[TROUPE_SIGNAL] == crashed);
	return 0;
}

Test(ends, of_all_children_are_told_to_a_parent_that_is_ending)
{
	stage_pass(families_root);
}
