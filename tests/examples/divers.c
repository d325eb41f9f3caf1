/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "tests/support/example.h"

TestSuite(divers, .timeout = 120);

Test(divers, end_with_their_buddies_and_each_end_is_told_by_its_tag)
{
	struct program p;

	start_example(&p, "divers", NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, "a report from 10 metres\n"
				"Bob: signal 6, Aborted\n"
				"Ann: signal 6, Aborted\n"
				"Eve: error -125: the boat leaves\n");
	program_fini(&p);
}
