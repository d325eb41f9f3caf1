/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct program p;

static void begin(void)
{
	const struct rlimit no_core = { 0, 0 };
	static char node[32];

	setrlimit(RLIMIT_CORE, &no_core);
	snprintf(node, sizeof(node), "mistakes-%d", getpid());
	setenv("TROUPE_NODE", node, 1);
}

static void end(void)
{
	program_fini(&p);
}

TestSuite(mistakes, .timeout = 600, .init = begin, .fini = end);

static void tell(const char *what)
{
	char json[64];
	struct program send;

	snprintf(json, sizeof(json), "{\"what\": \"%s\"}", what);
	cr_assert_eq(
		program_troupe(&send, "send", "clerk", "Order", json, NULL), 0);
	cr_assert_eq(program_finish(&send, PATIENCE_MS), 0, "%s", send.err);
	program_fini(&send);
}

Test(mistakes, it_makes_the_mistake_that_it_is_told_to)
{
	start_example(&p, "mistakes", NULL);
	cr_assert_eq(program_await_output(&p, "open", PATIENCE_MS), 0);
	tell("leak");
	tell("crash");
	expect_end(&p, 0);
	/* By a signal, or as a sanitizer has it. */
	cr_assert_eq(count_lines(p.err, "/clerk.* ended: "), 1, "%s", p.err);
}

/* The address of the clerk, and nobody's. */
Test(mistakes, one_that_waits_for_a_debugger_goes_on_by_a_signal)
{
	const char *said;
	int pid;

	setenv("TROUPE_DEBUG", "/cl*", 1);
	start_example(&p, "mistakes", NULL);
	cr_assert_eq(program_await_error(&p, "kill -CONT ", PATIENCE_MS), 0,
		     "%s", p.err);
	cr_assert_eq(program_await_error(&p, "\n", PATIENCE_MS), 0);
	said = strstr(p.err, "kill -CONT ");
	cr_assert_eq(sscanf(said, "kill -CONT %d", &pid), 1);
	cr_assert_null(strstr(p.out, "open"));
	kill(pid, SIGCONT);
	cr_assert_eq(program_await_output(&p, "open", PATIENCE_MS), 0);
	tell("leave");
	expect_end(&p, 0);
	cr_assert_null(strstr(said + 1, "waits for a debugger"));
}
