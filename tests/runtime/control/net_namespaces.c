/* SPDX-License-Identifier: MIT */
/* Guests and actors in network namespaces of their own, as in containers. */
#include "tests/runtime/control/node.h"

#include <sched.h>
#include <sys/wait.h>
#include "tests/support/skip.h"

TestSuite(net_namespaces, .init = node_begin, .fini = node_end, .timeout = 120);

static struct program node, command;

/* For this process and what it starts; true where that is allowed. */
static bool leave(void)
{
	int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;

	return unshare(CLONE_NEWNET | user) == 0;
}

static void need_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!leave());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (status)
		SKIP("netns", "network namespaces are not allowed here");
}

static int ask(const char *seconds)
{
	return troupe(&command, "ask", "--timeout", seconds, "doubler", "Twice",
		      "{\"value\": 4}", NULL);
}

/* A sleeper that is not woken looks after 30 s. */
static void check_guest(const char *way)
{
	setenv("TROUPE_WAIT", way, 1);
	node_start(&node, "a", NULL);
	cr_assert(leave());
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(ask("20"), 0, "%s", command.err);
		cr_expect_str_eq(command.out, "{\"value\": \"8\"}\n");
		program_fini(&command);
	}
	node_stop(&node, "a");
}

Test(net_namespaces, a_guest_from_another_is_woken_by_socket)
{
	need_namespaces();
	check_guest("socket");
}

Test(net_namespaces, a_guest_from_another_is_woken_by_epoll)
{
	need_namespaces();
	check_guest("epoll");
}

static unsigned count_words(const char *text, const char *words)
{
	unsigned count = 0;

	while ((text = strstr(text, words))) {
		text += strlen(words);
		count++;
	}
	return count;
}

/* The node has futexes, so its actor has no socket from home; the guest. */
Test(net_namespaces, a_wake_that_fails_is_counted_and_told_once)
{
	char path[4096];
	struct troupe_value *ps;
	int64_t failed = 0;

	need_namespaces();
	snprintf(path, sizeof(path), "%s",
		 program_built("tests/runtime/control/applications/boxed.so"));
	cr_assert_eq(program_troupe(&node, "run", "--node", "a", path, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s", node.err);
	setenv("TROUPE_WAIT", "epoll", 1);
	for (int i = 0; i < 1000 && failed < 2; i++) {
		ask("0.1"); /* answered or not */
		program_fini(&command);
		ps = node_ps("a");
		failed = troupe_value_to_int(
			troupe_value_get(node_find(ps, "doubler"), "unwoken"),
			-1);
		troupe_value_free(ps);
	}
	cr_expect_geq(failed, 2);
	cr_expect_eq(troupe(&command, "ps", NULL), 0);
	cr_expect(strstr(command.out, " wakes failed"), "%s", command.out);
	program_fini(&command);
	cr_expect_eq(troupe(&command, "stop", NULL), 0);
	program_fini(&command);
	cr_expect_eq(program_finish(&node, PATIENCE_MS), 0);
	cr_expect_eq(count_words(node.err, "cannot wake the actor in slot"), 1,
		     "%s", node.err);
	program_fini(&node);
}
