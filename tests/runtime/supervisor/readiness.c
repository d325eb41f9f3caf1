/* SPDX-License-Identifier: MIT */
/* Spawns that wait until the child is ready. */
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_restart.h"
#include "tests/support/stage.h"

/* arguments: what init() does; it counts its runs on the board. */
enum { SLOW, FAILS, CRASHES, ENDS, HANGS };

static int does(const void *arguments)
{
	const Play__Number *number = arguments;

	board->value[number->value]++;
	switch (number->value) {
	case SLOW:
		usleep(20000);
		board->value[100]++;
		return 0;
	case FAILS:
		return -ENOTDIR;
	case CRASHES:
		abort();
	case ENDS:
		return TROUPE_STOP;
	default:
		while (pause())
			;
	}
	return 0;
}
static const struct troupe_class child = { .name = "child",
					   .init = does,
					   .restart = TROUPE_RESTART_ALWAYS,
					   .grace_ms = 10 };

static int spawn(int64_t what, struct troupe_spawn_options options,
		 troupe_ref *ret_ref)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = what;
	return troupe_spawn_with(&options, &child, &number.base, ret_ref);
}

static bool was_told_of_an_end(void)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor
	};
	struct troupe_message message;

	return troupe_receive(&pattern, 1, TROUPE_POLL, &message) != -ETIMEDOUT;
}

static int ready_root(int argc, char **argv)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor
	};
	struct troupe_message message;
	const struct troupe_end *end;
	uint64_t monitor = 0;
	troupe_ref ref = 0;

	CHECK(spawn(SLOW,
		    (struct troupe_spawn_options) { .name = "slow",
						    .ready_by = TROUPE_NEVER,
						    .ret_monitor = &monitor },
		    &ref) == 0);
	CHECK(board->value[100] == 1 && ref && monitor);
	CHECK(spawn(SLOW,
		    (struct troupe_spawn_options) { .name = "slow",
						    .ready_by = TROUPE_NEVER },
		    NULL) == -EEXIST);
	CHECK(troupe_stop(ref) == 0);
	for (int told = 0; told < 2; told++) {
		CHECK(troupe_receive(&pattern, 1, TROUPE_NEVER, &message) == 0);
		end = message.body;
		CHECK(end->ref == ref &&
		      (!end->monitor || end->monitor == monitor));
	}
	CHECK(spawn(SLOW,
		    (struct troupe_spawn_options) { .ready_by =
							    TROUPE_TIME(-1) },
		    NULL) == -EINVAL);
	return 0;
}

Test(readiness, a_spawn_waits_until_init_has_returned)
{
	stage_pass(ready_root);
}

static int fails_root(int argc, char **argv)
{
	const struct troupe_spawn_options waits = { .ready_by = TROUPE_NEVER };
	uint64_t monitor = 77;
	troupe_ref ref = 5;

	CHECK(spawn(FAILS,
		    (struct troupe_spawn_options) { .ready_by = TROUPE_NEVER,
						    .ret_monitor = &monitor,
						    .is_linked = true },
		    &ref) == -ENOTDIR);
	CHECK(spawn(CRASHES, waits, &ref) == -ECHILD);
	CHECK(spawn(ENDS, waits, &ref) == -ECHILD);
	CHECK(spawn(HANGS,
		    (struct troupe_spawn_options) { .ready_by =
							    troupe_in_ms(50) },
		    &ref) == -ETIMEDOUT);
	CHECK(ref == 5 && monitor == 77);
	CHECK(!was_told_of_an_end());
	/* None was started again, though their class asks for it. */
	for (int what = FAILS; what <= CRASHES; what++)
		CHECK(board->value[what] == 1);
	return 0;
}

/* Cases 3 and 13. */
Test(readiness, an_error_of_init_reaches_the_one_who_asked_and_nothing_is_left)
{
	stage_pass(fails_root);
}

/* ---- ends that are seen before the word that it is ready ----------------- */

static int is_done(const void *arguments)
{
	return 0;
}
static const struct troupe_class brief = { .name = "brief", .run = is_done };

static int brief_root(int argc, char **argv)
{
	enum { TIMES = 200 };
	struct troupe_end end;
	uint64_t monitor;
	const struct troupe_spawn_options waits = { .ready_by = TROUPE_NEVER,
						    .ret_monitor = &monitor };
	troupe_ref ref;

	for (int i = 0; i < TIMES; i++) {
		CHECK(troupe_spawn_with(&waits, &brief, NULL, &ref) == 0);
		end = stage_end_of(ref);
		CHECK(end.reason.cause == TROUPE_NORMAL);
	}
	return 0;
}

Test(readiness, one_that_is_ready_and_ends_at_once_has_started)
{
	stage_pass(brief_root);
}

static int waits_for_ever(const void *arguments)
{
	board->value[50] = spawn(
		HANGS,
		(struct troupe_spawn_options) { .ready_by = TROUPE_NEVER },
		NULL);
	return 0;
}

static int told_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(waits_for_ever, NULL, &ref) == 0);
	while (!board->value[HANGS])
		usleep(100);
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	CHECK(board->value[50] == -ECANCELED);
	/* And one that dies while it waits. */
	CHECK(troupe_spawn_function(waits_for_ever, NULL, &ref) == 0);
	while (board->value[HANGS] < 2)
		usleep(100);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	return 0;
}

Test(readiness, one_that_is_told_to_stop_waits_no_longer)
{
	stage_pass(told_root);
}

/* ---- exit signals and orders to stop ------------------------------------- */

enum { BY_SIGNAL, BY_LINK, WAYS };

static int waits_and_is_linked(const void *arguments)
{
	const Play__Who *who = arguments;

	CHECK(troupe_link(who->ref) == 0);
	board->value[50] = spawn(
		HANGS,
		(struct troupe_spawn_options) { .ready_by = TROUPE_NEVER },
		NULL);
	return 0;
}

static int signalled_root(int argc, char **argv)
{
	const struct troupe_reason reason = { .cause = TROUPE_ERROR,
					      .code = -3 };
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_end end;
	troupe_ref ref;

	for (int way = 0; way < WAYS; way++) {
		board->value[50] = 0;
		CHECK(troupe_spawn_function(stage_idle, NULL, &who.ref) == 0);
		CHECK(troupe_spawn_function(waits_and_is_linked, &who.base,
					    &ref) == 0);
		while (board->value[HANGS] <= way)
			usleep(100);
		CHECK(troupe_exit_signal(way == BY_LINK ? who.ref : ref,
					 &reason) == 0);
		end = stage_end_of(ref);
		CHECK(end.reason.cause == TROUPE_ERROR &&
		      end.reason.code == -3);
		CHECK(board->value[50] == -ECANCELED);
		if (way == BY_SIGNAL)
			CHECK(stage_end_of(who.ref).reason.code == -3);
	}
	return 0;
}

Test(readiness, a_wait_for_it_ends_by_an_exit_signal)
{
	stage_pass(signalled_root);
}

static int spawns_late(const void *arguments)
{
	const struct troupe_spawn_options waits = { .ready_by = TROUPE_NEVER };

	while (!troupe_is_stopping())
		usleep(100);
	CHECK(spawn(SLOW, waits, NULL) == -ECANCELED);
	CHECK(board->value[SLOW] == 0);
	CHECK(spawn(SLOW, (struct troupe_spawn_options) { 0 }, NULL) == 0);
	return -ECANCELED;
}

static int late_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn_function(spawns_late, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(readiness, one_that_was_told_to_stop_waits_for_no_child)
{
	stage_pass(late_root);
}
