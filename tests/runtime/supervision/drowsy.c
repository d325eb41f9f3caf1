/* SPDX-License-Identifier: MIT */
/* Supervised children that fall asleep. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"
#include "runtime/troupe_sleep.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(drowsy, .init = init, .timeout = 120);

static Play__Number kept;

static int keep(const ProtobufCMessage **ret_state)
{
	play__number__init(&kept);
	kept.value = ++board->value[2];
	*ret_state = &kept.base;
	return 0;
}

static int fetch(const ProtobufCMessage *state)
{
	/* The latest that was kept. */
	CHECK(((const Play__Number *)state)->value == board->value[2]);
	board->value[3]++;
	return 0;
}

static const struct troupe_class drowsy = {
	.name = "drowsy",
	.handlers = staff_handlers,
	.save = keep,
	.load = fetch,
	.idle_ms = 1,
};
static const struct troupe_child_spec children[] = {
	{ .id = "a", .klass = &staff_a, .name = "a" },
	{ .id = "c", .klass = &drowsy, .name = "drowsy" },
	{ 0 },
};
/* A sleep is no failure: two of those would be too many. */
static const struct troupe_supervisor rules = {
	.children = children,
	.intensity = 1,
	.period_ms = 3600 * 1000,
	.first_ms = 1,
	.last_ms = 2,
};
static const struct troupe_supervisor all_rules = {
	.children = children,
	.strategy = TROUPE_ONE_FOR_ALL,
	.intensity = 10,
	.period_ms = 3600 * 1000,
	.first_ms = 1,
	.last_ms = 2,
};
static const struct troupe_class boss = { .name = "boss",
					  .supervises = &rules };
static const struct troupe_class all_boss = { .name = "all-boss",
					      .supervises = &all_rules };

static void await_handled(long count)
{
	while (board->value[1] < count)
		usleep(100);
}

static void await_state(troupe_ref chief, enum troupe_child_state state)
{
	while (staff_child_of(chief, "c").state != state)
		usleep(100);
}

/* It may have fallen asleep before it was seen to run. */
static troupe_ref begin_asleep(const struct troupe_class *klass)
{
	troupe_ref chief;

	CHECK(troupe_spawn(klass, NULL, &chief) == 0);
	while (staff_child_of(chief, "a").state != TROUPE_CHILD_UP)
		usleep(100);
	await_state(chief, TROUPE_CHILD_ASLEEP);
	return chief;
}

static int mail_root(int argc, char **argv)
{
	troupe_ref chief = begin_asleep(&boss), to;

	CHECK(troupe_whereis("drowsy", &to) == 0);
	for (int i = 1; i <= 10; i++) {
		CHECK(stage_send(to, 1) == 0);
		await_handled(i);
		await_state(chief, TROUPE_CHILD_ASLEEP);
	}
	CHECK(staff_child_of(chief, "c").ref == to);
	CHECK(staff_child_of(chief, "c").pid == 0);
	CHECK(board->value[3] >= 10);
	/* A crash is one failure, and after it the state is still there. */
	CHECK(stage_send(to, 13) == 0);
	CHECK(stage_send(to, 1) == 0);
	await_handled(11);
	await_state(chief, TROUPE_CHILD_ASLEEP);
	return 0;
}

Test(drowsy, a_child_sleeps_and_is_started_by_mail)
{
	stage_pass(mail_root);
}

static int by_hand_root(int argc, char **argv)
{
	troupe_ref chief = begin_asleep(&boss), to;
	struct troupe_child child;

	CHECK(troupe_whereis("drowsy", &to) == 0);
	CHECK(troupe_child_remove(chief, "c") == -EBUSY);
	/* Stopped by hand it is not started by mail. */
	CHECK(troupe_child_stop(chief, "c") == 0);
	await_state(chief, TROUPE_CHILD_STOPPED);
	CHECK(stage_send(to, 1) == 0);
	CHECK(troupe_child_restart(chief, "a") == 0);
	staff_await(chief, "a", TROUPE_CHILD_UP, 1);
	CHECK(staff_child_of(chief, "c").state == TROUPE_CHILD_STOPPED);
	CHECK(troupe_child_start(chief, "c") == 0);
	await_handled(1);
	await_state(chief, TROUPE_CHILD_ASLEEP);
	/* A permanent one that is told to stop is there again. */
	child = staff_child_of(chief, "c");
	CHECK(troupe_stop(to) == 0);
	while (staff_child_of(chief, "c").restarts < child.restarts + 2)
		usleep(100);
	CHECK(stage_send(to, 1) == 0);
	await_handled(2);
	return 0;
}

Test(drowsy, orders_by_hand_and_others_reach_one_that_sleeps)
{
	stage_pass(by_hand_root);
}

/* With its siblings it is stopped, asleep or not. */
static int all_root(int argc, char **argv)
{
	enum { ROUNDS = 8 };
	troupe_ref chief = begin_asleep(&all_boss), to, other;

	CHECK(troupe_whereis("a", &other) == 0);
	CHECK(troupe_whereis("drowsy", &to) == 0);
	for (int i = 1; i <= ROUNDS; i++) {
		CHECK(stage_send(to, 1) == 0);
		CHECK(stage_send(other, 13) == 0);
		await_handled(i);
		staff_await(chief, "a", TROUPE_CHILD_UP, (uint32_t)i);
	}
	await_state(chief, TROUPE_CHILD_ASLEEP);
	CHECK(troupe_stop(chief) == 0);
	CHECK(stage_end_of(chief).reason.cause == TROUPE_SHUTDOWN);
	CHECK(stage_send(to, 1) == -ESRCH);
	return 0;
}

Test(drowsy, it_stops_with_its_siblings_and_its_parent)
{
	stage_pass(all_root);
}
