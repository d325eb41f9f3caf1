/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"
#include "tests/support/server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(mesh_chat, .timeout = 600);

static void start(struct program *p, const char *node)
{
	const char *chat = program_built("examples/mesh_chat.so");
	char application[4096], troupe[4096];
	const char *const argv[] = { troupe,   "run", "--mesh",	   "tavern",
				     "--node", node,  application, NULL };

	strcpy(application, chat);
	strcpy(troupe, program_built("bin/troupe"));
	cr_assert_eq(program_start_on_terminal(p, argv), 0);
}

static void type(struct program *p, const char *line)
{
	cr_assert_eq(write(p->input, line, strlen(line)),
		     (ssize_t)strlen(line));
}

static void sees(struct program *p, const char *text)
{
	cr_assert_eq(program_await_output(p, text, PATIENCE_MS), 0,
		     "no \"%s\" in:\n%s", text, p->out);
}

Test(mesh_chat, passes_lines_between_two_nodes)
{
	struct program ann = { 0 }, bob = { 0 };

	setenv("XDG_RUNTIME_DIR", make_folder(), 1);
	start(&ann, "ann");
	start(&bob, "bob");
	sees(&ann, "bob is here");
	sees(&bob, "ann is here");
	type(&ann, "a pint, please\n");
	sees(&bob, "ann: a pint, please");
	type(&bob, "and one for me\n");
	sees(&ann, "bob: and one for me");
	type(&bob, "\4"); /* ^D */
	sees(&ann, "bob has gone");
	cr_expect_eq(program_finish(&bob, PATIENCE_MS), 0, "%s", bob.out);
	program_fini(&bob);
	start(&bob, "bob");
	sees(&bob, "ann is here");
	type(&ann, "welcome back\n");
	sees(&bob, "ann: welcome back");
	kill(bob.pid, SIGKILL);
	cr_expect_eq(program_finish(&bob, PATIENCE_MS), 128 + SIGKILL);
	type(&ann, "\4");
	cr_expect_eq(program_finish(&ann, PATIENCE_MS), 0, "%s", ann.out);
	program_fini(&ann);
	program_fini(&bob);
	drop_folder();
}
