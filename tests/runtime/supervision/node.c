/* SPDX-License-Identifier: MIT */
/* Actors that supervise, in nodes. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_supervise.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(supervising, .init = init);

/* ---- restarts ------------------------------------------------------------ */

static const struct troupe_supervisor one_rules = { .children = staff_three };
static const struct troupe_class one_for_one = { .name = "one",
						 .supervises = &one_rules };

static int one_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&one_for_one), before, after;

	CHECK(troupe_whereis("b", &before) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(stage_send(before, i == 50 ? 13 : 1) == 0);
	staff_await(boss, "b", TROUPE_CHILD_UP, 1);
	CHECK(troupe_whereis("b", &after) == 0);
	CHECK(before == after);
	while (board->value[1] < 99)
		stage_receive(5);
	troupe_stop(boss);
	stage_end_of(boss);
	/* It has waited for them: seven starts and stops are noted. */
	CHECK(board->value[4000] == 7);
	return 0;
}

Test(supervising, a_child_that_crashes_comes_back_with_its_reference_and_mail)
{
	stage_pass(one_root);
	cr_assert_eq(board->value[0], 99);
	staff_expect_notes("a+b+c+b+c-b-a-");
}

static const struct troupe_supervisor all_rules = {
	.children = staff_three,
	.strategy = TROUPE_ONE_FOR_ALL,
};
static const struct troupe_class one_for_all = { .name = "all",
						 .supervises = &all_rules };

static int all_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&one_for_all), to;

	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	troupe_stop(boss);
	stage_end_of(boss);
	return 0;
}

Test(supervising, one_for_all_stops_in_reverse_order_and_starts_in_order)
{
	stage_pass(all_root);
	staff_expect_notes("a+b+c+c-a-a+b+c+c-b-a-");
}

static const struct troupe_supervisor rest_rules = {
	.children = staff_three,
	.strategy = TROUPE_REST_FOR_ONE,
};
static const struct troupe_class rest_for_one = { .name = "rest",
						  .supervises = &rest_rules };

static int rest_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&rest_for_one), to;

	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(troupe_kill(to) == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	troupe_stop(boss);
	stage_end_of(boss);
	return 0;
}

Test(supervising, rest_for_one_restarts_those_that_were_started_after_it)
{
	stage_pass(rest_root);
	staff_expect_notes("a+b+c+c-b+c+c-b-a-");
}

/* ---- too many ------------------------------------------------------------ */

static int crashing_init(const void *arguments)
{
	if (board->value[10]++ > 0)
		abort();
	return 0;
}
static const struct troupe_class crashing = { .name = "crashing",
					      .init = crashing_init,
					      .handlers = staff_handlers };
static const struct troupe_child_spec with_crashing[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "c", .klass = &crashing, .name = "crashing" },
	{ 0 },
};
static const struct troupe_supervisor loop_rules = {
	.children = with_crashing,
	.first_ms = 1,
	.last_ms = 1,
};
static const struct troupe_class loop = { .name = "loop",
					  .supervises = &loop_rules };

static int gives_up_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&loop), to;

	CHECK(troupe_whereis("crashing", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	staff_await(boss, "c", TROUPE_CHILD_GIVEN_UP, 0);
	staff_await(boss, "a", TROUPE_CHILD_GIVEN_UP, 0);
	board->value[10] = 0;
	CHECK(troupe_child_start(boss, "c") == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 0);
	CHECK(staff_child_of(boss, "a").state == TROUPE_CHILD_GIVEN_UP);
	CHECK(troupe_child_start(boss, "a") == 0);
	staff_await(boss, "a", TROUPE_CHILD_UP, 0);
	return 0;
}

Test(supervising, without_one_above_children_are_given_up_until_started_by_hand)
{
	stage_pass(gives_up_root);
}

static const struct troupe_child_spec nested[] = {
	{ .id = "c", .klass = &loop },
	{ 0 },
};
static const struct troupe_supervisor above_rules = {
	.children = nested,
	.first_ms = 1,
	.last_ms = 1,
};
static const struct troupe_class above = { .name = "above",
					   .supervises = &above_rules };

static int nested_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&above), to;

	CHECK(troupe_whereis("crashing", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	/* The inner one ends each time, and its next first start fails. */
	staff_await(boss, "c", TROUPE_CHILD_GIVEN_UP, 3);
	return 0;
}

Test(supervising, beyond_its_intensity_it_ends_and_the_one_above_decides)
{
	stage_pass(nested_root);
}

static int not_a_folder(const void *arguments)
{
	return -ENOTDIR;
}
static const struct troupe_class not_starting = { .name = "not-starting",
						  .init = not_a_folder };
static const struct troupe_child_spec with_not_starting[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "n", .klass = &not_starting },
	{ 0 },
};
static const struct troupe_supervisor failing_rules = {
	.children = with_not_starting
};
static const struct troupe_class failing_boss = {
	.name = "failing-boss",
	.supervises = &failing_rules,
	.restart = TROUPE_RESTART_ALWAYS,
};

static int reason_root(int argc, char **argv)
{
	const struct troupe_child_spec spec = { .id = "inner",
						.klass = &failing_boss };
	struct troupe_end end;
	troupe_ref boss;

	CHECK(troupe_spawn(&failing_boss, NULL, &boss) == 0);
	end = stage_end_of(boss);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	CHECK(end.reason.code == -ENOTDIR);
	CHECK(strstr(end.reason.text, "did not start: n, error -20: Not a "));
	boss = staff_begin(&one_for_one);
	CHECK(troupe_child_add(boss, &spec, TROUPE_NEVER, NULL) == -ENOTDIR);
	return 0;
}

/* Case 9. */
Test(supervising,
     after_a_first_start_that_fails_the_reason_names_child_and_error)
{
	stage_pass(reason_root);
}

/* ---- by hand ------------------------------------------------------------- */

static int by_hand_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&one_for_all), to;

	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(troupe_child_stop(boss, "b") == 0);
	staff_await(boss, "b", TROUPE_CHILD_STOPPED, 0);
	for (int i = 0; i < 10; i++)
		CHECK(stage_send(to, 1) == 0);
	CHECK(troupe_whereis("a", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	CHECK(staff_child_of(boss, "b").state == TROUPE_CHILD_STOPPED);
	CHECK(board->value[1] == 0);
	CHECK(troupe_child_start(boss, "b") == 0);
	while (board->value[1] < 10)
		stage_receive(5);
	CHECK(troupe_child_start(boss, "b") == -EALREADY);
	CHECK(troupe_child_remove(boss, "b") == -EBUSY);
	CHECK(troupe_child_start(boss, "nobody") == -ENOENT);
	CHECK(troupe_child_start(troupe_self(), "b") == -ESRCH);
	CHECK(troupe_child_restart(boss, "b") == 0);
	staff_await(boss, "b", TROUPE_CHILD_UP, 2);
	CHECK(troupe_child_stop(boss, "b") == 0);
	staff_await(boss, "b", TROUPE_CHILD_STOPPED, 2);
	CHECK(troupe_child_remove(boss, "b") == 0);
	CHECK(troupe_child_start(boss, "b") == -ENOENT);
	return 0;
}

Test(supervising, a_child_that_is_stopped_by_hand_gets_its_mail_when_started)
{
	stage_pass(by_hand_root);
}

static int held_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&above), inner, to;

	inner = staff_child_of(boss, "c").ref;
	CHECK(troupe_child_stop(inner, "c") == 0);
	to = staff_await(inner, "c", TROUPE_CHILD_STOPPED, 0).ref;
	CHECK(stage_send(to, 1) == 0);
	CHECK(troupe_kill(inner) == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	CHECK(staff_child_of(boss, "c").ref == inner);
	CHECK(staff_child_of(inner, "a").state == TROUPE_CHILD_UP);
	CHECK(staff_child_of(inner, "c").state == TROUPE_CHILD_STOPPED);
	CHECK(staff_child_of(inner, "c").ref == to);
	board->value[10] = 0;
	CHECK(troupe_child_start(inner, "c") == 0);
	while (board->value[1] < 1)
		stage_receive(5);
	return 0;
}

Test(supervising, a_stop_by_hand_survives_the_restart_of_its_supervisor)
{
	stage_pass(held_root);
}

static int fails_init(const void *arguments)
{
	return -ENOTDIR;
}
static const struct troupe_class failing = { .name = "failing",
					     .init = fails_init };
static int hangs_init(const void *arguments)
{
	while (pause() < 0)
		;
	return 0;
}
static const struct troupe_class hanging = { .name = "hanging",
					     .init = hangs_init };

static int add_root(int argc, char **argv)
{
	const struct troupe_child_spec good = { .id = "d", .klass = &staff_a },
				       bad = { .id = "e", .klass = &failing },
				       slow = { .id = "f", .klass = &hanging };
	troupe_ref boss = staff_begin(&one_for_one), ref = 0;
	size_t count = 0;

	CHECK(troupe_child_add(boss, &good, TROUPE_NEVER, &ref) == 0);
	CHECK(staff_child_of(boss, "d").ref == ref);
	CHECK(staff_child_of(boss, "d").state == TROUPE_CHILD_UP);
	CHECK(troupe_child_add(boss, &good, TROUPE_NEVER, NULL) == -EEXIST);
	CHECK(troupe_child_add(boss, &bad, TROUPE_NEVER, NULL) == -ENOTDIR);
	CHECK(troupe_child_add(boss, &slow, troupe_in_ms(50), NULL) ==
	      -ETIMEDOUT);
	CHECK(troupe_kill(ref) == 0);
	staff_await(boss, "d", TROUPE_CHILD_UP, 1);
	do
		CHECK(troupe_children(boss, NULL, 0, &count) == 0);
	while (count > 4);
	CHECK(count == 4);
	return 0;
}

Test(supervising, a_child_that_is_added_is_up_or_its_error_is_told)
{
	stage_pass(add_root);
}

static const struct troupe_supervisor slow_rules = { .children = staff_three,
						     .first_ms = 60000 };
static const struct troupe_class slow_one = { .name = "slow",
					      .supervises = &slow_rules };

static int pause_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&slow_one), to;

	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(troupe_kill(to) == 0);
	staff_await(boss, "b", TROUPE_CHILD_WAITING, 0);
	CHECK(troupe_child_start(boss, "b") == 0);
	staff_await(boss, "b", TROUPE_CHILD_UP, 1);
	CHECK(troupe_kill(to) == 0);
	staff_await(boss, "b", TROUPE_CHILD_WAITING, 1);
	CHECK(troupe_child_stop(boss, "b") == 0);
	CHECK(troupe_child_start(boss, "b") == 0);
	staff_await(boss, "b", TROUPE_CHILD_UP, 2);
	return 0;
}

Test(supervising, a_child_is_started_by_hand_in_its_pause)
{
	stage_pass(pause_root);
}

/* The first of these stops only when it is killed. */
static void waits_for_a_kill(void)
{
	if (board->value[20]++ == 0)
		pause();
}

static const struct troupe_class dawdling = { .name = "dawdling",
					      .stop = waits_for_a_kill,
					      .grace_ms = 60000 };

static int spawns_dawdling(const void *arguments)
{
	return troupe_spawn_named("dawdling", &dawdling, NULL, NULL);
}

static const struct troupe_class family = { .name = "family",
					    .init = spawns_dawdling };
static const struct troupe_child_spec with_family[] = {
	{ .id = "c", .klass = &family, .start_ms = 2000 },
	{ 0 },
};
static const struct troupe_supervisor family_rules = {
	.children = with_family,
	.first_ms = 1,
	.intensity = TROUPE_INTENSITY_UNLIMITED,
};
static const struct troupe_class families = { .name = "families",
					      .supervises = &family_rules };

static int waits_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&families), child, grandchild;

	child = staff_child_of(boss, "c").ref;
	CHECK(troupe_whereis("dawdling", &grandchild) == 0);
	CHECK(troupe_kill(child) == 0);
	staff_await(boss, "c", TROUPE_CHILD_STARTING, 1);
	stage_receive(2500); /* longer than a start may take */
	CHECK(staff_child_of(boss, "c").state == TROUPE_CHILD_STARTING);
	CHECK(troupe_child_stop(boss, "c") == 0);
	staff_await(boss, "c", TROUPE_CHILD_STOPPED, 1);
	CHECK(staff_child_of(boss, "c").ref == child);
	CHECK(troupe_child_start(boss, "c") == 0);
	CHECK(troupe_kill(grandchild) == 0);
	staff_await(boss, "c", TROUPE_CHILD_UP, 2);
	return 0;
}

Test(supervising, a_child_that_waits_for_the_end_of_its_own_can_be_stopped)
{
	stage_pass(waits_root);
}

static const struct troupe_supervisor gate_rules = {
	.children = staff_three,
	.strategy = TROUPE_ONE_FOR_ALL,
	.first_ms = 60000,
};
static const struct troupe_class gated = { .name = "gated",
					   .supervises = &gate_rules };

static int kills_boss(const void *arguments)
{
	const Play__Who *who = arguments;

	staff_await(who->ref, "d", TROUPE_CHILD_WAITING, 0);
	return troupe_kill(who->ref);
}

static int unanswered_root(int argc, char **argv)
{
	const struct troupe_child_spec spec = { .id = "d", .klass = &staff_a },
				       late = { .id = "e", .klass = &staff_a };
	troupe_ref boss = staff_begin(&gated), to;
	Play__Who who = PLAY__WHO__INIT;

	who.ref = boss;
	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(troupe_kill(to) == 0);
	staff_await(boss, "b", TROUPE_CHILD_WAITING, 0);
	/* One whose turn does not come in time leaves no spec behind. */
	CHECK(troupe_child_add(boss, &late, troupe_in_ms(20), NULL) ==
	      -ETIMEDOUT);
	CHECK(troupe_child_start(boss, "e") == -ENOENT);
	CHECK(troupe_spawn_function(kills_boss, &who.base, NULL) == 0);
	CHECK(troupe_child_add(boss, &spec, TROUPE_NEVER, NULL) == -ECANCELED);
	return 0;
}

Test(supervising, one_who_waits_for_a_child_is_told_that_its_supervisor_ended)
{
	stage_pass(unanswered_root);
}

static const struct troupe_child_spec dawdlers[] = {
	{ .id = "c", .klass = &dawdling, .name = "dawdling" },
	{ 0 },
};
static const struct troupe_supervisor dawdlers_rules = { .children = dawdlers };
static const struct troupe_class lasting = {
	.name = "lasting",
	.supervises = &dawdlers_rules,
	.restart = TROUPE_RESTART_ALWAYS,
};

static int slow_stop_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&lasting),
		   to = staff_child_of(boss, "c").ref;

	CHECK(troupe_child_stop(boss, "c") == 0);
	staff_await(boss, "c", TROUPE_CHILD_STOPPING, 0);
	CHECK(troupe_kill(boss) == 0);
	CHECK(troupe_wait_next(boss, troupe_in_ms(30000), NULL) == 0);
	CHECK(troupe_kill(to) == 0);
	staff_await(boss, "c", TROUPE_CHILD_STOPPED, 0);
	CHECK(staff_child_of(boss, "c").ref == to);
	CHECK(stage_send(to, 1) == 0);
	return 0;
}

Test(supervising, a_stop_by_hand_that_takes_long_survives_its_supervisor)
{
	stage_pass(slow_stop_root);
}

/* ---- the end ------------------------------------------------------------- */

static const struct troupe_child_spec significant[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "b",
	  .klass = &staff_b,
	  .name = "b",
	  .restart = TROUPE_TRANSIENT,
	  .is_significant = true },
	{ .id = "c", .klass = &staff_c },
	{ 0 },
};
static const struct troupe_supervisor significant_rules = {
	.children = significant,
	.auto_shutdown = TROUPE_ANY_SIGNIFICANT,
};
static const struct troupe_class closing = {
	.name = "closing",
	.supervises = &significant_rules,
};

static int significant_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&closing), to;

	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(stage_send(to, 13) == 0);
	staff_await(boss, "b", TROUPE_CHILD_UP, 1);
	CHECK(stage_send(to, 0) == 0);
	CHECK(stage_end_of(boss).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(supervising, the_end_of_a_significant_child_ends_all)
{
	stage_pass(significant_root);
	staff_expect_notes("a+b+c+b+b-c-a-");
}

static const struct troupe_child_spec late[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "c", .klass = &hanging, .start_ms = 50 },
	{ 0 },
};
static const struct troupe_supervisor late_rules = { .children = late };
static const struct troupe_class never_up = { .name = "never",
					      .supervises = &late_rules };

static int late_root(int argc, char **argv)
{
	troupe_ref boss;

	CHECK(troupe_spawn(&never_up, NULL, &boss) == 0);
	CHECK(stage_end_of(boss).reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(supervising, a_first_start_that_takes_too_long_ends_it)
{
	stage_pass(late_root);
	staff_expect_notes("a+a-");
}

static int terminated_root(int argc, char **argv)
{
	staff_begin(&one_for_one);
	kill(getppid(), SIGTERM);
	stage_receive(60000); /* until it is told to stop */
	return 0;
}

Test(supervising, when_the_node_is_terminated_children_are_stopped_in_order)
{
	stage_pass(terminated_root);
	staff_expect_notes("a+b+c+c-b-a-");
}

static int killed_root(int argc, char **argv)
{
	struct troupe_end end = { 0 };
	troupe_ref boss = staff_begin(&one_for_one), to;

	CHECK(troupe_whereis("a", &to) == 0);
	CHECK(troupe_kill(boss) == 0);
	CHECK(troupe_wait(to, troupe_in_ms(30000), &end) == 0);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	return 0;
}

Test(supervising, when_it_is_killed_its_children_are_stopped_in_order)
{
	stage_pass(killed_root);
	staff_expect_notes("a+b+c+c-b-a-");
}
