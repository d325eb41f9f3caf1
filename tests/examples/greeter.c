/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>

TestSuite(greeter, .timeout = 600);

Test(greeter, a_worker_answers_the_one_that_asked)
{
	struct program p;

	start_example(&p, "greeter", "Ann", "Bob", NULL);
	expect_end(&p, 0);
	cr_expect_str_empty(p.err);
	cr_expect_str_eq(p.out, "Hello, Ann\nHello, Bob\n"
				"greeter: there are no more names\n");
	program_fini(&p);
}
