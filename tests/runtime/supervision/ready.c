/* SPDX-License-Identifier: MIT */
/* A spawn that waits for an actor that supervises. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"
#include "runtime/troupe_restart.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(ready, .init = init);

static int fails(const void *arguments)
{
	return -ENOTDIR;
}
static const struct troupe_class failing = { .name = "failing", .init = fails };
static const struct troupe_child_spec with_failing[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "n", .klass = &failing },
	{ 0 },
};
static const struct troupe_supervisor three_rules = { .children = staff_three };
static const struct troupe_supervisor bad_rules = { .children = with_failing };
static const struct troupe_class three = { .name = "three",
					   .supervises = &three_rules };
static const struct troupe_class bad = { .name = "bad",
					 .supervises = &bad_rules };

static int root(int argc, char **argv)
{
	const struct troupe_spawn_options waits = { .ready_by = TROUPE_NEVER };
	troupe_ref boss = 0, none = 0;

	CHECK(troupe_spawn_with(&waits, &three, NULL, &boss) == 0);
	CHECK(staff_child_of(boss, "c").state == TROUPE_CHILD_UP);
	CHECK(troupe_spawn_with(&waits, &bad, NULL, &none) == -ENOTDIR);
	CHECK(none == 0);
	return 0;
}

/* Case 9. */
Test(ready, a_spawn_waits_for_all_children_or_returns_the_error_of_one)
{
	stage_pass(root);
}
