/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>

TestSuite(session, .timeout = 600);

Test(session, ends_by_itself_though_beats_come)
{
	struct program p;

	start_example(&p, "session", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^nobody has said anything, after 3 "
					"words and some beats; 5[0-9] minutes "
					"were left$"),
		     1, "%s", p.out);
	program_fini(&p);
}
