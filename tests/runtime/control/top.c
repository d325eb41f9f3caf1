/* SPDX-License-Identifier: MIT */
/* troupe top, in a terminal. */
#include "tests/runtime/control/node.h"

#include <sys/ioctl.h>
#include "tests/support/skip.h"

TestSuite(top, .init = node_begin, .fini = node_end, .timeout = 600);

static struct program node, screen;

static void begin_screen(const char *width)
{
	const char *argv[] = { program_built("bin/troupe"), "top", "--interval",
			       "0.2", NULL };

	setenv("COLUMNS", width, 1);
	screen = (struct program) { 0 };
	cr_assert_eq(program_start_on_terminal(&screen, argv), 0);
}

static void begin_at(const char *application, const char *width)
{
	setenv("TERM", "xterm", 1);
	setenv("LINES", "30", 1);
	cr_assert_eq(program_troupe(&node, "run", "--node", "a",
				    program_built(application), NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
	begin_screen(width);
}

static void begin(const char *application)
{
	begin_at(application, "160");
}

static void await(const char *text)
{
	cr_assert_eq(program_await_output(&screen, text, PATIENCE_MS), 0,
		     "no %s in %s", text, screen.out);
}

static void press(const char *keys)
{
	cr_assert_eq(write(screen.input, keys, strlen(keys)),
		     (ssize_t)strlen(keys));
}

/* Ctrl-L draws all of the screen, where else only what has changed is. */
static void press_and_await(const char *keys, const char *text)
{
	press(keys);
	press("\f");
	await(text);
}

static void quit(void)
{
	press("q");
	cr_expect_eq(program_finish(&screen, PATIENCE_MS), 0, "%s", screen.out);
	program_fini(&screen);
}

Test(top, shows_what_ps_shows_and_quits_by_q)
{
	begin("tests/runtime/control/applications/hangs.so");
	await("troupe top: node a, 8 actors, ");
	await("waits for room at /pauses");
	await("awaits /blocked: parlour.Doubler.Twice");
	quit();
	node_stop(&node, "a");
}

Test(top, is_ordered_and_shows_details_by_keys)
{
	begin("tests/runtime/control/applications/hangs.so");
	await("by share");
	press_and_await(">>", "by unread");
	press_and_await("r", "by unread, reversed");
	press_and_await("r\r", "room for 4096 unread bytes");
	await("the oldest sent ");
	quit();
	node_stop(&node, "a");
}

Test(top, drops_columns_on_a_narrow_screen_and_keeps_who_and_what)
{
	begin_at("tests/runtime/control/applications/hangs.so", "80");
	await("    PID STATE       %CPU MEMORY UNREAD ADDRESS   DOING");
	await(" /pauses   in pause(2): ");
	quit();
	begin_screen("60");
	await("STATE       %CPU UNREAD ADDRESS   DOING");
	await(" /receives receives, for ");
	quit();
	node_stop(&node, "a");
}

Test(top, stops_an_actor_only_if_the_answer_is_y)
{
	begin("tests/runtime/control/applications/desk.so");
	await("/desk/clerk");
	press_and_await("<<<<", "by address");
	press_and_await("r", "by address, reversed");
	press_and_await("x", "stop /other? y or n");
	press_and_await("n", "q quit");
	cr_expect_eq(node_count("a"), 4);
	press_and_await("xy", "stop /other: told");
	node_await_count("a", 3);
	quit();
	node_stop(&node, "a");
}

Test(top, traces_an_actor_and_says_where)
{
	const char *at;
	char file[64] = "";

	begin("tests/runtime/control/applications/desk.so");
	await("/desk/clerk");
	press_and_await("t", "? y or n");
	press_and_await("y", " for 5 s: troupe-trace-");
	at = strstr(screen.out, "troupe-trace-");
	snprintf(file, sizeof(file), "%.*s.json", (int)strcspn(at, "."), at);
	await(", written");
	cr_expect_eq(unlink(file), 0, "%s", file);
	quit();
	node_stop(&node, "a");
}

Test(top, says_when_its_node_has_ended)
{
	begin("tests/runtime/control/applications/desk.so");
	await("/desk/clerk");
	node_stop(&node, "a");
	cr_expect_eq(program_finish(&screen, PATIENCE_MS), 1);
	cr_expect(strstr(screen.out, "node a"), "%s", screen.out);
	program_fini(&screen);
}
