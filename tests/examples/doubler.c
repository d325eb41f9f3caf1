/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(doubler, .timeout = 600);

static char node[32];

/* `troupe ask`, as in the README and the example. */
static void expect_answer(const char *whom, const char *json, int status,
			  const char *out, const char *err)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "ask", "--node", node, whom, "Twice",
				    json, NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), status, "%s", p.err);
	cr_expect_eq(count_lines(p.out, out), status == 0, "%s", p.out);
	cr_expect_eq(count_lines(p.err, err), status != 0, "%s", p.err);
	program_fini(&p);
}

Test(doubler, answers_people_until_its_node_is_stopped)
{
	struct program p, stop;

	snprintf(node, sizeof(node), "doubler-%d", getpid());
	setenv("TROUPE_NODE", node, 1);
	start_example(&p, "doubler", NULL);
	cr_assert_eq(program_await_output(&p, "ask me", PATIENCE_MS), 0, "%s",
		     p.err);
	expect_answer("doubler", "{\"value\": 21}", 0, "\"42\"", "^troupe");
	expect_answer("/doubler", "{\"value\": -4}", 0, "\"-8\"", "^troupe");
	expect_answer("doubler", "{\"value\": \"9223372036854775807\"}", 1,
		      "value", "twice that is too large");
	cr_assert_eq(program_troupe(&stop, "stop", NULL), 0);
	cr_expect_eq(program_finish(&stop, PATIENCE_MS), 0, "%s", stop.err);
	program_fini(&stop);
	expect_end(&p, 0);
	program_fini(&p);
}
