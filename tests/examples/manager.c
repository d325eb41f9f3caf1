/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(manager, .timeout = 600);

Test(manager, each_request_is_answered_by_a_worker_of_its_own)
{
	enum { REQUESTS = 4 };
	long pids[REQUESTS];
	struct program p;

	start_example(&p, "manager", NULL);
	expect_end(&p, 0);
	cr_expect_str_empty(p.err);
	cr_expect_eq(count_lines(p.out, "^91 = 7 x 13, says worker"), 1);
	cr_expect_eq(count_lines(p.out, "^97 = 97, says worker"), 1);
	cr_expect_eq(count_lines(p.out, "^65536 = 2( x 2){15}, says"), 1);
	cr_expect_eq(count_lines(p.out, "^600851475143 = 71 x 839 x 1471 x 6857"
					", says worker"),
		     1);
	for (int i = 0; i < REQUESTS; i++) {
		pids[i] = number_after(p.out, "says worker ", i);
		cr_expect_gt(pids[i], 1, "%s", p.out);
		for (int j = 0; j < i; j++)
			cr_expect_neq(pids[i], pids[j]);
	}
	program_fini(&p);
}

Test(manager, sees_each_end_once)
{
	struct program p;
	char end[64];

	start_example(&p, "manager", "6", "10", "15", "21", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^worker [0-9]+ ended: "), 4, "%s",
		     p.out);
	for (int i = 0; i < 4; i++) {
		snprintf(end, sizeof(end), "^worker %ld ended: normal$",
			 number_after(p.out, "says worker ", i));
		cr_expect_eq(count_lines(p.out, end), 1, "%s", p.out);
	}
	program_fini(&p);
}

Test(manager, answers_the_edges_of_its_range)
{
	struct program p;

	start_example(&p, "manager", "0", "1", "18446744073709551615", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^0 = 0, "), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^1 = 1, "), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^18446744073709551615 = "
					"3 x 5 x 17 x 257 x 641 x 65537 x "
					"6700417, "),
		     1, "%s", p.out);
	program_fini(&p);
}

static void expect_refused(const char *argument)
{
	struct program p;

	start_example(&p, "manager", "6", argument, NULL);
	expect_end(&p, 1);
	cr_expect_str_empty(p.out);
	cr_expect_eq(count_lines(p.err, "^manager: not a number below 2\\^64"),
		     1, "%s", p.err);
	program_fini(&p);
}

Test(manager, refuses_what_is_no_number)
{
	expect_refused("six");
	expect_refused("");
	expect_refused("-1");
	expect_refused("6 ");
	expect_refused("18446744073709551616");
}
