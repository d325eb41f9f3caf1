/* SPDX-License-Identifier: MIT */
#include "tests/examples/run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(ring, .timeout = 120);

static void expect_round(const char *count)
{
	struct program p;
	char line[96];

	start_example(&p, "ring", count, NULL);
	expect_end(&p, 0);
	cr_expect_str_empty(p.err);
	snprintf(line, sizeof(line),
		 "^%s process(es)?, built in [0-9.]+ s, [0-9.]+ us each$",
		 count);
	cr_expect_eq(count_lines(p.out, line), 1, "%s", p.out);
	snprintf(line, sizeof(line),
		 "^\"once round and home again\": %ld hops in [0-9.]+ s, "
		 "[0-9.]+ us a hop$",
		 strtol(count, NULL, 10) + 1);
	cr_expect_eq(count_lines(p.out, line), 1, "%s", p.out);
	snprintf(line, sizeof(line), "^%s ended normally$", count);
	cr_expect_eq(count_lines(p.out, line), 1, "%s", p.out);
	program_fini(&p);
}

Test(ring, of_one)
{
	expect_round("1");
}

Test(ring, of_a_hundred)
{
	expect_round("100");
}

Test(ring, of_two_thousand)
{
	expect_round("2000");
}

/* AddressSanitizer's shadow would take more memory than a machine has. */
#ifndef __SANITIZE_ADDRESS__
Test(ring, of_ten_thousand)
{
	expect_round("10000");
}
#endif

Test(ring, more_than_there_are_slots_is_refused_in_order)
{
	struct program p;
	char object[4096];

	snprintf(object, sizeof(object), "%s",
		 program_built("examples/ring.so"));
	cr_assert_eq(
		program_troupe(&p, "run", "--slots", "64", object, "100", NULL),
		0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 1);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	cr_expect_eq(count_lines(p.err, "^ring: process [0-9]+ of 100: "), 1,
		     "%s", p.err);
	program_fini(&p);
}

/* A user's limit on processes does not hold for root. */
Test(ring, a_limit_of_processes_is_reported_and_nothing_is_left)
{
	struct rlimit few = { 0, 0 };
	struct program p;

	if (geteuid() == 0)
		cr_skip_test("root has no limit of processes");
	cr_assert_eq(setrlimit(RLIMIT_NPROC, &few), 0);
	start_example(&p, "ring", "2000", NULL);
	expect_end(&p, 1);
	program_fini(&p);
}

static void expect_refused(const char *count)
{
	struct program p;

	start_example(&p, "ring", count, NULL);
	expect_end(&p, 1);
	cr_expect_str_empty(p.out);
	cr_expect_eq(count_lines(p.err, "^ring: usage: "), 1, "%s", p.err);
	program_fini(&p);
}

Test(ring, refuses_what_is_no_count)
{
	expect_refused("many");
	expect_refused("0");
	expect_refused("-5");
	expect_refused("");
	expect_refused("1000001");
}
