/* SPDX-License-Identifier: MIT */
/*
 * Programs as children of an actor.  A pidfd reports the end, so only this
 * child is reaped; an actor's programs die with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/actor/input.h"
#include "runtime/node/end.h"
#include "runtime/node/process.h"
#include "runtime/troupe_io.h"

enum { PIPES = 3 };

/* theirs: for the child; ours: the other end of it; -1: no pipe. */
struct pipes {
	int theirs[PIPES];
	int ours[PIPES];
};

static void close_all(const int fds[PIPES])
{
	for (int i = 0; i < PIPES; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int open_pipe(struct pipes *pipes, int i)
{
	bool is_input = i == STDIN_FILENO;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pipes->theirs[i] = ends[!is_input];
	pipes->ours[i] = ends[is_input];
	return fcntl(pipes->ours[i], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_pipes(struct pipes *pipes, unsigned wanted)
{
	int r = 0;

	*pipes = (struct pipes) { { -1, -1, -1 }, { -1, -1, -1 } };
	for (int i = 0; i < PIPES && r == 0; i++)
		if (wanted & 1U << i)
			r = open_pipe(pipes, i);
	if (r < 0) {
		close_all(pipes->theirs);
		close_all(pipes->ours);
	}
	return r;
}

static struct troupe_reason reason_of(const siginfo_t *info)
{
	struct troupe_reason reason = { .code = info->si_status };

	if (info->si_code == CLD_EXITED && info->si_status == 0) {
		reason.cause = TROUPE_NORMAL;
	} else if (info->si_code == CLD_EXITED) {
		reason.cause = TROUPE_ERROR;
		snprintf(reason.text, sizeof(reason.text), "exit status %d",
			 info->si_status);
	} else {
		reason.cause = info->si_status == SIGKILL ? TROUPE_KILLED
							  : TROUPE_SIGNAL;
		reason.has_core = info->si_code == CLD_DUMPED;
		snprintf(reason.text, sizeof(reason.text), "%s",
			 strsignal(info->si_status));
	}
	return reason;
}

static int run(const struct trp_input *source, void *owner)
{
	static const struct troupe_reason unknown = {
		.cause = TROUPE_ERROR,
		.code = -ECHILD,
		.text = "its exit status was taken by another",
	};
	struct troupe_program *program = owner;
	struct rusage usage = { 0 };
	siginfo_t info = { 0 };
	struct troupe_end end = { .pid = program->pid };

	if (syscall(SYS_waitid, P_PIDFD, program->private_pidfd, &info, WEXITED,
		    &usage) < 0)
		end.reason = unknown; /* another has reaped it */
	else
		end.reason = reason_of(&info);
	close(program->private_pidfd);
	program->pid = 0;
	trp_end_set_usage(&end, &usage);
	snprintf(end.name, sizeof(end.name), "%s", basename(program->argv[0]));
	return program->ended ? program->ended(program, &end) : 0;
}

static void give_up(pid_t pid, int pidfd, const struct pipes *pipes)
{
	close_all(pipes->ours);
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	close(pidfd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int troupe_program_start(struct troupe_program *program)
{
	struct trp_input source = { .watch = { .events = POLLIN },
				    .owner = program,
				    .link = &program->private_source,
				    .run = run,
				    .left = 1 };
	struct pipes pipes;
	pid_t pid;
	int r;

	if (!program->argv || !program->argv[0] || program->pipes > 7)
		return -EINVAL;
	if (program->pid > 0)
		return -EALREADY;
	r = open_pipes(&pipes, program->pipes);
	if (r < 0)
		return r;
	pid = trp_process_execute(program->argv, program->environment,
				  pipes.theirs, &source.watch.fd);
	close_all(pipes.theirs);
	if (pid < 0) {
		close_all(pipes.ours);
		return pid;
	}
	r = trp_input_add(&source);
	if (r < 0) {
		give_up(pid, source.watch.fd, &pipes);
		return r;
	}
	program->pid = pid;
	program->private_pidfd = source.watch.fd;
	program->input = pipes.ours[0];
	program->output = pipes.ours[1];
	program->errors = pipes.ours[2];
	return 0;
}

int troupe_program_signal(struct troupe_program *program, int number)
{
	if (program->pid <= 0)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, program->private_pidfd, number,
		       NULL, 0) < 0
		       ? -errno
		       : 0;
}
