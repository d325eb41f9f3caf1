/* SPDX-License-Identifier: MIT */
/* troupe stop, start and restart of one actor. */
#include "tests/runtime/control/node.h"

TestSuite(by_hand, .init = node_begin, .fini = node_end);

static struct program node, command;

static void begin(void)
{
	const char *desk =
		program_built("tests/runtime/control/applications/desk.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", desk, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
}

/* It exits with that status, and the message has that part. */
#define expect(wanted, part, ...)                                         \
	do {                                                              \
		cr_expect_eq(troupe(&command, __VA_ARGS__, NULL), wanted, \
			     "%s", command.err);                          \
		cr_expect(strstr(command.err, part), "%s", command.err);  \
		program_fini(&command);                                   \
	} while (0)

static void say(const char *text)
{
	char json[64];

	snprintf(json, sizeof(json), "{\"text\": \"%s\"}", text);
	expect(0, "", "send", "/desk/clerk", "Words", json);
}

static void await(const char *line)
{
	cr_expect_eq(program_await_output(&node, line, PATIENCE_MS), 0, "%s%s",
		     node.out, node.err);
}

static void await_state(const char *wanted)
{
	struct troupe_value *ps;
	char state[16] = "";

	for (int i = 0; i < PATIENCE_MS && strcmp(state, wanted) != 0;
	     i += 10) {
		ps = node_ps("a");
		snprintf(state, sizeof(state), "%s",
			 troupe_value_to_text(
				 troupe_value_get(node_find(ps, "clerk"),
						  "state"),
				 ""));
		troupe_value_free(ps);
		usleep(10000);
	}
	cr_expect_str_eq(state, wanted);
}

Test(by_hand, a_stopped_child_keeps_its_mail_until_it_is_started)
{
	begin();
	expect(0, "", "stop", "/desk/clerk");
	await_state("stopped");
	say("early");
	expect(0, "", "start", "/desk/clerk");
	await("1: early\n");
	expect(1, "it runs", "start", "clerk");
	expect(0, "", "restart", "clerk");
	say("late");
	await("2: late\n");
	node_stop(&node, "a");
}

Test(by_hand, a_child_that_was_given_up_shows_so_and_can_be_started)
{
	begin();
	for (int i = 0; i < 3; i++)
		say("crash");
	await_state("given up");
	expect(0, "", "start", "/desk/clerk");
	await_state("running");
	say("back");
	await("3: back\n");
	node_stop(&node, "a");
}

Test(by_hand, a_supervisor_is_started_with_all_that_it_gave_up)
{
	begin();
	expect(1, "none of its children is given up", "start", "/desk");
	for (int i = 0; i < 3; i++)
		say("crash");
	await_state("given up");
	expect(0, "", "start", "/desk");
	await_state("running");
	/* Failures from before count no more. */
	for (int i = 0; i < 2; i++)
		say("crash");
	say("back");
	await("5: back\n");
	node_stop(&node, "a");
}

/* Its init() has returned: it has its name before that. */
static void await_up(void)
{
	bool is_up = false;

	for (int i = 0; i < PATIENCE_MS && !is_up; i += 10) {
		cr_expect_eq(troupe(&command, "children", "/desk", NULL), 0);
		is_up = strstr(command.out, " up ");
		program_fini(&command);
		usleep(10000);
	}
}

/* Cases 15, 17 and 23. */
Test(by_hand, children_are_listed_counted_and_removed)
{
	begin();
	await_up();
	cr_expect_eq(troupe(&command, "children", "/desk", NULL), 0);
	cr_expect(strstr(command.out, " up              0 clerk"), "%s",
		  command.out);
	cr_expect(strstr(command.out,
			 "children: 1, with a process: 1, supervising: 0"),
		  "%s", command.out);
	program_fini(&command);
	expect(1, "it runs, or will be restarted", "remove", "/desk/clerk");
	expect(0, "", "stop", "/desk/clerk");
	await_state("stopped");
	cr_expect_eq(troupe(&command, "children", "--json", "/desk", NULL), 0);
	cr_expect(strstr(command.out, "\"state\": \"stopped\""), "%s",
		  command.out);
	program_fini(&command);
	expect(0, "", "remove", "/desk/clerk");
	expect(1, "no such actor", "start", "/desk/clerk");
	cr_expect_eq(troupe(&command, "children", "/desk", NULL), 0);
	cr_expect(strstr(command.out, "children: 0, "), "%s", command.out);
	program_fini(&command);
	expect(1, "no such actor", "children", "/nobody");
	expect(2, "one actor at a time", "children", "/", "/desk");
	node_stop(&node, "a");
}

Test(by_hand, a_wrong_actor_is_an_error_and_never_the_node)
{
	begin();
	expect(2, "the name is empty", "stop", "");
	expect(2, "which actor?", "start");
	expect(2, "one actor at a time", "stop", "/desk", "/other");
	expect(1, "no such actor", "stop", "/nobody");
	expect(1, "no such actor", "restart", "nobody");
	expect(1, "no such actor", "stop", "9.9");
	expect(1, "no child of an actor that supervises", "start", "/other");
	expect(0, "", "stop", "/other");
	node_await_count("a", 3);
	node_stop(&node, "a");
}
