/* SPDX-License-Identifier: MIT */
/* The claims of tests/support/run-tests, with scripts as the programs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tests/support/program.h"

static char folder[64], bin[80];
static struct program runner;

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/troupe-suite-");
	memset(folder + strlen(folder), 'X', 6);
	cr_assert(mkdtemp(folder));
	snprintf(bin, sizeof(bin), "%s/bin", folder);
	cr_assert_eq(mkdir(bin, 0700), 0);
}

static void end(void)
{
	char command[96];

	program_fini(&runner);
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(run_tests, .init = begin, .fini = end, .timeout = 600);

static void script(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", bin, name);
	file = fopen(path, "w");
	cr_assert(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, 0700), 0);
}

#define TOTALS                                                  \
	"echo 'Synthesis: Tested: 3 | Passing: 3 | Failing: 0 " \
	"| Crashing: 0'"

static void run(const char *what, int status, const char *totals)
{
	const char *argv[] = { "tests/support/run-tests", folder, what, NULL };

	cr_assert_eq(program_start(&runner, argv), 0);
	cr_expect_eq(program_finish(&runner, 240000), status, "%s%s",
		     runner.out, runner.err);
	cr_expect(strstr(runner.out, totals), "no \"%s\" in %s", totals,
		  runner.out);
}

Test(run_tests, a_folder_whose_tests_pass_passes)
{
	script("test-x", TOTALS);
	run("x", 0, "\n3 passed, 0 failed, 0 skipped\n");
}

Test(run_tests, a_leak_in_any_process_fails_its_folder)
{
	script("test-x",
	       "echo '==7==ERROR: LeakSanitizer: detected memory leaks'"
	       "\n" TOTALS);
	run("x", 1, "\n3 passed, 1 failed, 0 skipped\n");
	cr_expect(strstr(runner.out, "\nfailed in: x\n"), "%s", runner.out);
}

/* Criterion starts its tests with BXFI_MAP; the program must not be one. */
static void printing(void)
{
	char text[256];

	snprintf(text, sizeof(text), "exec %s \"$@\"",
		 program_built("tests/suite/programs/printing"));
	script("test-x", text);
	unsetenv("BXFI_MAP");
	unsetenv("TROUPE_TEST_OUTPUT");
}

Test(run_tests, a_test_that_fails_shows_its_own_output)
{
	const char *line;

	printing();
	unsetenv("V");
	run("x", 1, "\n1 passed, 2 failed, 0 skipped\n");
	line = strstr(runner.out, "tests/x: printing::fails:");
	cr_assert(line, "%s", runner.out);
	cr_expect(strstr(line, "on purpose\n"), "%s", runner.out);
	cr_expect(strstr(line, "  | a cry\n"), "%s", runner.out);
	line = strstr(runner.out, "tests/x: printing::dies:");
	cr_assert(line, "%s", runner.out);
	cr_expect(strstr(line, "  | a gasp\n"), "%s", runner.out);
	cr_expect(!strstr(runner.out, "a whisper"), "%s", runner.out);
}

Test(run_tests, all_output_is_shown_when_asked_for)
{
	printing();
	cr_assert_eq(setenv("V", "1", 1), 0);
	run("x", 1, "\n1 passed, 2 failed, 0 skipped\n");
	cr_expect(strstr(runner.out, "a whisper\n"), "%s", runner.out);
	cr_expect(strstr(runner.out, "a cry\n"), "%s", runner.out);
}

Test(run_tests, a_program_that_ends_before_its_totals_fails_its_folder)
{
	script("test-x", "echo a groan; exit 3");
	run("x", 1, "\n0 passed, 1 failed, 0 skipped\n");
	cr_expect(strstr(runner.out, "  | a groan\n"), "%s", runner.out);
	script("test-x", TOTALS "; exit 3");
	program_fini(&runner);
	run("x", 1, "\n3 passed, 1 failed, 0 skipped\n");
}

#define PROBE "echo 'FAIL waiting no io_uring here'"

Test(run_tests, a_way_of_waiting_that_is_not_here_skips_all_of_its_folder)
{
	cr_assert_eq(setenv("TROUPE_EXPECT", "sock uring", 1), 0);
	script("troupe", PROBE);
	script("test-x", "echo ' └─ one'");
	run("x@socket", 0, "\n0 passed, 0 failed, 1 skipped\n");
}

Test(run_tests, a_way_of_waiting_that_is_expected_and_not_here_fails)
{
	cr_assert_eq(setenv("TROUPE_EXPECT", "uring socket", 1), 0);
	script("troupe", PROBE);
	run("x@socket", 1, "\n0 passed, 1 failed, 0 skipped\n");
	cr_expect(strstr(runner.out, "no io_uring here"), "%s", runner.out);
}
