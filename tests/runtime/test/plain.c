/* SPDX-License-Identifier: MIT */
/* The kit without a framework. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "tests/support/program.h"

enum { LIMIT_MS = 240000 };

static struct program plain;

static void end(void)
{
	program_fini(&plain);
}

TestSuite(plain, .fini = end, .timeout = 600);

static void start(const char *argument)
{
	char path[256];
	const char *argv[] = { path, argument, NULL };

	snprintf(path, sizeof(path), "%s",
		 program_built("tests/runtime/test/programs/plain"));
	cr_assert_eq(program_start(&plain, argv), 0);
}

Test(plain, a_program_of_main_and_assert_tests_an_actor)
{
	start(NULL);
	cr_assert_eq(program_finish(&plain, LIMIT_MS), 0, "%s", plain.err);
	cr_assert_str_eq(plain.out, "all is well\n");
	cr_assert_eq(program_leftovers(&plain, LIMIT_MS), 0);
}

Test(plain, its_failure_says_where_and_why_and_aborts_and_leaves_no_process)
{
	start("fail");
	cr_assert_eq(program_finish(&plain, LIMIT_MS), 128 + SIGABRT);
	cr_assert(strstr(plain.err, "plain.c:"), "%s", plain.err);
	cr_assert(strstr(plain.err, "expected a message parlour.Number; there "
				    "came parlour.Words"),
		  "%s", plain.err);
	cr_assert(strstr(plain.err, "too much"), "%s", plain.err);
	cr_assert_eq(program_leftovers(&plain, LIMIT_MS), 0);
}
