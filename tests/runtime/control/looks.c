/* SPDX-License-Identifier: MIT */
/* Lookers, at actors that hang, each in its way; and completion. */
#include "tests/runtime/control/node.h"

TestSuite(looks, .init = node_begin, .fini = node_end, .timeout = 600);

static struct program node, command;

static void begin(void)
{
	const char *hangs =
		program_built("tests/runtime/control/applications/hangs.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", hangs, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
}

static const char *text_of(const struct troupe_value *ps, const char *label,
			   const char *key)
{
	return troupe_value_to_text(troupe_value_get(node_find(ps, label), key),
				    "");
}

static int64_t number_of(const struct troupe_value *ps, const char *label,
			 const char *key)
{
	return troupe_value_to_int(troupe_value_get(node_find(ps, label), key),
				   -1);
}

static const char *const hung[][2] = {
	{ "loops", "handling" },     { "pauses", "asleep" },
	{ "receives", "receiving" }, { "blocked", "blocked" },
	{ "awaits", "awaiting" },    { "knot", "awaiting" },
	{ "noose", "blocked" },
};
enum { HUNG = sizeof(hung) / sizeof(hung[0]) };

static bool hang_all(const struct troupe_value *ps)
{
	for (size_t i = 0; i < HUNG; i++)
		if (strcmp(text_of(ps, hung[i][0], "activity"), hung[i][1]))
			return false;
	return true;
}

/* Each begins to hang in its own time. */
static struct troupe_value *await_all(void)
{
	struct troupe_value *ps = node_ps("a");

	for (int ms = 0; ms < PATIENCE_MS && !hang_all(ps); ms += 20) {
		troupe_value_free(ps);
		usleep(20000);
		ps = node_ps("a");
	}
	for (size_t i = 0; i < HUNG; i++)
		cr_expect_str_eq(text_of(ps, hung[i][0], "activity"),
				 hung[i][1], "%s: %s", hung[i][0],
				 text_of(ps, hung[i][0], "what"));
	return ps;
}

static void expect_wait(const struct troupe_value *ps, const char *label,
			const char *peer, const char *what)
{
	cr_expect_str_eq(text_of(ps, label, "waits_for"),
			 text_of(ps, peer, "ref"), "%s", label);
	cr_expect(strstr(text_of(ps, label, "what"), what), "%s: %s", label,
		  text_of(ps, label, "what"));
	cr_expect_geq(number_of(ps, label, "waits_ms"), 0, "%s", label);
}

Test(looks, each_hang_is_told_by_its_true_cause)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	cr_expect(strstr(text_of(ps, "loops", "what"),
			 "handles parlour.Words from /, sent "),
		  "%s", text_of(ps, "loops", "what"));
	cr_expect(strstr(text_of(ps, "pauses", "what"),
			 "handles parlour.Words from "));
	expect_wait(ps, "blocked", "pauses", "waits for room at /pauses, for ");
	expect_wait(ps, "awaits", "blocked",
		    "awaits /blocked: parlour.Doubler.Twice, for ");
	expect_wait(ps, "knot", "noose", "awaits /noose: ");
	expect_wait(ps, "noose", "knot", "waits for room at /knot");
	troupe_value_free(ps);
	node_stop(&node, "a");
}

Test(looks, unread_mail_is_counted_with_its_age)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	cr_expect_gt(number_of(ps, "pauses", "unread"), 4);
	cr_expect_geq(number_of(ps, "pauses", "unread_bytes"),
		      64 * number_of(ps, "pauses", "unread"));
	cr_expect_leq(number_of(ps, "pauses", "unread_bytes"), 4096 + 128);
	cr_expect_geq(number_of(ps, "pauses", "oldest_ms"), 0);
	/* The call of the one that awaits. */
	cr_expect_eq(number_of(ps, "blocked", "unread"), 1);
	cr_expect_eq(number_of(ps, "loops", "unread"), 0);
	cr_expect_eq(number_of(ps, "loops", "oldest_ms"), -1);
	troupe_value_free(ps);
	node_stop(&node, "a");
}

static void expect_suspended(const char *name, const char *part)
{
	struct troupe_value *ps = await_all();
	pid_t pid = (pid_t)number_of(ps, name, "pid");

	troupe_value_free(ps);
	cr_assert_gt(pid, 0);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	ps = node_ps("a");
	for (int ms = 0; ms < PATIENCE_MS &&
			 strcmp(text_of(ps, name, "activity"), "suspended");
	     ms += 10) {
		troupe_value_free(ps);
		usleep(10000);
		ps = node_ps("a");
	}
	cr_expect(strstr(text_of(ps, name, "what"), "stopped by a signal"),
		  "%s", text_of(ps, name, "what"));
	cr_expect(strstr(text_of(ps, name, "what"), part), "no %s: %s", part,
		  text_of(ps, name, "what"));
	troupe_value_free(ps);
	kill(pid, SIGCONT);
}

Test(looks, one_that_a_signal_stopped_is_suspended)
{
	begin();
	expect_suspended("loops", "resumes it; handles parlour.Words");
	expect_suspended("receives", "resumes it; receives, for ");
	node_stop(&node, "a");
}

/* It exits with that status, and says so. */
#define expect(wanted, part, ...)                                           \
	do {                                                                \
		cr_expect_eq(troupe(&command, __VA_ARGS__, NULL), wanted,   \
			     "%s", command.err);                            \
		cr_expect(strstr(wanted ? command.err : command.out, part), \
			  "no %s in %s%s", part, command.out, command.err); \
		program_fini(&command);                                     \
	} while (0)

static bool says(const char *part)
{
	bool is_said = strstr(command.out, part);

	program_fini(&command);
	return is_said;
}

/* One that waits for room looks now and then, and is not blocked for a moment.
 */
#define expect_soon(part, ...)                                               \
	do {                                                                 \
		int left_ = 1000;                                            \
		do {                                                         \
			cr_expect_eq(troupe(&command, __VA_ARGS__, NULL), 0, \
				     "%s", command.err);                     \
		} while (!says(part) && --left_);                            \
		cr_expect(left_, "never said: %s", part);                    \
	} while (0)

Test(looks, a_call_that_is_late_says_what_keeps_the_other)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	expect(1, "no answer in time: it is asleep: ", "ask", "--timeout",
	       "0.2", "/pauses", "Twice");
	node_stop(&node, "a");
}

Test(looks, columns_order_and_filters_are_the_users_choice)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	expect(0, "\n  /loops\n", "ps", "-o", "address");
	expect(0, "ADDRESS UNREAD\n/pauses ", "ps", "--columns=address,unread",
	       "--address", "/p*");
	expect(0, "CLASS\nloops\n", "ps", "-o", "class", "--state", "handling",
	       "--class", "loop?");
	expect(0, "CLASS\nawaits\nblocked\n", "ps", "-o", "class", "--sort",
	       "class");
	expect(0, "DROPPED", "ps", "-o", "all");
	expect(2, "no column unred; did you mean unread?", "ps", "-o",
	       "pid,unred");
	expect(2, "no state asleeep; did you mean asleep?", "ps", "--state",
	       "asleeep");
	expect(2, "no column x", "ps", "--sort", "x");
	node_stop(&node, "a");
}

static size_t longest_line(const char *text)
{
	size_t longest = 0, length;

	for (; *text; text += length + (text[length] != '\0')) {
		length = strcspn(text, "\r\n");
		longest = length > longest ? length : longest;
	}
	return longest;
}

Test(looks, lines_fit_the_terminal_and_only_that)
{
	char program[4096];
	const char *argv[] = {
		"/bin/sh", "-c",
		"stty cols 72; \"$0\" ps; echo all; \"$0\" ps --wide", program,
		NULL
	};
	struct troupe_value *ps;
	char *wide;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	command = (struct program) { 0 };
	cr_assert_eq(program_start_on_terminal(&command, argv), 0);
	cr_expect_eq(program_finish(&command, PATIENCE_MS), 0, "%s",
		     command.out);
	wide = strstr(command.out, "all\r\n");
	cr_assert_not_null(wide, "%s", command.out);
	cr_expect_gt(longest_line(wide), 72);
	*wide = '\0';
	cr_expect_leq(longest_line(command.out), 72, "%s", command.out);
	cr_expect(strstr(command.out, "  /receives "), "%s", command.out);
	cr_expect(strstr(command.out, "..\r\n"), "%s", command.out);
	program_fini(&command);
	node_stop(&node, "a");
}

Test(looks, a_narrow_terminal_has_fewer_columns_unless_they_were_chosen)
{
	char program[4096];
	const char *argv[] = { "/bin/sh", "-c",
			       "stty cols 40; \"$0\" ps; echo chosen; "
			       "\"$0\" ps -o pid,memory,address,doing",
			       program, NULL };
	struct troupe_value *ps;
	char *chosen, *rows;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	command = (struct program) { 0 };
	cr_assert_eq(program_start_on_terminal(&command, argv), 0);
	cr_expect_eq(program_finish(&command, PATIENCE_MS), 0, "%s",
		     command.out);
	chosen = strstr(command.out, "chosen\r\n");
	cr_assert_not_null(chosen, "%s", command.out);
	cr_expect(strstr(chosen, "MEMORY"), "%s", chosen);
	*chosen = '\0';
	rows = strstr(command.out, "STATE"); /* a line of the node is before */
	cr_assert_not_null(rows, "%s", command.out);
	cr_expect_leq(longest_line(rows), 40, "%s", rows);
	cr_expect(!strstr(rows, "MEMORY") && strstr(rows, "DOING"), "%s", rows);
	program_fini(&command);
	node_stop(&node, "a");
}

Test(looks, inspect_shows_limits_types_and_mail_by_sender)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	expect(0, "\n  unread     50 messages, 3550 bytes; put aside: 0\n",
	       "inspect", "/pauses");
	expect(0, " from /blocked\n", "inspect", "pauses");
	expect(0, "4096 unread bytes of one sender (then it refuses), 1 ms to",
	       "inspect", "/pauses");
	expect(0, "\n  handles    parlour.Words\n", "inspect", "/loops");
	expect(0,
	       "\n  answers    parlour.Doubler.Twice (parlour.Number) returns "
	       "(parlour.Number)\n",
	       "inspect", "/loops");
	expect(0, "child of /\n", "inspect", "/receives");
	expect(0,
	       "\"address\": \"/blocked\", \"messages\": 50, \"bytes\": 3550",
	       "inspect", "/pauses", "--json");
	expect(0, "\n  stack      ", "inspect", "--stack", "/pauses");
	expect(1, "no actor is called /pause; did you mean /pauses?", "inspect",
	       "/pause");
	expect(2, "it takes one actor", "inspect", "/pauses", "/loops");
	node_stop(&node, "a");
}

Test(looks, waits_are_drawn_from_whom_all_wait_for_and_cycles_are_named)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	expect_soon("\n  /blocked waits for room at /pauses, for ", "wait-for");
	expect_soon(
		"\n    /awaits awaits /blocked: parlour.Doubler.Twice, for ",
		"wait-for");
	expect_soon("cycle: /knot -> /noose -> /knot\n  /knot awaits /noose",
		    "wait-for");
	expect_soon("\"cycles\": [[\"/knot\", \"/noose\"]]", "wait-for",
		    "--json");
	node_stop(&node, "a");
	node_start(&node, "a", NULL);
	expect(0, "nobody waits for another actor\n", "wait-for");
	node_stop(&node, "a");
}

Test(looks, one_that_was_given_up_tells_its_last_end)
{
	const char *desk =
		program_built("tests/runtime/control/applications/desk.so");
	struct troupe_value *ps;

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", desk, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
	for (int i = 0; i < 3; i++)
		expect(0, "", "send", "/desk/clerk", "Words",
		       "{\"text\": \"crash\"}");
	ps = node_ps("a");
	for (int ms = 0; ms < PATIENCE_MS &&
			 strcmp(text_of(ps, "clerk", "activity"), "given up");
	     ms += 20) {
		troupe_value_free(ps);
		usleep(20000);
		ps = node_ps("a");
	}
	cr_expect_str_eq(text_of(ps, "clerk", "activity"), "given up");
	cr_expect(strstr(text_of(ps, "clerk", "what"), "its last end: "), "%s",
		  text_of(ps, "clerk", "what"));
	cr_expect(strstr(text_of(ps, "clerk", "last_end"), "Aborted"), "%s",
		  text_of(ps, "clerk", "last_end"));
	troupe_value_free(ps);
	expect(0, "\n  restarts   2, its last end: ", "inspect", "/desk/clerk");
	expect(0, "not known while it has no process", "inspect",
	       "/desk/clerk");
	node_stop(&node, "a");
}

Test(looks, types_and_methods_are_listed)
{
	node_start(&node, "a", NULL);
	expect(0, "service parlour.Doubler\n  Twice (parlour.Number) returns ",
	       "types");
	expect(0, "message parlour.Words\n  string text = 1\n  repeated ",
	       "types", "Words");
	expect(0, "{\"name\": \"value\", \"type\": \"int64\", \"number\": 1",
	       "types", "--json", "parlour.N*");
	expect(1, "no service and no message is called Wods", "types", "Wods");
	expect(0, "parlour.Doubler.Fail (parlour.Number) returns (parlour.W",
	       "ask", "doubler");
	expect(0, "\"method\": \"parlour.Doubler.Crash\"", "ask", "doubler",
	       "--json");
	expect(1, "/echo has no class with methods", "ask", "/echo");
	expect(1, "no actor is called doubla; did you mean doubler?", "ask",
	       "doubla");
	node_stop(&node, "a");
}

#ifndef __SANITIZE_ADDRESS__ /* which needs terabytes itself */
/* As few as are too few for the memory of a node. */
static void expect_with_few_addresses(int status, const char *word,
				      const char *says)
{
	char program[4096];
	const char *argv[] = {
		"/bin/sh", "-c", "ulimit -v 1000000; exec \"$0\" \"$1\"",
		program,   word, NULL
	};

	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	command = (struct program) { 0 };
	cr_assert_eq(program_start(&command, argv), 0);
	cr_expect_eq(program_finish(&command, PATIENCE_MS), status, "%s",
		     command.err);
	cr_expect(strstr(status ? command.err : command.out, says), "%s%s",
		  command.out, command.err);
	program_fini(&command);
}

Test(looks, without_the_memory_of_the_node_the_supervisor_tells_what_it_sees)
{
	begin();
	expect_with_few_addresses(0, "ps", " running ");
	expect_with_few_addresses(0, "ps", "handles parlour.Words");
	expect_with_few_addresses(0, "ps", "cannot be seen: node a has more");
	expect_with_few_addresses(1, "wait-for", "ulimit -v");
	node_stop(&node, "a");
}
#endif

/* By the function of bash that is installed. */
static void complete(const char *line, const char *wanted)
{
	static const char script[] =
		"PATH=\"${0%/*}:$PATH\"; . runtime/cli/completion.bash; "
		"COMP_LINE=$1 COMP_POINT=${#1}; _troupe; "
		"printf ' %s' \"${COMPREPLY[@]}\"; echo ' '";
	char program[4096];
	const char *argv[] = { "/bin/bash", "-c", script, program, line, NULL };

	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	command = (struct program) { 0 };
	cr_assert_eq(program_start(&command, argv), 0);
	cr_expect_eq(program_finish(&command, PATIENCE_MS), 0, "%s",
		     command.err);
	cr_expect(strstr(command.out, wanted), "%s gives%s", line, command.out);
	program_fini(&command);
}

Test(looks, the_shell_completes_commands_options_nodes_addresses_and_methods)
{
	node_start(&node, "a", NULL);
	complete("troupe chil", " children \n");
	complete("troupe help do", " doctor \n");
	complete("troupe ps --st", " --state \n");
	complete("troupe ps --state rest", " restarting \n");
	complete("troupe ps -o pid,unr", " pid,unread \n");
	complete("troupe run --no-ro", " --no-roving \n");
	complete("troupe stop --node ", " a \n");
	complete("troupe stop --node=", " a \n");
	complete("troupe inspect /dou", " /doubler \n");
	complete("troupe inspect --node a dou", " doubler \n");
	complete("troupe ask doubler Tw", " Twice \n");
	complete("troupe ask --timeout 1 doubler parlour.Doubler.F",
		 " parlour.Doubler.Fail \n");
	complete("troupe send echo parlour.W", " parlour.Words \n");
	complete("troupe beacon conf", " configure \n");
	complete("troupe log --level w", " warning \n");
	complete("troupe log --format js", " json \n");
	complete("troupe run --log-level w", " warning \n");
	complete("troupe nonsense x", "  \n");
	node_stop(&node, "a");
	complete("troupe inspect /", "  \n");
}
