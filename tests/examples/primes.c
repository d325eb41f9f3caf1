/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include "tests/support/example.h"

TestSuite(primes, .timeout = 600);

Test(primes, a_pool_counts_all_though_a_worker_dies)
{
	struct program p;

	start_example(&p, "primes", NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, "9592 primes, 1 failed\n");
	cr_expect_eq(count_lines(p.err, "worker.*signal 6"), 1);
	program_fini(&p);
}
