/* SPDX-License-Identifier: MIT */
/* A test that needs something keeps these rules (tests/support/skip.h). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "tests/support/program.h"

static struct program skipping;

static void end(void)
{
	program_fini(&skipping);
}

TestSuite(skip, .fini = end, .timeout = 600);

static void run(const char *expect, int status, const char *totals)
{
	const char *argv[] = { program_built("tests/suite/programs/skipping"),
			       "--verbose", NULL };

	unsetenv("BXFI_MAP");
	unsetenv("TROUPE_TEST_OUTPUT");
	cr_assert_eq(setenv("TROUPE_EXPECT", expect, 1), 0);
	cr_assert_eq(program_start(&skipping, argv), 0);
	cr_expect_eq(program_finish(&skipping, 240000), status, "%s",
		     skipping.err);
	cr_expect(strstr(skipping.err, totals), "no \"%s\" in %s", totals,
		  skipping.err);
}

Test(skip, says_why_where_nothing_is_expected)
{
	run("", 0, "Failing: 0 ");
	cr_expect(strstr(skipping.err, "SKIPPED: skipping/for_want_of_a_unicorn"
				       ": there are no unicorns\n"),
		  "%s", skipping.err);
}

Test(skip, is_a_failure_for_want_of_what_is_expected)
{
	run("horse unicorn", 1, "Failing: 1 ");
	cr_expect(strstr(skipping.err, "unicorn is expected here"), "%s",
		  skipping.err);
	cr_expect(strstr(skipping.err, "SKIPPED: skipping/for_want_of_a_corn:"),
		  "%s", skipping.err);
}
