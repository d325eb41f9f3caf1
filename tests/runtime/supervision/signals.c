/* SPDX-License-Identifier: MIT */
/* Exit signals among actors that are supervised. */
#include "runtime/troupe_link.h"
#include "runtime/supervision/module.h"
#include "tests/runtime/supervision/staff.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(signals, .init = init);

static const struct troupe_child_spec team[] = {
	{ .id = "a", .klass = &staff_a, .name = "a" },
	{ .id = "b",
	  .klass = &staff_b,
	  .name = "b",
	  .restart = TROUPE_TRANSIENT },
	{ .id = "c", .klass = &staff_c, .name = "c" },
	{ 0 },
};
static const struct troupe_supervisor rules = { .children = team };
static const struct troupe_class boss_class = { .name = "boss",
						.supervises = &rules };

static int signal_to(troupe_ref to, enum troupe_cause cause, int code)
{
	const struct troupe_reason reason = { .cause = cause, .code = code };

	return troupe_exit_signal(to, &reason);
}

static int child_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&boss_class), to;

	CHECK(troupe_whereis("b", &to) == 0);
	CHECK(signal_to(to, TROUPE_ERROR, -EDOM) == 0); /* C31 */
	staff_await(boss, "b", TROUPE_CHILD_UP, 1);
	CHECK(signal_to(to, TROUPE_SHUTDOWN, 0) == 0); /* C30 */
	staff_await(boss, "b", TROUPE_CHILD_DOWN, 1);
	CHECK(troupe_whereis("a", &to) == 0);
	CHECK(signal_to(to, TROUPE_SHUTDOWN, 0) == 0); /* C27 */
	staff_await(boss, "a", TROUPE_CHILD_UP, 1);
	troupe_stop(boss);
	stage_end_of(boss);
	return 0;
}

Test(signals, end_a_child_that_is_restarted_by_its_type)
{
	stage_pass(child_root);
	staff_expect_notes("a+b+c+b-b+b-a-a+c-a-");
}

static int boss_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&boss_class);
	struct troupe_end end;

	CHECK(signal_to(boss, TROUPE_ERROR, -EDOM) == 0);
	end = stage_end_of(boss);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	return 0;
}

Test(signals, stop_all_children_of_one_that_supervises_in_order)
{
	stage_pass(boss_root);
	staff_expect_notes("a+b+c+c-b-a-");
}

static int join(const void *arguments)
{
	const Play__Who *who = arguments;

	CHECK(troupe_link(who->ref) == 0);
	return stage_send(troupe_parent(), 0);
}

static const struct troupe_class partner = { .name = "partner",
					     .init = join,
					     .handlers = staff_handlers };

static int linked_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&boss_class), ref, to;
	Play__Who who = PLAY__WHO__INIT;

	CHECK(troupe_whereis("c", &to) == 0);
	who.ref = to;
	CHECK(troupe_spawn(&partner, &who.base, &ref) == 0);
	CHECK(stage_receive(60000) == 0);
	CHECK(stage_send(ref, -EDOM) == 0);
	CHECK(stage_end_of(ref).reason.code == -EDOM);
	staff_await(boss, "c", TROUPE_CHILD_UP, 1);
	CHECK(stage_send(to, 1) == 0);
	troupe_stop(boss);
	stage_end_of(boss);
	return 0;
}

Test(signals, of_a_linked_actor_end_a_child_that_comes_back)
{
	stage_pass(linked_root);
	staff_expect_notes("a+b+c+c-c+c-b-a-");
}
