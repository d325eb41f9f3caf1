/* SPDX-License-Identifier: MIT */
/* Starts for which no process can be made. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/support/program.h"
#include "tests/support/skip.h"

enum { PATIENCE_MS = 300000 };

TestSuite(unborn, .timeout = 600);

/*
 * No limit on processes applies to root, so the node is of another user, of
 * whom there are no other processes.  A node of 16 slots has 22 regions.
 */
static void run(char *failures, char *how, const char *said)
{
	char troupe[PATH_MAX], object[PATH_MAX], user[32];
	const char *argv[] = {
		"/usr/bin/setpriv",
		user,
		"--clear-groups",
		troupe,
		"run",
		"--slots",
		"16",
		object,
		failures,
		how,
		NULL,
	};
	const char *look[] = { "/usr/bin/setpriv",
			       user,
			       "--clear-groups",
			       "/usr/bin/test",
			       "-r",
			       object,
			       NULL };
	struct program p;

	if (geteuid() != 0)
		SKIP("root", "only root becomes another user");
	snprintf(user, sizeof(user), "--reuid=%d", 70000 + getpid() % 50000);
	snprintf(troupe, sizeof(troupe), "%s", program_built("bin/troupe"));
	snprintf(object, sizeof(object), "%s",
		 program_built("tests/runtime/control/applications/unborn.so"));
	cr_assert_eq(program_start(&p, look), 0);
	if (program_finish(&p, PATIENCE_MS) != 0)
		SKIP("readable", "others may not read the build folder");
	program_fini(&p);
	/* It has no folder for its control socket, and logs that. */
	cr_assert_eq(setenv("XDG_RUNTIME_DIR", "/nonexistent", 1), 0);
	cr_assert_eq(program_start(&p, argv), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s%s", p.out, p.err);
	cr_expect_str_eq(p.out, said, "%s%s", p.out, p.err);
	program_leftovers(&p, PATIENCE_MS);
	program_fini(&p);
}

Test(unborn, a_start_without_a_process_takes_no_memory_and_no_number)
{
	run("200", NULL,
	    "incarnation 0: before\n"
	    "incarnation 1: meanwhile\n");
}

/* Nobody restarts it: it keeps its state and mail all the same. */
Test(unborn, one_asleep_that_finds_no_process_is_started_later)
{
	run("3", "lone", "before after nothing\nmeanwhile after before\n");
	run("50", "kept", "before after nothing\nmeanwhile after before\n");
}

/* It dies before it has taken over its mail. */
Test(unborn, a_start_that_finds_no_memory_takes_none)
{
	run("100", "still",
	    "incarnation 0: before\n"
	    "incarnation 101: meanwhile\n");
}
