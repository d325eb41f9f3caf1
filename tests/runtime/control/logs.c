/* SPDX-License-Identifier: MIT */
/* troupe log, and the options of the log. */
#include "tests/runtime/control/node.h"

TestSuite(logs, .init = node_begin, .fini = node_end);

static struct program node, command;

static void begin(const char *option, const char *value)
{
	const char *application =
		program_built("tests/runtime/control/applications/speaker.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", option, value,
				    application, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
}

/* Sends it, and waits until it is logged or left out. */
static void say(const char *text)
{
	char json[64], took[64];

	snprintf(json, sizeof(json), "{\"text\": \"%s\"}", text);
	snprintf(took, sizeof(took), "took %s", text);
	cr_expect_eq(troupe(&command, "send", "/speaker", "Words", json, NULL),
		     0, "%s", command.err);
	program_fini(&command);
	cr_expect_eq(program_await_output(&node, took, PATIENCE_MS), 0, "%s",
		     node.err);
}

#define expect_lines(wanted, ...)                                           \
	do {                                                                \
		cr_expect_eq(troupe(&command, "log", __VA_ARGS__, NULL), 0, \
			     "%s", command.err);                            \
		cr_expect_eq(count_lines(command.out), wanted, "%s",        \
			     command.out);                                  \
	} while (0)

static int count_lines(const char *text)
{
	int count = 0;

	while ((text = strchr(text, '\n'))) {
		count++;
		text++;
	}
	return count;
}

Test(logs, the_latest_lines_are_shown_by_actor_and_level)
{
	begin("--log-format", "short");
	say("i1");
	say("w2");
	say("d3");
	expect_lines(3, "--node", "a");
	cr_expect(strstr(command.out, " info /other["), "%s", command.out);
	program_fini(&command);
	expect_lines(2, "/speaker");
	program_fini(&command);
	expect_lines(1, "--level", "warning", "/speaker");
	cr_expect(strstr(command.out, " warning /speaker["), "%s", command.out);
	cr_expect(strstr(command.out, "] w2\n"), "%s", command.out);
	program_fini(&command);
	expect_lines(1, "/speaker", "--level", "warning");
	program_fini(&command);
	expect_lines(1, "-n", "1", "--json");
	cr_expect(strstr(command.out, "\"actor\":\"/speaker\""), "%s",
		  command.out);
	program_fini(&command);
	cr_expect_eq(troupe(&command, "log", "/nobody", NULL), 1);
	cr_expect(strstr(command.err, "no such actor"), "%s", command.err);
	program_fini(&command);
	cr_expect_eq(troupe(&command, "log", "--level", "loud", NULL), 2);
	cr_expect(strstr(command.err, "--level takes debug, info"), "%s",
		  command.err);
	program_fini(&command);
	node_stop(&node, "a");
}

Test(logs, the_level_is_changed_while_the_node_runs)
{
	begin("--log-level", "warning");
	say("i1");
	expect_lines(0, "/speaker");
	program_fini(&command);
	expect_lines(0, "--set-level", "debug");
	program_fini(&command);
	say("d2");
	expect_lines(1, "/speaker");
	cr_expect(strstr(command.out, " debug /speaker["), "%s", command.out);
	program_fini(&command);
	node_stop(&node, "a");
}

Test(logs, a_follower_sees_what_comes_and_ends_with_the_node)
{
	struct program follower;

	begin("--log-format", "short");
	say("i1");
	cr_assert_eq(program_troupe(&follower, "log", "-f", "/speaker", NULL),
		     0);
	cr_assert_eq(program_await_output(&follower, "i1\n", PATIENCE_MS), 0,
		     "%s", follower.err);
	say("w2");
	cr_expect_eq(program_await_output(&follower, "w2\n", PATIENCE_MS), 0,
		     "%s", follower.err);
	cr_expect_null(strstr(follower.out, "the other"));
	node_stop(&node, "a");
	cr_expect_eq(program_finish(&follower, PATIENCE_MS), 0, "%s",
		     follower.err);
	program_fini(&follower);
}

Test(logs, the_last_words_of_a_crash_are_told)
{
	begin("--log-format", "json");
	say("w1");
	cr_expect_eq(troupe(&command, "send", "/speaker", "Words",
			    "{\"text\": \"crash\"}", NULL),
		     0);
	program_fini(&command);
	cr_expect_eq(program_await_error(&node, "it said last: \\\"w1\\\"",
					 PATIENCE_MS),
		     0, "%s", node.err);
	cr_expect(strstr(node.err, "{\"time\":\"20"), "%s", node.err);
	node_stop(&node, "a");
}

/* Only its own warnings: the rest of the line is the same. */
Test(logs, a_terminal_shows_warnings_in_color)
{
	char program[4096], application[4096];
	const char *const argv[] = { program, "run",	   "--node",
				     "a",     application, NULL };

	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	snprintf(
		application, sizeof(application), "%s",
		program_built("tests/runtime/control/applications/speaker.so"));
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	cr_assert_eq(program_start_on_terminal(&node, argv), 0);
	cr_assert_eq(program_await_output(&node, "ready", PATIENCE_MS), 0);
	say("w1");
	cr_expect(strstr(node.out, "\x1b[33mwarning /speaker["), "%s",
		  node.out);
	cr_expect_null(strstr(node.out, "\x1b[33minfo"), "%s", node.out);
	node_stop(&node, "a");
}

Test(logs, a_wrong_level_or_format_is_told)
{
	cr_expect_eq(
		troupe(&command, "run", "--log-level", "loud", "x.so", NULL),
		2);
	cr_expect(strstr(command.err, "debug, info, warning or fatal"), "%s",
		  command.err);
	program_fini(&command);
	cr_expect_eq(
		troupe(&command, "run", "--log-format", "long", "x.so", NULL),
		2);
	cr_expect(strstr(command.err, "iso"), "%s", command.err);
	program_fini(&command);
}
