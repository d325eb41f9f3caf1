/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(hello, .timeout = 600);

/* The output is one line, with the pid of a process that is not the program. */
static void expect_greeting(const char *name)
{
	size_t size = strlen(name) + 64;
	char *expected = malloc(size);
	struct program p;
	long pid, supervisor;

	cr_assert(expected);
	start_example(&p, "hello", name, NULL);
	supervisor = p.pid;
	expect_end(&p, 0);
	pid = number_after(p.out, ", from process ", 0);
	snprintf(expected, size, "Hello, %s, from process %ld\n", name, pid);
	cr_expect_str_eq(p.out, expected);
	cr_expect_str_empty(p.err);
	cr_expect_gt(pid, 1);
	cr_expect_neq(pid, supervisor);
	free(expected);
	program_fini(&p);
}

Test(hello, greets_whom_it_is_told)
{
	expect_greeting("Ann");
}

Test(hello, greets_the_world_without_argument)
{
	struct program p;

	start_example(&p, "hello", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^Hello, world, from process [0-9]+$"),
		     1);
	program_fini(&p);
}

Test(hello, greets_an_empty_name)
{
	expect_greeting("");
}

Test(hello, greets_in_any_script)
{
	expect_greeting("Łukasz 王 Ωμέγα 🎭");
}

Test(hello, greets_what_looks_like_an_option_or_a_format)
{
	expect_greeting("--slots");
	expect_greeting("%s%n");
}

/* Nearly the longest argument that Linux takes, 128 KiB. */
Test(hello, greets_a_very_long_name_in_full)
{
	enum { LENGTH = 131000 };
	char *name = malloc(LENGTH + 1);

	cr_assert(name);
	memset(name, 'x', LENGTH);
	name[LENGTH] = '\0';
	expect_greeting(name);
	free(name);
}
