/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "tests/support/example.h"

TestSuite(shop, .timeout = 120);

Test(shop, a_till_that_crashes_at_each_third_sale_loses_that_sale_alone)
{
	struct program p;

	start_example(&p, "shop", NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, "sold for 1\nsold for 2\nsold for 4\n"
				"sold for 5\nsold for 7\nsold for 8\n");
	cr_expect_eq(count_lines(p.err, "/shop/till.*signal 6"), 3);
	program_fini(&p);
}
