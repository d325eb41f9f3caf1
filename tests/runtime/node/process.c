/* SPDX-License-Identifier: MIT */
#include "runtime/node/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(process, .timeout = 600);

static volatile sig_atomic_t child_signals;

static void note(int number)
{
	child_signals++;
}

static pid_t fork_one(int end_signal)
{
	pid_t pid = trp_process_fork(end_signal);

	if (pid == 0)
		_exit(7);
	cr_assert_gt(pid, 0);
	return pid;
}

static void reap(pid_t pid, int options)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, options), pid, "%m");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* The process of a test has a thread of Criterion's; this one has none. */
static int fork_in_silence(void)
{
	int status;
	pid_t pid;

	if (trp_process_threads() != 1)
		return 1;
	signal(SIGCHLD, note);
	pid = trp_process_fork(0);
	if (pid == 0)
		_exit(7);
	if (waitpid(-1, NULL, 0) != -1 || errno != ECHILD)
		return 2;
	if (waitpid(pid, &status, __WALL) != pid || status != 7 << 8)
		return 3;
	return child_signals ? 4 : 7;
}

/* An application may handle SIGCHLD, and wait for its own children. */
Test(process, that_a_node_forks_is_none_of_the_applications_children)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fork_in_silence());
	reap(pid, 0);
}

Test(process, that_is_forked_tells_its_end_by_the_signal_it_was_given)
{
	pid_t pid;

	signal(SIGCHLD, note);
	pid = fork_one(SIGCHLD);
	reap(pid, 0);
	cr_assert_eq(child_signals, 1);
}

/* Locks that threads hold are put right by fork(2) alone. */
Test(process, with_threads_is_forked_by_the_c_library)
{
	cr_assert_gt(trp_process_threads(), 1);
	reap(fork_one(0), 0);
}

/* ---- programs ------------------------------------------------------------ */

/* All that it prints; it ends well. */
static void expect_output(const char *const *argv, const char *wanted)
{
	char text[256] = "";
	int ends[2], fds[3] = { -1, -1, -1 }, pidfd, status;
	size_t size = 0;
	ssize_t r;
	pid_t pid;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	fds[1] = ends[1];
	pid = trp_process_execute(argv, NULL, fds, &pidfd);
	cr_assert_gt(pid, 0, "%s", strerror(-pid));
	close(ends[1]);
	while ((r = read(ends[0], text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)r;
	close(ends[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(pidfd);
	cr_assert_eq(status, 0);
	cr_assert_str_eq(text, wanted);
}

Test(process, of_a_program_begins_without_the_signals_of_its_parent)
{
	/* Without those near 32 and 33: they are of the C library, whose
	 * posix_spawn() lets make ignore them. */
	static const char *const argv[] = {
		"awk",
		"/^Sig(Blk|Ign|Cgt)/ { print substr($2, 1, 7) substr($2, 10) }",
		"/proc/self/status", NULL
	};
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, note);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	expect_output(argv, "00000000000000\n00000000000000\n00000000000000\n");
	sigprocmask(SIG_BLOCK, NULL, &set);
	cr_assert(sigismember(&set, SIGTERM) && !sigismember(&set, SIGUSR2));
}

Test(process, of_a_program_that_is_not_there_is_an_error_and_no_child)
{
	static const char *const argv[] = { "/nowhere/at-all", NULL };
	int fds[3] = { -1, -1, -1 }, pidfd = -7;

	cr_assert_eq(trp_process_execute(argv, NULL, fds, &pidfd), -ENOENT);
	cr_assert_eq(pidfd, -7);
	cr_assert_eq(waitpid(-1, NULL, 0), -1);
	cr_assert_eq(errno, ECHILD);
}
