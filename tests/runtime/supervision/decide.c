/* SPDX-License-Identifier: MIT */
/* Children that decide whether they start. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_restart.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(decide, .init = init);

/* On the board, from here on by the reason: so often it was asked; what it
 * says. */
enum { ASKED = 200, ANSWER = 300 };

static bool decides(enum troupe_start why, const void *arguments)
{
	board->value[ASKED + why]++;
	return board->value[ANSWER + why];
}
static const struct troupe_class unsure = { .name = "unsure",
					    .handlers = staff_handlers,
					    .decide_to_start = decides };
static const struct troupe_child_spec children[] = {
	{ .id = "a", .klass = &staff_a, .name = "a" },
	{ .id = "c", .klass = &unsure, .name = "unsure" },
	{ 0 },
};
/* Two failures would be too many; an answer is none. */
static const struct troupe_supervisor rules = {
	.children = children,
	.intensity = 1,
	.period_ms = 3600 * 1000,
	.first_ms = 5,
	.last_ms = 40,
};
static const struct troupe_class boss = { .name = "boss",
					  .supervises = &rules };
static const struct troupe_supervisor all_rules = {
	.children = children,
	.strategy = TROUPE_ONE_FOR_ALL,
	.intensity = 1,
	.period_ms = 3600 * 1000,
	.first_ms = 5,
	.last_ms = 40,
};
static const struct troupe_class all_boss = { .name = "all-boss",
					      .supervises = &all_rules };

static void await_questions(enum troupe_start why, long count)
{
	while (board->value[ASKED + why] < count)
		usleep(100);
}

static void await_handled(long count)
{
	while (board->value[1] < count)
		usleep(100);
}

static int mail_root(int argc, char **argv)
{
	enum { FLOOD = 5000 };
	troupe_ref chief = staff_begin(&boss), to;
	int sent = 0;

	CHECK(troupe_whereis("unsure", &to) == 0);
	CHECK(board->value[ASKED + TROUPE_START_RESTART] == 0);
	CHECK(troupe_child_stop(chief, "c") == 0);
	staff_await(chief, "c", TROUPE_CHILD_STOPPED, 0);
	while (sent < FLOOD) {
		CHECK(stage_send(to, 1) == 0);
		sent++;
	}
	await_questions(TROUPE_START_MAIL, 3);
	CHECK(board->value[ASKED + TROUPE_START_MAIL] < FLOOD / 10);
	CHECK(board->value[1] == 0);
	CHECK(staff_await(chief, "c", TROUPE_CHILD_STOPPED, 0).restarts == 0);
	board->value[ANSWER + TROUPE_START_MAIL] = 1;
	await_handled(FLOOD);
	staff_await(chief, "c", TROUPE_CHILD_UP, 1);
	CHECK(board->value[ASKED + TROUPE_START_RESTART] == 0);
	/* By hand it is not asked. */
	board->value[ANSWER + TROUPE_START_MAIL] = 0;
	CHECK(troupe_child_stop(chief, "c") == 0);
	staff_await(chief, "c", TROUPE_CHILD_STOPPED, 1);
	CHECK(troupe_child_start(chief, "c") == 0);
	CHECK(stage_send(to, 1) == 0);
	await_handled(FLOOD + 1);
	CHECK(staff_child_of(chief, "c").ref == to);
	return 0;
}

Test(decide, mail_starts_one_that_was_stopped_by_hand_where_it_says_so)
{
	stage_pass(mail_root);
}

static int no_mail_root(int argc, char **argv)
{
	troupe_ref chief = staff_begin(&boss), to, other;

	board->value[ANSWER + TROUPE_START_MAIL] = 1;
	CHECK(troupe_whereis("unsure", &to) == 0);
	CHECK(troupe_whereis("a", &other) == 0);
	CHECK(troupe_child_stop(chief, "c") == 0);
	staff_await(chief, "c", TROUPE_CHILD_STOPPED, 0);
	/* Some pauses pass, as another one is stopped and started. */
	for (int i = 1; i <= 5; i++) {
		CHECK(troupe_child_restart(chief, "a") == 0);
		staff_await(chief, "a", TROUPE_CHILD_UP, (uint32_t)i);
	}
	CHECK(board->value[ASKED + TROUPE_START_MAIL] == 0);
	CHECK(stage_send(to, 1) == 0);
	await_handled(1);
	CHECK(board->value[ASKED + TROUPE_START_MAIL] == 1);
	return 0;
}

Test(decide, without_mail_it_is_not_asked)
{
	stage_pass(no_mail_root);
}

static int restart_root(int argc, char **argv)
{
	troupe_ref chief = staff_begin(argc ? &boss : &all_boss), to;
	struct troupe_end end;

	CHECK(troupe_whereis("unsure", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	CHECK(stage_send(to, 1) == 0);
	await_questions(TROUPE_START_RESTART, 4);
	CHECK(board->value[1] == 0);
	/* Of these nobody is told. */
	CHECK(troupe_wait_next(to, troupe_in_ms(1), &end) == -ETIMEDOUT);
	board->value[ANSWER + TROUPE_START_RESTART] = 1;
	await_handled(1);
	staff_await(chief, "c", TROUPE_CHILD_UP, 1);
	staff_await(chief, "a", TROUPE_CHILD_UP, 0);
	CHECK(troupe_stop(chief) == 0);
	stage_end_of(chief);
	return 0;
}

static int restart_all_root(int argc, char **argv)
{
	return restart_root(0, argv);
}

static int restart_one_root(int argc, char **argv)
{
	return restart_root(1, argv);
}

Test(decide, a_restart_waits_for_another_pause_where_it_says_no)
{
	stage_pass(restart_one_root);
}

Test(decide, its_siblings_wait_for_it_where_they_are_restarted_together)
{
	stage_pass(restart_all_root);
}

static int ending_root(int argc, char **argv)
{
	troupe_ref chief = staff_begin(&boss), to;

	CHECK(troupe_whereis("unsure", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	await_questions(TROUPE_START_RESTART, 2);
	CHECK(troupe_child_stop(chief, "c") == 0);
	staff_await(chief, "c", TROUPE_CHILD_STOPPED, 0);
	CHECK(stage_send(to, 1) == 0);
	await_questions(TROUPE_START_MAIL, 2);
	CHECK(troupe_stop(chief) == 0);
	stage_end_of(chief);
	return 0;
}

Test(decide, its_supervisor_ends_while_it_hesitates)
{
	stage_pass(ending_root);
}
