/* SPDX-License-Identifier: MIT */
/* The steps of troupe-tutorial(7); check-page runs its commands. */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/troupe-book-XXXXXX";
static char node[32];

/* The book is a file in the working folder. */
static void enter(void)
{
	const char *build = getenv("TROUPE_BUILD");
	char *absolute = realpath(build ? build : "build", NULL);

	cr_assert_not_null(absolute);
	setenv("TROUPE_BUILD", absolute, 1);
	free(absolute);
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	snprintf(node, sizeof(node), "book-%d", getpid());
	setenv("TROUPE_NODE", node, 1);
}

static void leave(void)
{
	unlink("guests.txt");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(book, .timeout = 600, .init = enter, .fini = leave);

static void expect_output(struct program *p, const char *output)
{
	expect_end(p, 0);
	cr_expect_str_eq(p->out, output);
	program_fini(p);
}

Test(book, a_message_comes_to_its_handler)
{
	struct program p;

	start_example(&p, "book_1", "Ann", "Bob", NULL);
	expect_output(&p, "1: Ann\n2: Bob\n");
}

Test(book, a_question_is_answered_after_what_was_sent_before)
{
	struct program p;

	start_example(&p, "book_2", "Ann", "Bob", NULL);
	expect_output(&p, "1: Ann\n2: Bob\n2 guests\n");
}

Test(book, after_a_crash_the_next_goes_on_with_the_mail_and_the_file)
{
	struct program p;

	start_example(&p, "book_3", "Ann", "", "Bob", NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, "1: Ann\n2: Bob\n2 guests\n");
	cr_expect_eq(count_lines(p.err, "signal 6, Aborted; it is restarted$"),
		     1, "%s", p.err);
	program_fini(&p);
}

/* One command, as the page has it. */
static void command(const char *name, const char *a, const char *b,
		    const char *c)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, name, a, b, c, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s: %s", name, p.err);
	program_fini(&p);
}

/* A message ends one book, and the next has those before and after it. */
static void expect_survivor(const char *example, const char *deadly,
			    const char *reason)
{
	struct program p;

	start_example(&p, example, NULL);
	cr_assert_eq(program_await_output(&p, "1: somebody", PATIENCE_MS), 0,
		     "%s", p.err);
	command("send", "book", "Guest", deadly);
	command("send", "book", "Guest", "{\"name\": \"Ann\"}");
	cr_expect_eq(program_await_output(&p, ": Ann", PATIENCE_MS), 0, "%s",
		     p.err);
	command("stop", NULL, NULL, NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^1: "), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.err, reason), 1, "%s", p.err);
	program_fini(&p);
}

Test(book, a_child_of_the_house_comes_back)
{
	expect_survivor("book_4", "{}", "/house/book.*signal 6");
}

#ifndef __SANITIZE_ADDRESS__ /* whose shadow is beyond each limit of data */
Test(book, that_takes_too_much_is_alone_to_end)
{
	expect_survivor("book_5", "{\"name\": \"Max\", \"bags\": 300}",
			"/house/book.*error -12");
}

Test(book, is_tested_by_a_program_of_its_own)
{
	const char *argv[] = { program_built("examples/book_test"), NULL };
	struct program p;

	cr_assert_eq(program_start(&p, argv), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_eq(count_lines(p.out, "^2 tests passed$"), 1, "%s", p.out);
	program_fini(&p);
}
#endif
