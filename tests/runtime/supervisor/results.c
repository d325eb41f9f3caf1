/* SPDX-License-Identifier: MIT */
/* Results of actors, and reasons of their own. */
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_result.h"
#include "tests/support/stage.h"

static const struct troupe_pattern a_number = {
	.type = &play__number__descriptor
};

static Play__Number number(int64_t value)
{
	Play__Number message = PLAY__NUMBER__INIT;

	message.value = value;
	return message;
}

/* The number that an end has; -1: none. */
static int64_t value_of(const struct troupe_end *end)
{
	if (!end->message || end->message->type != &play__number__descriptor)
		return -1;
	return ((const Play__Number *)end->message->body)->value;
}

/* ---- results ------------------------------------------------------------- */

static int run_twice(const void *arguments)
{
	Play__Number twice =
		number(2 * ((const Play__Number *)arguments)->value);

	return troupe_end_with(0, NULL, &twice.base);
}

static troupe_ref spawn_twice(int64_t value)
{
	Play__Number arguments = number(value);
	troupe_ref ref = 0;

	CHECK(troupe_spawn_function(run_twice, &arguments.base, &ref) == 0);
	return ref;
}

static int say_thrice(const struct troupe_message *message)
{
	Play__Number thrice =
		number(3 * ((const Play__Number *)message->body)->value);

	return troupe_end_with(0, NULL, &thrice.base);
}

static const struct troupe_handler thrice_handlers[] = {
	{ &play__number__descriptor, say_thrice }, { 0 }
};
static const struct troupe_class thrice = { .name = "thrice",
					    .handlers = thrice_handlers };

static int results_root(int argc, char **argv)
{
	troupe_ref ref = spawn_twice(21), of_class;
	struct troupe_end end;

	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL && value_of(&end) == 42);
	CHECK(end.message->sender == ref);
	/* It is gone, and has not changed. */
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL && value_of(&end) == 42);
	CHECK(troupe_spawn(&thrice, NULL, &of_class) == 0);
	CHECK(stage_send(of_class, 5) == 0);
	CHECK(troupe_wait(of_class, TROUPE_NEVER, &end) == 0);
	CHECK(value_of(&end) == 15);
	CHECK(troupe_wait(spawn_twice(1), TROUPE_NEVER, NULL) == 0);
	return 0;
}

Test(results, of_functions_and_handlers_reach_each_who_waits)
{
	stage_pass(results_root);
}

static int run_without(const void *arguments)
{
	Play__Number ten = number(10);

	CHECK(troupe_end_with(0, NULL, &ten.base) == TROUPE_STOP);
	return troupe_end_with(0, NULL, NULL);
}

static int replaced_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(run_without, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL && !end.message && !end.text);
	return 0;
}

Test(results, are_replaced_by_a_later_one_and_by_none)
{
	stage_pass(replaced_root);
}

/* The parent is a class; its children's ends come to callbacks. */
static int hear_of_child(const struct troupe_end *end)
{
	Play__Number heard = number(value_of(end));

	return troupe_end_with(0, NULL, &heard.base);
}

static int begin_parent(const void *arguments)
{
	spawn_twice(50);
	return 0;
}

static int watch_begin(const void *arguments)
{
	return troupe_monitor(((const Play__Who *)arguments)->ref, NULL);
}

static const struct troupe_class parent = { .name = "parent",
					    .init = begin_parent,
					    .child_stopped = hear_of_child };
static const struct troupe_class watcher = { .name = "watcher",
					     .init = watch_begin,
					     .down = hear_of_child };

static int callbacks_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_message message;
	struct troupe_pattern ends = { .type = &troupe__end__descriptor };
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&parent, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(value_of(&end) == 100);
	/* Of one that is gone, and received as a message. */
	ends.sender = who.ref = spawn_twice(7);
	CHECK(troupe_receive(&ends, 1, TROUPE_NEVER, &message) == 0);
	CHECK(value_of(message.body) == 14);
	CHECK(troupe_spawn(&watcher, &who.base, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(value_of(&end) == 14);
	return 0;
}

Test(results, come_to_callbacks_and_patterns)
{
	stage_pass(callbacks_root);
}

/* ---- many ---------------------------------------------------------------- */

enum { MANY = 24 };

/* Ends when it is told to: the last of all first. */
static int run_last_first(const void *arguments)
{
	struct troupe_message message;

	CHECK(troupe_receive(&a_number, 1, TROUPE_NEVER, &message) == 0);
	return run_twice(arguments);
}

static int all_root(int argc, char **argv)
{
	troupe_ref ref[MANY];
	struct troupe_end end[MANY];
	Play__Number value;

	for (int i = 0; i < MANY; i++) {
		value = number(i);
		CHECK(troupe_spawn_function(run_last_first, &value.base,
					    &ref[i]) == 0);
	}
	CHECK(troupe_wait_all(ref, MANY, TROUPE_POLL, end) == -ETIMEDOUT);
	CHECK(!end[0].ref && !end[MANY - 1].ref);
	for (int i = MANY; i-- > 1;) {
		CHECK(stage_send(ref[i], 0) == 0);
		CHECK(troupe_wait(ref[i], TROUPE_NEVER, NULL) == 0);
	}
	CHECK(troupe_wait_all(ref, MANY, TROUPE_POLL, end) == -ETIMEDOUT);
	CHECK(!end[0].ref && end[1].ref == ref[1] && value_of(&end[1]) == 2);
	CHECK(stage_send(ref[0], 0) == 0);
	CHECK(troupe_wait_all(ref, MANY, TROUPE_NEVER, end) == 0);
	for (int i = 0; i < MANY; i++)
		CHECK(end[i].ref == ref[i] && value_of(&end[i]) == 2 * i);
	CHECK(troupe_wait_all(ref, 0, TROUPE_NEVER, end) == 0);
	ref[3] = troupe_self();
	CHECK(troupe_wait_all(ref, MANY, TROUPE_NEVER, end) == -EDEADLK);
	ref[3] = 0;
	CHECK(troupe_wait_all(ref, MANY, TROUPE_NEVER, end) == -EINVAL);
	return 0;
}

Test(results, of_many_come_in_the_order_of_the_references)
{
	stage_pass(all_root);
}

/* ---- reasons ------------------------------------------------------------- */

enum { LONG = 3000 };

static int fail_at_length(const struct troupe_message *message)
{
	static char text[LONG + 1];

	memset(text, 'x', LONG);
	text[LONG - 1] = 'y';
	return troupe_end_with(-ENODATA, text, message->body);
}

static const struct troupe_handler long_handlers[] = {
	{ &play__number__descriptor, fail_at_length }, { 0 }
};
static const struct troupe_class wordy = { .name = "wordy",
					   .handlers = long_handlers };

static int reason_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&wordy, NULL, &ref) == 0);
	CHECK(stage_send(ref, 9) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -ENODATA);
	CHECK(strlen(end.reason.text) == TROUPE_TEXT_SIZE - 1);
	CHECK(end.text && strlen(end.text) == LONG);
	CHECK(end.text[0] == 'x' && end.text[LONG - 1] == 'y');
	CHECK(value_of(&end) == 9);
	return 0;
}

Test(results, an_end_has_a_reason_of_its_own_at_length)
{
	stage_pass(reason_root);
}

static int refuse_results(const void *arguments)
{
	static uint8_t bytes[TROUPE_RESULT_SIZE];
	Play__Blob blob = PLAY__BLOB__INIT;
	Play__Number one = number(1);

	CHECK(troupe_end_with(0, NULL, &one.base) == TROUPE_STOP);
	CHECK(troupe_end_with(1, NULL, &one.base) == -EINVAL);
	blob.bytes.data = bytes;
	blob.bytes.len = TROUPE_RESULT_SIZE - 4;
	CHECK(troupe_end_with(0, "", &blob.base) == -EMSGSIZE);
	CHECK(troupe_end_with(-5, NULL, &blob.base) == -5);
	blob.bytes.len++;
	return troupe_end_with(0, NULL, &blob.base);
}

static int limit_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(refuse_results, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EMSGSIZE);
	CHECK(end.message && end.message->type == &play__blob__descriptor);
	CHECK(((const Play__Blob *)end.message->body)->bytes.len ==
	      TROUPE_RESULT_SIZE - 4);
	return 0;
}

Test(results, that_are_too_large_are_refused_and_change_nothing)
{
	stage_pass(limit_root);
}

/* Its code is another one. */
static int run_otherwise(const void *arguments)
{
	Play__Number one = number(1);

	CHECK(troupe_end_with(-ENODATA, "no data", &one.base) == -ENODATA);
	return -EDOM;
}

static int run_well(const void *arguments)
{
	run_otherwise(arguments);
	return 0;
}

static int otherwise_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(run_otherwise, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.code == -EDOM && value_of(&end) == 1);
	CHECK(strcmp(end.text, "no data") == 0);
	CHECK(troupe_spawn_function(run_well, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_NORMAL && value_of(&end) == 1);
	CHECK(strcmp(end.reason.text, "no data") == 0);
	return 0;
}

Test(results, a_text_comes_with_its_message_whatever_the_code)
{
	stage_pass(otherwise_root);
}

static void say_in_stop(void)
{
	Play__Number one = number(1);

	CHECK(troupe_end_with(-ENODATA, "from stop", &one.base) == -ENODATA);
}

/* 0: until it is told otherwise; 1: the code of troupe_finish() counts. */
static int say_in_handler(const struct troupe_message *message)
{
	if (!((const Play__Number *)message->body)->value)
		return 0;
	troupe_finish(-EDOM);
	return troupe_end_with(0, "from a handler", message->body);
}

static const struct troupe_handler say_handlers[] = {
	{ &play__number__descriptor, say_in_handler }, { 0 }
};
static const struct troupe_class sayer = { .name = "sayer",
					   .handlers = say_handlers,
					   .stop = say_in_stop };
static const struct troupe_class teller = { .name = "teller",
					    .handlers = say_handlers };

static void expect_said(troupe_ref ref, enum troupe_cause cause, int code,
			const char *text)
{
	struct troupe_end end;

	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == cause && end.reason.code == code);
	CHECK(strcmp(end.reason.text, text) == 0 && end.text);
	CHECK(strcmp(end.text, text) == 0 && value_of(&end) == 1);
}

static int said_root(int argc, char **argv)
{
	struct troupe_reason reason = { .cause = TROUPE_ERROR, .code = -EIO };
	troupe_ref ref;

	memset(reason.text, 'x', sizeof(reason.text) - 1);
	CHECK(troupe_spawn(&sayer, NULL, &ref) == 0);
	CHECK(stage_send(ref, 0) == 0);
	CHECK(troupe_close(ref) == 0);
	expect_said(ref, TROUPE_NORMAL, 0, "from stop");
	CHECK(troupe_spawn(&sayer, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	expect_said(ref, TROUPE_SHUTDOWN, 0, "from stop");
	CHECK(troupe_spawn(&sayer, NULL, &ref) == 0);
	CHECK(troupe_stop_with(ref, -EIDRM, "by order", 0) == 0);
	expect_said(ref, TROUPE_SHUTDOWN, -EIDRM, "from stop");
	CHECK(troupe_spawn(&sayer, NULL, &ref) == 0);
	CHECK(troupe_exit_signal(ref, &reason) == 0);
	expect_said(ref, TROUPE_ERROR, -EIO, "from stop");
	CHECK(troupe_spawn(&teller, NULL, &ref) == 0);
	CHECK(stage_send(ref, 1) == 0);
	expect_said(ref, TROUPE_ERROR, -EDOM, "from a handler");
	return 0;
}

Test(results, a_text_comes_with_its_message_whatever_ends_the_actor)
{
	stage_pass(said_root);
}

/* ---- deaths -------------------------------------------------------------- */

static int set_and_die(const void *arguments)
{
	Play__Number one = number(1);

	CHECK(troupe_end_with(0, "over", &one.base) == TROUPE_STOP);
	raise((int)((const Play__Number *)arguments)->value);
	return 0;
}

static int death_root(int argc, char **argv)
{
	static const int signals[] = { SIGKILL, SIGUSR1 };
	Play__Number of;
	struct troupe_end end;
	troupe_ref ref;

	for (int i = 0; i < 2; i++) {
		of = number(signals[i]);
		CHECK(troupe_spawn_function(set_and_die, &of.base, &ref) == 0);
		CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
		CHECK(end.reason.code == signals[i]);
		CHECK(!end.message && !end.text);
	}
	return 0;
}

Test(results, of_one_that_is_killed_before_its_end_are_none)
{
	stage_pass(death_root);
}

/* Each incarnation ends with its number; the third is the last. */
static int run_thrice(const void *arguments)
{
	Play__Number own = number(troupe_incarnation());

	return troupe_end_with(troupe_incarnation() < 2 ? -EAGAIN : 0, NULL,
			       &own.base);
}

static const struct troupe_class risen = { .name = "risen",
					   .run = run_thrice,
					   .restart = TROUPE_RESTART_CRASHED };

static int risen_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&risen, NULL, &ref) == 0);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(troupe_wait_next(ref, TROUPE_NEVER, &end) == 0);
		CHECK(end.incarnation == i && value_of(&end) == i);
		CHECK(end.will_restart == (i < 2));
	}
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.incarnation == 2 && value_of(&end) == 2);
	return 0;
}

Test(results, belong_to_an_incarnation)
{
	stage_pass(risen_root);
}

/* ---- what nobody handles ------------------------------------------------- */

static int give_up(const struct troupe_message *message)
{
	return -ENOSYS;
}

static const struct troupe_class strict = { .name = "strict",
					    .unhandled = give_up };

static int unhandled_root(int argc, char **argv)
{
	Play__Number nine = number(9);
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&strict, NULL, &ref) == 0);
	CHECK(troupe_send_attached(ref, &nine.base, "beside", 7) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -ENOSYS);
	CHECK(strstr(end.reason.text, "play.Number"));
	CHECK(value_of(&end) == 9 && end.message->sender == troupe_self());
	CHECK(end.message->attachment_size == 7);
	CHECK(strcmp(end.message->attachment, "beside") == 0);
	return 0;
}

Test(results, a_message_that_is_not_handled_reaches_the_waiter_whole)
{
	stage_pass(unhandled_root);
}

/* ---- stops with a reason ------------------------------------------------- */

static void leave_reason(void)
{
	struct troupe_reason reason;

	CHECK(troupe_stop_reason(&reason));
	CHECK(reason.code == -EIDRM && strstr(reason.text, "the shop closes"));
}

static const struct troupe_class stoppable = { .name = "stoppable",
					       .stop = leave_reason };

static void leave_result(void)
{
	Play__Number one = number(1);

	CHECK(troupe_end_with(0, "ready", &one.base) == TROUPE_STOP);
}

static const struct troupe_class talkative = { .name = "talkative",
					       .stop = leave_result };

static int stop_root(int argc, char **argv)
{
	char text[TROUPE_TEXT_SIZE + 1] = "the shop closes, ";
	struct troupe_reason reason;
	struct troupe_end end;
	troupe_ref ref;

	memset(text + strlen(text), '.', sizeof(text) - 1 - strlen(text));
	CHECK(!troupe_stop_reason(&reason));
	CHECK(troupe_spawn(&stoppable, NULL, &ref) == 0);
	CHECK(troupe_stop_with(ref, 0, text, 0) == -EINVAL);
	CHECK(troupe_stop_with(ref, 0, NULL, -2) == -EINVAL);
	text[TROUPE_TEXT_SIZE - 1] = '\0';
	CHECK(troupe_stop_with(ref, -EIDRM, text, 0) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN && !end.message);
	CHECK(end.reason.code == -EIDRM);
	CHECK(strcmp(end.reason.text, text) == 0);
	CHECK(troupe_stop_with(ref, 0, text, 0) == -ESRCH);

	CHECK(troupe_spawn(&talkative, NULL, &ref) == 0);
	CHECK(troupe_stop_with(ref, 0, "now", 0) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN && value_of(&end) == 1);
	CHECK(strcmp(end.reason.text, "ready") == 0);
	return 0;
}

Test(results, a_stop_has_a_reason)
{
	stage_pass(stop_root);
}

/* It obeys no order. */
static int run_deaf(const void *arguments)
{
	for (;;)
		pause();
	return 0;
}

static const struct troupe_class deaf = { .name = "deaf",
					  .run = run_deaf,
					  .grace_ms = -1 };

static int time_out_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&deaf, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0); /* which would wait for ever */
	CHECK(troupe_wait(ref, TROUPE_POLL, &end) == -ETIMEDOUT);
	CHECK(troupe_stop_with(ref, 0, NULL, 1) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_KILLED);
	CHECK(troupe_spawn(&stoppable, NULL, &ref) == 0);
	CHECK(troupe_stop_with(ref, -EIDRM, "the shop closes", -1) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(results, a_stop_has_a_time_out)
{
	stage_pass(time_out_root);
}
