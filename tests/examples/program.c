/* SPDX-License-Identifier: MIT */
/* The program itself: wrong use is told from failure, and says what is wrong.
 */
#include "tests/examples/run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(program, .timeout = 60);

/* Wrong use: nothing on the output, one clear message, exit status 2. */
static void expect_wrong_use(struct program *p, int started, const char *says)
{
	cr_assert_eq(started, 0);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 2, "%s", p->err);
	cr_expect_eq(program_leftovers(p, 0), 0);
	cr_expect_str_empty(p->out);
	cr_expect_geq(count_lines(p->err, says), 1, "no \"%s\" in: %s", says,
		      p->err);
	program_fini(p);
}

Test(program, no_arguments_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, NULL), "troupe help");
}

Test(program, an_unknown_command_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "dance", NULL), "dance");
}

Test(program, an_unknown_option_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "--loud", "x.so", NULL),
			 "--loud");
}

Test(program, run_without_an_application_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", NULL), "troupe");
}

Test(program, an_option_without_its_value_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "--slots", NULL),
			 "slots");
	expect_wrong_use(
		&p, program_troupe(&p, "run", "--slots", "many", "x.so", NULL),
		"slots");
	expect_wrong_use(
		&p, program_troupe(&p, "run", "--heap", "1Q", "x.so", NULL),
		"heap");
}

Test(program, a_missing_file_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "./no-such.so", NULL),
			 "no-such\\.so.*No such file");
}

Test(program, a_file_that_is_no_shared_object_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p, program_troupe(&p, "run", "./Makefile", NULL),
			 "Makefile");
}

Test(program, an_object_without_troupe_main_is_wrong_use)
{
	struct program p;

	expect_wrong_use(&p,
			 program_troupe(&p, "run",
					program_built("lib/libtroupe.so"),
					NULL),
			 "troupe_main");
}

/* The message names what was given and what is wanted. */
Test(program, a_wrong_value_is_named_with_what_is_taken)
{
	struct program p;

	expect_wrong_use(
		&p, program_troupe(&p, "run", "--slots", "40000", "x.so", NULL),
		"--slots takes 2 to 31744, not \"40000\"");
	expect_wrong_use(&p,
			 program_troupe(&p, "run", "--slots=1", "x.so", NULL),
			 "--slots takes 2 to 31744, not \"1\"");
	setenv("TROUPE_HEAP", "3M", 1);
	expect_wrong_use(&p, program_troupe(&p, "run", "x.so", NULL),
			 "TROUPE_HEAP takes a power of two .*, not \"3M\"");
	unsetenv("TROUPE_HEAP");
	setenv("TROUPE_SPIN", "often", 1);
	expect_wrong_use(&p,
			 program_troupe(&p, "run",
					program_built("examples/hello.so"),
					NULL),
			 "TROUPE_SPIN=often is none of auto, always, never");
	unsetenv("TROUPE_SPIN");
	expect_wrong_use(&p, program_troupe(&p, "version", "3", NULL),
			 "version takes nothing: 3");
}

Test(program, a_constructor_that_ends_the_process_is_told_with_how)
{
	struct program p;

	expect_wrong_use(&p,
			 program_troupe(&p, "run",
					program_built("tests/examples/"
						      "applications/born_dead"
						      ".so"),
					NULL),
			 "born_dead\\.so: a constructor .*: exit status 7");
}

static void expect_says(const char *command, const char *word, const char *says)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, command, word, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_str_empty(p.err);
	cr_expect_geq(count_lines(p.out, says), 1, "no \"%s\" in: %s", says,
		      p.out);
	program_fini(&p);
}

Test(program, says_its_version)
{
	expect_says("version", NULL, "[0-9]+\\.[0-9]+\\.[0-9]+");
}

Test(program, help_names_the_commands)
{
	expect_says("help", NULL, "troupe run");
	expect_says("--help", NULL, "^  doctor ");
}

Test(program, help_on_a_command_is_found_where_it_is_looked_for)
{
	expect_says("help", "run", "--slots N");
	expect_says("run", "--help", "--slots N");
	expect_says("ps", "-h", "troupe ps \\[--node NAME\\]");
}

Test(program, doctor_names_the_way_of_waiting)
{
	expect_says("doctor", NULL, "uring|socket|epoll");
}
