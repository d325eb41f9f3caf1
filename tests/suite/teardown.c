/* SPDX-License-Identifier: MIT */
/* The tests themselves keep these rules (tests/support/teardown.c). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "tests/support/program.h"

static struct program leaving;

static void end(void)
{
	program_fini(&leaving);
}

TestSuite(teardown, .fini = end, .timeout = 600);

static void run(void)
{
	const char *argv[] = { program_built("tests/suite/programs/leaving"),
			       NULL };

	/* Criterion starts its tests with it; the program must not be one. */
	unsetenv("BXFI_MAP");
	unsetenv("TROUPE_TEST_OUTPUT");
	cr_assert_eq(program_start(&leaving, argv), 0);
}

Test(teardown, a_test_that_leaves_a_file_behind_fails)
{
	run();
	cr_assert_eq(program_finish(&leaving, 240000), 1);
	cr_assert(strstr(leaving.err,
			 "[FAIL] leaving::a_file_is_left: after it had ended"),
		  "%s", leaving.err);
}

Test(teardown, a_test_that_crashes_in_its_fini_fails)
{
	run();
	cr_assert_eq(program_finish(&leaving, 240000), 1);
	cr_assert(strstr(leaving.err, "[FAIL] leaving::crashes_afterwards: "
				      "after it had ended"),
		  "%s", leaving.err);
}

Test(teardown, one_that_leaves_nothing_passes_and_all_are_counted)
{
	run();
	cr_assert_eq(program_finish(&leaving, 240000), 1);
	cr_assert(!strstr(leaving.err, "[FAIL] leaving::leaves_nothing"), "%s",
		  leaving.err);
	cr_assert(strstr(leaving.err, "Tested: 3") &&
			  strstr(leaving.err, "Passing: 1") &&
			  strstr(leaving.err, "Failing: 2"),
		  "%s", leaving.err);
}
