/* SPDX-License-Identifier: MIT */
/* Births and ends. */
#include "runtime/node/ref.h"
#include "tests/support/output.h"
#include "tests/support/stage.h"

static struct troupe_end end_of_function(int (*run)(const void *))
{
	struct troupe_end end = { 0 };
	troupe_ref ref;

	CHECK(troupe_spawn_function(run, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.ref == ref);
	CHECK(end.pid > 0);
	return end;
}

/* ---- true causes --------------------------------------------------------- */

static int returns_0(const void *arguments)
{
	return 0;
}

static int returns_error(const void *arguments)
{
	return -ENOTDIR;
}

static int exits_3(const void *arguments)
{
	exit(3);
}

static int exits_0(const void *arguments)
{
	_exit(0);
}

static int aborts(const void *arguments)
{
	abort();
}

static int writes_null(const void *arguments)
{
	volatile uintptr_t nowhere = 8;

	*(volatile int *)nowhere = 1;
	return 0;
}

static int kills_itself(const void *arguments)
{
	kill(getpid(), SIGKILL);
	return 0;
}

static int causes_root(int argc, char **argv)
{
	struct troupe_end end;

	end = end_of_function(returns_0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	end = end_of_function(exits_0);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	end = end_of_function(returns_error);
	CHECK(end.reason.cause == TROUPE_ERROR);
	CHECK(end.reason.code == -ENOTDIR);
	CHECK(strcmp(end.reason.text, strerror(ENOTDIR)) == 0);
	end = end_of_function(exits_3);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == 3);
	end = end_of_function(aborts);
	CHECK(end.reason.cause == TROUPE_SIGNAL);
	CHECK(end.reason.code == SIGABRT);
	end = end_of_function(kills_itself);
	CHECK(end.reason.cause == TROUPE_KILLED);
	return 0;
}

Test(life, a_parent_learns_the_true_cause)
{
	stage_pass(causes_root);
}

static int segv_root(int argc, char **argv)
{
	struct troupe_end end = end_of_function(writes_null);

#ifdef __SANITIZE_ADDRESS__
	CHECK(end.reason.cause == TROUPE_ERROR); /* its handler exits */
#else
	CHECK(end.reason.cause == TROUPE_SIGNAL);
	CHECK(end.reason.code == SIGSEGV);
#endif
	return 0;
}

Test(life, a_wild_pointer_is_a_signal_in_the_report)
{
	stage_pass(segv_root);
}

/* ---- told once ----------------------------------------------------------- */

static int told(const struct troupe_end *end)
{
	CHECK(end->reason.cause == TROUPE_KILLED);
	board->value[trp_ref_slot(end->ref) & 0xfff]++;
	board->count++;
	return 0;
}

static int spawn_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;
	troupe_ref ref;
	int64_t i;

	for (i = 0; i < number->value; i++)
		CHECK(troupe_spawn_function(kills_itself, NULL, &ref) == 0);
	return 0;
}

static const struct troupe_handler mother_handlers[] = {
	{ &play__number__descriptor, spawn_number },
	{ 0 },
};
static const struct troupe_class mother = { .name = "mother",
					    .handlers = mother_handlers,
					    .child_stopped = told };

static int once_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&mother, NULL, &ref) == 0);
	stage_send(ref, 50);
	for (i = 0; i < 10000 && board->count < 50; i++)
		usleep(1000);
	CHECK(board->count == 50);
	troupe_stop(ref);
	stage_end_of(ref);
	CHECK(board->count == 50);
	return 0;
}

Test(life, a_childs_death_reaches_its_parent_exactly_once)
{
	stage_pass(once_root);
}

static int last_words_run(const void *arguments)
{
	const Play__Who *who = arguments;
	int i;

	for (i = 0; i < 100; i++)
		CHECK(stage_send(who->ref, i) == 0);
	kill(getpid(), SIGKILL);
	return 0;
}

static int heard_number(const struct troupe_message *message)
{
	board->value[0]++;
	return 0;
}

static int heard_end(const struct troupe_end *end)
{
	CHECK(board->value[0] == 100);
	return TROUPE_STOP;
}

static int hear_init(const void *arguments)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	who.ref = troupe_self();
	return troupe_spawn_function(last_words_run, &who.base, &ref);
}

static const struct troupe_handler hear_handlers[] = {
	{ &play__number__descriptor, heard_number },
	{ 0 },
};
static const struct troupe_class hearer = { .name = "hearer",
					    .init = hear_init,
					    .handlers = hear_handlers,
					    .child_stopped = heard_end };

static int words_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	for (i = 0; i < 20; i++) {
		board->value[0] = 0;
		CHECK(troupe_spawn(&hearer, NULL, &ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	}
	return 0;
}

Test(life, what_an_actor_sent_is_handled_before_the_report_of_its_death)
{
	stage_pass(words_root);
}

/* ---- stop, close, kill --------------------------------------------------- */

/* Until value[2]. */
static int slow_number(const struct troupe_message *message)
{
	board->value[0] = 1;
	while (!board->value[2])
		usleep(1000);
	board->count++;
	return 0;
}

static void has_stopped(void)
{
	board->value[1]++;
}

static const struct troupe_handler slow_handlers[] = {
	{ &play__number__descriptor, slow_number },
	{ 0 },
};
static const struct troupe_class slow = { .name = "slow",
					  .handlers = slow_handlers,
					  .stop = has_stopped };

static int stop_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&slow, NULL, &ref) == 0);
	stage_send(ref, 1);
	stage_send(ref, 2);
	while (!board->value[0])
		usleep(1000);
	CHECK(troupe_stop(ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	board->value[2] = 1;
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	CHECK(board->count == 1);
	CHECK(board->value[1] == 1);
	CHECK(troupe_stop(ref) == -ESRCH);
	CHECK(stage_send(ref, 3) == -ESRCH);
	return 0;
}

Test(life, stop_lets_the_running_handler_finish_and_drops_the_rest)
{
	stage_pass(stop_root);
}

static int close_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&slow, NULL, &ref) == 0);
	stage_send(ref, 1);
	stage_send(ref, 2);
	CHECK(troupe_close(ref) == 0);
	stage_send(ref, 3);
	board->value[2] = 1;
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(board->count == 2);
	CHECK(board->value[1] == 1);
	return 0;
}

Test(life, close_handles_what_was_sent_before_and_nothing_after)
{
	stage_pass(close_root);
}

/* It takes the number, and returns what troupe_receive() says then. */
static int take_numbers(const void *arguments)
{
	const struct troupe_pattern number = {
		.type = &play__number__descriptor
	};
	struct troupe_message message;
	int r;

	while ((r = troupe_receive(&number, 1, TROUPE_NEVER, &message)) == 0)
		board->count++;
	return r;
}

static int close_function_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn_function(take_numbers, NULL, &ref) == 0);
	stage_send(ref, 1);
	CHECK(troupe_close(ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_NORMAL);
	CHECK(board->count == 1);
	return 0;
}

Test(life, a_function_that_returns_when_it_is_closed_has_ended_normally)
{
	stage_pass(close_function_root);
}

static int endless_run(const void *arguments)
{
	for (;;)
		pause();
	return 0;
}

static const struct troupe_class endless = { .name = "endless",
					     .run = endless_run,
					     .grace_ms = 100 };

static int kill_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&endless, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	CHECK(troupe_kill(ref) == -ESRCH);
	CHECK(troupe_spawn(&endless, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	return 0;
}

Test(life, kill_and_the_end_of_grace_end_one_that_never_receives)
{
	stage_pass(kill_root);
}

/* ---- the tree ------------------------------------------------------------ */

static int nest_run(const void *arguments)
{
	const Play__Who *who = arguments;
	Play__Who inner = PLAY__WHO__INIT;
	troupe_ref ref;

	board->value[who->count] = getpid();
	board->count++;
	inner.count = who->count - 1;
	if (inner.count > 0)
		CHECK(troupe_spawn_function(nest_run, &inner.base, &ref) == 0);
	stage_receive(3600000);
	return 0;
}

static int tree_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	struct troupe_end end;
	troupe_ref ref;
	int i;

	who.count = 10;
	CHECK(troupe_spawn_function(nest_run, &who.base, &ref) == 0);
	while (board->count < 10)
		usleep(1000);
	CHECK(troupe_stop(ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	for (i = 1; i <= 10; i++)
		CHECK(kill((pid_t)board->value[i], 0) < 0);
	return 0;
}

Test(life, stopping_a_parent_stops_its_whole_family_first)
{
	stage_pass(tree_root);
}

static int crash_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;
	int i, tries;

	who.count = 10;
	CHECK(troupe_spawn_function(nest_run, &who.base, &ref) == 0);
	while (board->count < 10)
		usleep(1000);
	CHECK(troupe_kill(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_KILLED);
	for (i = 1; i <= 10; i++)
		for (tries = 0; tries < 10000; tries++) {
			if (kill((pid_t)board->value[i], 0) < 0)
				break;
			usleep(1000);
		}
	for (i = 1; i <= 10; i++)
		CHECK(kill((pid_t)board->value[i], 0) < 0);
	return 0;
}

Test(life, the_family_of_a_crashed_parent_is_stopped)
{
	stage_pass(crash_root);
}

static int thousand_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	for (i = 0; i < 1000; i++)
		CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	return 0;
}

Test(life, stopping_the_node_with_a_thousand_actors_leaves_nothing,
     .timeout = 600)
{
	stage_pass(thousand_root);
}

static int short_run(const void *arguments)
{
	board->count++;
	return 0;
}

static int cycles_root(int argc, char **argv)
{
	int most = argc ? 10000 : 0;
	troupe_ref ref;
	int i;

	for (i = 0; i < most; i++) {
		CHECK(troupe_spawn_function(short_run, NULL, &ref) == 0);
		if (i % 64 == 63)
			CHECK(troupe_wait(ref, troupe_in_ms(20000), NULL) == 0);
	}
	CHECK(troupe_wait(ref, troupe_in_ms(20000), NULL) == 0);
	return 0;
}

Test(life, ten_thousand_spawn_and_exit_cycles_leave_nothing, .timeout = 600)
{
	stage_pass(cycles_root);
	cr_assert_eq(board->count, 10000);
}

/* ---- the root ------------------------------------------------------------ */

static int failing_root(int argc, char **argv)
{
	return -EXDEV;
}

Test(life, a_root_that_fails_is_status_1)
{
	cr_assert_eq(stage_run(failing_root), 1);
}

static int init_fails(const void *arguments)
{
	return -EACCES;
}

static const struct troupe_class unborn = { .name = "unborn",
					    .init = init_fails };

static int unborn_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&unborn, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EACCES);
	return 0;
}

Test(life, an_init_that_fails_is_the_end_and_the_log_says_so)
{
	char *text = output_of(unborn_root);

	cr_expect(strstr(text, "ended: error -13: Permission denied, in its "
			       "init\n"),
		  "%s", text);
	free(text);
}

static int spawns_again(const struct troupe_end *end)
{
	troupe_ref ref;

	board->value[2]++;
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == -ECANCELED);
	return 0;
}

static int one_child_init(const void *arguments)
{
	troupe_ref ref;

	return troupe_spawn_function(stage_idle, NULL, &ref);
}

static const struct troupe_class respawner = { .name = "respawner",
					       .init = one_child_init,
					       .child_stopped = spawns_again };

static int respawn_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&respawner, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(life, one_that_waits_for_its_last_child_spawns_no_other)
{
	stage_pass(respawn_root);
}

enum { GRACE_MS = 2000 };

static int slow_stop_run(const void *arguments)
{
	stage_receive(3600000);
	usleep((GRACE_MS + 500) * 1000);
	return 0;
}

static const struct troupe_class slow_to_stop = { .name = "slow",
						  .run = slow_stop_run };

static int slow_child_init(const void *arguments)
{
	troupe_ref ref;

	return troupe_spawn(&slow_to_stop, NULL, &ref);
}

static const struct troupe_class hasty = { .name = "hasty",
					   .init = slow_child_init,
					   .grace_ms = GRACE_MS };

static int hasty_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&hasty, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(life, waiting_for_its_children_is_not_counted_against_a_parent)
{
	stage_pass(hasty_root);
}
