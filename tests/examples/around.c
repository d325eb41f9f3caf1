/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>

TestSuite(around, .timeout = 600);

static void expect_text(const char *nodes)
{
	struct program p;

	start_example(&p, "around", nodes, NULL);
	expect_end(&p, 0);
	cr_expect_str_empty(p.err);
	cr_expect_str_eq(p.out, "around the ring we go\n");
	program_fini(&p);
}

Test(around, its_result_is_what_went_around)
{
	expect_text("1");
	expect_text("500");
}

Test(around, of_more_than_there_are_slots_ends_with_the_error)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "run", "--slots", "64",
				    program_built("examples/around.so"), "100",
				    NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0);
	cr_expect_eq(count_lines(p.out, "^error -11: Resource temporarily "), 1,
		     "%s", p.out);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	program_fini(&p);
}

Test(around, refuses_what_is_no_count)
{
	expect_usage("around", "many");
	expect_usage("around", "0");
	expect_usage("around", "-5");
}
