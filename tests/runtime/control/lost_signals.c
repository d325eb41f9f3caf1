/* SPDX-License-Identifier: MIT */
/* Ends whose signal the kernel drops, as this user's queue of them is full. */
#include "tests/runtime/control/node.h"

#include <sched.h>
#include <sys/resource.h>

enum { QUEUE = 1100 };

TestSuite(lost_signals, .init = node_begin, .fini = node_end, .timeout = 600);

static char state_of(pid_t pid)
{
	char path[32], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return '?';
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state;
}

/* The queue of that node is as small as a node uses; not that of the test. */
static void start_with_small_queue(struct program *node)
{
	struct rlimit before, small;

	cr_assert_eq(getrlimit(RLIMIT_SIGPENDING, &before), 0);
	small = (struct rlimit) { QUEUE, before.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_SIGPENDING, &small), 0);
	node_start(node, "a", "1");
	cr_assert_eq(setrlimit(RLIMIT_SIGPENDING, &before), 0);
}

static void kill_unheard(pid_t pid)
{
	const struct timespec at_once = { 0 };
	union sigval none = { 0 };
	sigset_t filler;

	sigemptyset(&filler);
	sigaddset(&filler, SIGRTMAX);
	cr_assert_eq(sigprocmask(SIG_BLOCK, &filler, NULL), 0);
	for (int i = 0; i < QUEUE; i++)
		cr_assert_eq(sigqueue(getpid(), SIGRTMAX, none), 0);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	while (state_of(pid) != 'Z' && state_of(pid) != '?')
		sched_yield();
	while (sigtimedwait(&filler, NULL, &at_once) > 0)
		;
}

/* The supervisor looks for itself twice a minute. */
Test(lost_signals, delay_the_report_of_an_end_and_do_not_lose_it)
{
	struct troupe_value *ps;
	struct program node;
	pid_t pid;

	start_with_small_queue(&node);
	ps = node_ps("a");
	pid = (pid_t)troupe_value_to_int(
		troupe_value_get(node_find(ps, "idle"), "pid"), 0);
	troupe_value_free(ps);
	cr_assert_gt(pid, 0);
	kill_unheard(pid);
	node_await_count("a", 3);
	node_stop(&node, "a");
}
