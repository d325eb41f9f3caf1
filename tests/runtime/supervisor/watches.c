/* SPDX-License-Identifier: MIT */
/* Names, waiting for an end, and monitors. */
#include "tests/support/stage.h"

static int returns_error(const void *arguments)
{
	return -ENOTDIR;
}

/* ---- names --------------------------------------------------------------- */

static int names_root(int argc, char **argv)
{
	static const struct troupe_class idle = { .name = "idle",
						  .run = stage_idle };
	static const struct troupe_class steering = { .name = "\x1b[2J",
						      .run = stage_idle };
	troupe_ref ref, other, found = 0;
	int i;

	CHECK(troupe_whereis("desk", &found) == -ENOENT);
	CHECK(troupe_spawn_named("desk", &idle, NULL, &ref) == 0);
	CHECK(troupe_spawn_named("desk", &idle, NULL, &other) == -EEXIST);
	CHECK(troupe_spawn_named("", &idle, NULL, &other) == -EINVAL);
	CHECK(troupe_spawn_named(NULL, &idle, NULL, &other) == -EINVAL);
	CHECK(troupe_whereis("desk", &found) == 0 && found == ref);
	CHECK(troupe_register("desk", troupe_self()) == -EEXIST);
	CHECK(troupe_spawn_named("", &idle, NULL, &other) == -EINVAL);
	CHECK(troupe_register("", troupe_self()) == -EINVAL);
	CHECK(troupe_register("a/b", troupe_self()) == -EINVAL);
	CHECK(troupe_register("caf\xe9", troupe_self()) == -EINVAL);
	CHECK(troupe_spawn_named("\x1b[2J", &idle, NULL, &other) == -EINVAL);
	CHECK(troupe_spawn(&steering, NULL, &other) == -EINVAL);
	CHECK(troupe_register("chair", ref) == 0);
	CHECK(troupe_unregister("chair") == 0);
	CHECK(troupe_unregister("chair") == -ENOENT);
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_whereis("desk", &found) == -ENOENT);
	for (i = 0; i < 200; i++) {
		CHECK(troupe_spawn_named("desk", &idle, NULL, &ref) == 0);
		CHECK(troupe_kill(ref) == 0);
		stage_end_of(ref);
	}
	return 0;
}

Test(watches, a_name_is_unique_and_free_when_the_end_of_its_holder_is_seen,
     .timeout = 600)
{
	stage_pass(names_root);
}

/* ---- wait and monitor ---------------------------------------------------- */

static int wait_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_wait(troupe_self(), TROUPE_POLL, &end) == -EDEADLK);
	CHECK(troupe_wait(0, TROUPE_POLL, &end) == -EINVAL);
	CHECK(troupe_spawn_function(returns_error, NULL, &ref) == 0);
	while (stage_send(ref, 0) != -ESRCH)
		usleep(1000);
	end = stage_end_of(ref);
	CHECK(end.reason.code == -ENOTDIR);
	CHECK(stage_end_of(ref).reason.code == -ENOTDIR);
	end.reason.code = 0;
	CHECK(troupe_wait(ref, TROUPE_POLL, &end) == 0);
	CHECK(end.reason.code == -ENOTDIR);
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_POLL, &end) == -ETIMEDOUT);
	CHECK(troupe_wait(ref, troupe_in_ms(20), &end) == -ETIMEDOUT);
	return 0;
}

Test(watches, wait_tells_the_end_also_of_a_child_that_is_gone)
{
	stage_pass(wait_root);
}

static int poll_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;
	int i;

	for (i = 0; i < 100; i++) {
		CHECK(troupe_wait(0x1000123400000001, TROUPE_POLL, &end) == 0);
		CHECK(end.reason.cause == TROUPE_NOPROC);
		CHECK(troupe_spawn_function(returns_error, NULL, &ref) == 0);
		while (stage_send(ref, 0) != -ESRCH)
			;
		CHECK(troupe_wait(ref, TROUPE_POLL, &end) == 0);
		CHECK(end.reason.code == -ENOTDIR);
	}
	return 0;
}

Test(watches, wait_polls_for_one_that_is_gone)
{
	stage_pass(poll_root);
}

/* ---- taken back ---------------------------------------------------------- */

static int is_told(const struct troupe_end *end)
{
	board->count++;
	return 0;
}

static int take_back(const void *arguments)
{
	struct troupe_message message;
	uint64_t monitor;
	troupe_ref ref;
	int i;

	for (i = 0; i < 300; i++) {
		CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
		CHECK(troupe_monitor(ref, &monitor) == 0);
		CHECK(troupe_kill(ref) == 0);
		while (stage_send(ref, 0) != -ESRCH)
			;
		CHECK(troupe_demonitor(monitor) == 0);
		CHECK(troupe_wait(ref, TROUPE_POLL, NULL) == 0 ||
		      troupe_wait(ref, troupe_in_ms(10000), NULL) == 0);
	}
	CHECK(troupe_receive(NULL, 0, troupe_in_ms(1), &message) == -ETIMEDOUT);
	return 0;
}

static const struct troupe_class fickle = { .name = "fickle",
					    .run = take_back,
					    .down = is_told };

static int fickle_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&fickle, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, TROUPE_NEVER, NULL) == 0);
	CHECK(board->count == 0);
	return 0;
}

Test(watches, that_were_taken_back_are_not_told_though_the_end_was_first)
{
	stage_pass(fickle_root);
}

static int went_down(const struct troupe_end *end)
{
	CHECK(end->reason.cause == TROUPE_NORMAL ||
	      end->reason.cause == TROUPE_NOPROC);
	board->value[end->reason.cause]++;
	return board->value[TROUPE_NORMAL] == 2 &&
			       board->value[TROUPE_NOPROC] == 1
		       ? TROUPE_STOP
		       : 0;
}

static int watch_init(const void *arguments)
{
	const Play__Who *who = arguments;
	uint64_t first, second, third;

	CHECK(troupe_monitor(who->ref, &first) == 0);
	CHECK(troupe_monitor(who->ref, &second) == 0);
	CHECK(troupe_monitor(who->ref, &third) == 0);
	CHECK(first != second && second != third);
	CHECK(troupe_demonitor(third) == 0);
	CHECK(troupe_monitor(0x1000123400000001, &third) == 0);
	return stage_send(who->ref, 0);
}

static const struct troupe_class watcher = { .name = "watcher",
					     .init = watch_init,
					     .down = went_down };

static int monitor_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	who.ref = ref;
	CHECK(troupe_spawn(&watcher, &who.base, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(watches, monitors_stack_and_each_is_told_once)
{
	stage_pass(monitor_root);
}

/* ---- of one that has just died ------------------------------------------- */

enum { DEAD = 3 };

static int crashes(const void *arguments)
{
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int went_before(const struct troupe_end *end)
{
	CHECK(end->reason.cause == TROUPE_SIGNAL &&
	      end->reason.code == SIGSEGV);
	CHECK(end->ref == (troupe_ref)board->value[0] && end->pid > 0);
	return ++board->count == DEAD ? TROUPE_STOP : 0;
}

static int watch_dead(const void *arguments)
{
	const Play__Who *who = arguments;
	int i;

	for (i = 0; i < DEAD; i++)
		CHECK(troupe_monitor(who->ref, NULL) == 0);
	return 0;
}

static const struct troupe_class late = { .name = "late",
					  .init = watch_dead,
					  .down = went_before };

static int dead_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn_function(crashes, NULL, &who.ref) == 0);
	board->value[0] = (long)who.ref;
	CHECK(stage_end_of(who.ref).reason.cause == TROUPE_SIGNAL);
	CHECK(troupe_spawn(&late, &who.base, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->count == DEAD);
	return 0;
}

Test(watches, of_one_that_has_just_died_are_told_of_what)
{
	stage_pass(dead_root);
}
