/* SPDX-License-Identifier: MIT */
/* A loop of crashes leaves one core. */
#include <sys/resource.h>
#include "runtime/supervisor/spawn.h"
#include "runtime/troupe_restart.h"
#include "tests/support/stage.h"

enum { TWO_BYTES = 2 }; /* a limit that allows no core of this test either */

/* Each incarnation notes its limit: on the board, from 100 on. */
static int notes(const void *arguments)
{
	struct rlimit limit;

	getrlimit(RLIMIT_CORE, &limit);
	board->value[100 + troupe_incarnation()] = (long)limit.rlim_cur;
	board->value[1] = troupe_incarnation() + 1;
	return 0;
}

/* 1: crashes; 2: ends; 3: notes its limit again. */
static int takes(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value == 1)
		abort();
	if (number->value == 3)
		notes(NULL);
	return number->value == 2 ? TROUPE_STOP : 0;
}
static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, takes }, { 0 }
};
static const struct troupe_class lasting = { .name = "lasting",
					     .init = notes,
					     .handlers = handlers,
					     .restart = TROUPE_RESTART_ALWAYS };

static struct rlimit before;

static void init(void)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_CORE, &before), 0);
	limit = before;
	limit.rlim_cur = TWO_BYTES;
	cr_assert_eq(setrlimit(RLIMIT_CORE, &limit), 0);
}

static void fini(void)
{
	setrlimit(RLIMIT_CORE, &before);
	trp_supervisor_spawn_core_ms = 60000;
}

TestSuite(cores, .init = init, .fini = fini);

static void ends_by(troupe_ref ref, int64_t what, long incarnation)
{
	struct troupe_end end;

	CHECK(stage_send(ref, what) == 0);
	CHECK(troupe_wait_next(ref, TROUPE_NEVER, &end) == 0);
	CHECK(!end.reason.has_core);
	while (board->value[1] < incarnation + 1)
		usleep(100);
}

static int loop_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&lasting, NULL, &ref) == 0);
	while (board->value[1] < 1)
		usleep(100);
	ends_by(ref, 2, 1); /* no crash */
	ends_by(ref, 1, 2);
	ends_by(ref, 1, 3);
	ends_by(ref, 2, 4); /* within the minute */
	return 0;
}

Test(cores, only_the_first_of_a_loop_of_crashes_may_leave_one)
{
	stage_pass(loop_root);
	cr_assert_eq(board->value[100], TWO_BYTES);
	cr_assert_eq(board->value[101], TWO_BYTES);
	for (int incarnation = 2; incarnation <= 4; incarnation++)
		cr_assert_eq(board->value[100 + incarnation], 1);
}

static int quiet_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&lasting, NULL, &ref) == 0);
	while (board->value[1] < 1)
		usleep(100);
	ends_by(ref, 1, 1);
	while (board->value[101] != TWO_BYTES) {
		CHECK(stage_send(ref, 3) == 0);
		usleep(1000);
	}
	return 0;
}

Test(cores, after_a_quiet_time_a_crash_may_leave_one_again)
{
	trp_supervisor_spawn_core_ms = 20;
	stage_pass(quiet_root);
}
