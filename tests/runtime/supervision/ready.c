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

/* ---- a child whose end is seen before its word that it is ready ---------- */

static int is_over(const void *arguments)
{
	return -ENOTDIR;
}
static const struct troupe_class brief = { .name = "brief", .run = is_over };
static const struct troupe_child_spec with_brief[] = {
	{ .id = "a", .klass = &brief },
	{ .id = "b", .klass = &staff_b },
	{ 0 },
};
/* It is down when its supervisor is told to stop. */
static const struct troupe_supervisor brief_rules = { .children = with_brief,
						      .first_ms = 60000,
						      .last_ms = 60000 };
static const struct troupe_class over_brief = { .name = "over_brief",
						.supervises = &brief_rules };

static int brief_root(int argc, char **argv)
{
	enum { TIMES = 100 };
	const struct troupe_spawn_options waits = { .ready_by = TROUPE_NEVER };
	troupe_ref boss;

	for (int i = 0; i < TIMES; i++) {
		CHECK(troupe_spawn_with(&waits, &over_brief, NULL, &boss) == 0);
		CHECK(troupe_stop(boss) == 0);
	}
	return 0;
}

Test(ready, a_child_that_begins_and_fails_at_once_has_started)
{
	stage_pass(brief_root);
}
