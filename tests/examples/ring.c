/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/support/skip.h"

TestSuite(ring, .timeout = 600);

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
	cr_expect_eq(count_lines(p.err, "warning supervisor.*no slot is free"),
		     1, "%s", p.err);
	program_fini(&p);
}

/*
 * No limit on processes applies to root, so the test becomes user nobody.  The
 * loader needs the whole path, from the root on.
 */
static bool nobody_may_read(const char *path)
{
	char command[PATH_MAX + 64], *whole = realpath(path, NULL);
	int status;

	cr_assert(whole, "%s", path);
	snprintf(command, sizeof(command),
		 "setpriv --reuid=65534 --clear-groups test -r '%s'", whole);
	status = system(command);
	free(whole);
	return status == 0;
}

Test(ring, a_limit_of_processes_is_reported_and_nothing_is_left)
{
	char troupe[PATH_MAX], object[PATH_MAX];
	const char *as_root[] = {
		"/usr/bin/prlimit",
		"--nproc=40",
		"setpriv",
		"--reuid=65534",
		"--clear-groups",
		troupe,
		"run",
		object,
		"2000",
		NULL,
	};
	const char *as_user[] = { "/usr/bin/prlimit",
				  "--nproc=0",
				  troupe,
				  "run",
				  object,
				  "2000",
				  NULL };
	struct program p;

	snprintf(troupe, sizeof(troupe), "%s", program_built("bin/troupe"));
	snprintf(object, sizeof(object), "%s",
		 program_built("examples/ring.so"));
	if (geteuid() == 0 && !nobody_may_read(object))
		SKIP("readable", "nobody may not read the build folder");
	/* It has no folder for its control socket, and logs that. */
	cr_assert_eq(setenv("XDG_RUNTIME_DIR", "/nonexistent", 1), 0);
	cr_assert_eq(program_start(&p, geteuid() == 0 ? as_root : as_user), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 1);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	cr_expect_neq(count_lines(p.err, "Resource temporarily unavailable"), 0,
		      "%s", p.err);
	program_fini(&p);
}

Test(ring, refuses_what_is_no_count)
{
	expect_usage("ring", "many");
	expect_usage("ring", "0");
	expect_usage("ring", "-5");
	expect_usage("ring", "");
	expect_usage("ring", "1000001");
}
