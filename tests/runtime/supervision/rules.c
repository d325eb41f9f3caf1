/* SPDX-License-Identifier: MIT */
/* Rules of a supervisor that are none. */
#include "tests/runtime/supervision/staff.h"

#include "runtime/supervision/module.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static const struct troupe_supervisor wrong_rules[] = {
	{ .children = staff_three, .period_ms = -1 },
	{ .children = staff_three, .first_ms = -1 },
	{ .children = staff_three, .last_ms = -1 },
	{ .children = staff_three, .quiet_ms = INT32_MIN },
	{ .children = staff_three, .intensity = -3 },
};
static const struct troupe_class wrong[] = {
	{ .name = "wrong0", .supervises = &wrong_rules[0] },
	{ .name = "wrong1", .supervises = &wrong_rules[1] },
	{ .name = "wrong2", .supervises = &wrong_rules[2] },
	{ .name = "wrong3", .supervises = &wrong_rules[3] },
	{ .name = "wrong4", .supervises = &wrong_rules[4] },
};

static int wrong_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK(troupe_spawn(&wrong[i], NULL, &ref) == 0);
		CHECK(troupe_wait(ref, TROUPE_NEVER, &end) == 0);
		CHECK(end.reason.cause == TROUPE_ERROR);
		CHECK(end.reason.code == -EINVAL);
	}
	return 0;
}

/* C11 */
Test(rules, with_negative_times_are_refused)
{
	stage_modules = modules;
	stage_pass(wrong_root);
	staff_expect_notes("");
}
