/* SPDX-License-Identifier: MIT */
/* doorlock, pipeline, forward and accounts. */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(doorlock, .timeout = 600);
TestSuite(pipeline, .timeout = 600);
TestSuite(forward, .timeout = 600);
TestSuite(accounts, .timeout = 600);

/* ---- doorlock ------------------------------------------------------------ */

static void expect_states(const char *keys, const char *states)
{
	struct program p;

	start_example(&p, "doorlock", keys, NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, states, "%s", keys);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

Test(doorlock, four_right_digits_open_it_for_a_while)
{
	expect_states("1234.", "open\nlocked again\n");
}

Test(doorlock, wrong_digits_do_not)
{
	expect_states("12351243", "wrong code\nwrong code\n");
}

Test(doorlock, a_pause_ends_the_entry)
{
	expect_states("123.41234.1234.",
		      "too slow: begin anew\nwrong code\n"
		      "too slow: begin anew\nopen\nlocked again\n");
}

Test(doorlock, an_open_door_takes_no_keys)
{
	expect_states("12341111.1234.",
		      "open\nlocked again\nopen\nlocked again\n");
}

Test(doorlock, has_ten_keys)
{
	struct program p;

	start_example(&p, "doorlock", "12#4", NULL);
	expect_end(&p, 1);
	cr_expect_eq(count_lines(p.err, "^doorlock: no such key: #$"), 1);
	program_fini(&p);
}

/* ---- pipeline ------------------------------------------------------------ */

/* The output of wc(1) for that file. */
static long wc(const char *path)
{
	char command[256], line[64] = "";
	FILE *pipe;

	snprintf(command, sizeof(command), "LC_ALL=C wc -w <'%s'", path);
	pipe = popen(command, "re");
	cr_assert(pipe && fgets(line, sizeof(line), pipe));
	pclose(pipe);
	return strtol(line, NULL, 10);
}

static void expect_words(const char *path, long words, long different)
{
	struct program p;

	start_example(&p, "pipeline", path, NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^[0-9]+ words, [0-9]+ different$"), 1);
	cr_expect_eq(strtol(p.out, NULL, 10), words, "%s: %s, not %ld", path,
		     p.out, words);
	if (different >= 0)
		cr_expect_eq(number_after(p.out, "words, ", 0), different);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

Test(pipeline, counts_the_words_of_a_real_text_as_wc_does)
{
	long words = wc("README.md");

	cr_assert_gt(words, 500);
	expect_words("README.md", words, -1);
}

/* Blocks end within words and between them; mailboxes fill. */
Test(pipeline, counts_the_words_of_a_large_file_as_wc_does)
{
	enum { WORDS = 700000 };
	char path[] = "/tmp/troupe-pipeline-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	cr_assert(file);
	for (int i = 0; i < WORDS; i++)
		fprintf(file, "%sw%d%s", i % 7 ? "" : " \t", i % 1000,
			i % 11 ? " " : "\n\n");
	fprintf(file, "last");
	fclose(file);
	cr_expect_eq(wc(path), WORDS + 1);
	expect_words(path, WORDS + 1, 1001);
	unlink(path);
}

Test(pipeline, counts_nothing_in_an_empty_file)
{
	expect_words("/dev/null", 0, 0);
}

Test(pipeline, says_that_there_is_no_such_file)
{
	struct program p;

	start_example(&p, "pipeline", "/no/such/file", NULL);
	expect_end(&p, 1);
	cr_expect_neq(count_lines(p.err, "No such file or directory"), 0, "%s",
		      p.err);
	program_fini(&p);
}

/* ---- forward ------------------------------------------------------------- */

Test(forward, who_has_asked_is_answered_by_the_one_that_it_is_for)
{
	struct program p;

	start_example(&p, "forward", "0", "3", "1", "3", "9", NULL);
	expect_end(&p, 0);
	cr_expect_str_empty(p.err);
	for (int floor = 0; floor < 4; floor++) {
		char line[64];

		snprintf(line, sizeof(line),
			 "^%d: answered by floor %d, process [0-9]+$", floor,
			 floor);
		cr_expect_eq(count_lines(p.out, line),
			     floor == 3	 ? 2
			     : floor < 2 ? 1
					 : 0,
			     "%s", p.out);
	}
	cr_expect_eq(count_lines(p.out, "^9: there is no such floor$"), 1);
	/* Answers of several come in any order. */
	cr_expect_neq(number_after(p.out, "floor 0, process ", 0),
		      number_after(p.out, "floor 1, process ", 0));
	program_fini(&p);
}

Test(forward, refuses_what_is_no_floor)
{
	expect_usage("forward", "x");
	expect_usage("forward", "3x");
}

/* ---- accounts ------------------------------------------------------------ */

Test(accounts, keep_their_balance_while_they_are_asleep)
{
	struct program p;

	start_example(&p, "accounts", "300", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^300 accounts are asleep$"), 3, "%s",
		     p.out);
	cr_expect_eq(count_lines(p.out, "^the last has 897 cents, in its life "
					"[1-9][0-9]*$"),
		     1, "%s", p.out);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

Test(accounts, refuse_what_is_no_count)
{
	expect_usage("accounts", "many");
	expect_usage("accounts", "0");
	expect_usage("accounts", "-5");
}
