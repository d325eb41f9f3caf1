/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "tests/support/example.h"

TestSuite(news, .timeout = 600);

Test(news, readers_get_all_from_their_joining_to_their_end)
{
	struct program p;

	start_example(&p, "news", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^nobody is here: 0 readers$"), 1);
	cr_expect_eq(count_lines(p.out, "^rain is expected: 2 readers$"), 1);
	cr_expect_eq(count_lines(p.out, "^it rains: 1 readers$"), 1);
	cr_expect_eq(count_lines(p.out, "^ann reads: rain is expected$"), 1);
	cr_expect_eq(count_lines(p.out, "^bob reads: "), 2);
	cr_expect_eq(count_lines(p.out, "."), 6, "%s", p.out);
	program_fini(&p);
}
