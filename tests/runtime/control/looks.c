/* SPDX-License-Identifier: MIT */
/* What `troupe ps` says of actors that hang, each in its way. */
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

Test(looks, one_that_a_signal_stopped_is_suspended)
{
	struct troupe_value *ps;
	pid_t pid;

	begin();
	ps = await_all();
	pid = (pid_t)number_of(ps, "loops", "pid");
	troupe_value_free(ps);
	cr_assert_gt(pid, 0);
	cr_assert_eq(kill(pid, SIGSTOP), 0);
	ps = node_ps("a");
	for (int ms = 0; ms < PATIENCE_MS &&
			 strcmp(text_of(ps, "loops", "activity"), "suspended");
	     ms += 10) {
		troupe_value_free(ps);
		usleep(10000);
		ps = node_ps("a");
	}
	cr_expect(strstr(text_of(ps, "loops", "what"), "stopped by a signal"),
		  "%s", text_of(ps, "loops", "what"));
	cr_expect(strstr(text_of(ps, "loops", "what"), "parlour.Words"));
	troupe_value_free(ps);
	kill(pid, SIGCONT);
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

Test(looks, columns_order_and_filters_are_the_users_choice)
{
	struct troupe_value *ps;

	begin();
	ps = await_all();
	troupe_value_free(ps);
	expect(0, "\n  /loops\n", "ps", "-o", "address");
	expect(0, "ADDRESS UNREAD\n/pauses ", "ps",
	       "--columns=address,unread", "--address", "/p*");
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
