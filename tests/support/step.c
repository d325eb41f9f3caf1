/* SPDX-License-Identifier: MIT */
#include "tests/support/step.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

void step_mark(void)
{
	static bool is_traced;

	if (!is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		abort();
	is_traced = true;
	raise(SIGSTOP);
}

/* Leaves the end for whoever reaps the child. */
static int next_signal(pid_t child)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)child, &info, WEXITED | WSTOPPED | WNOWAIT) < 0)
		abort();
	if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
		return 0;
	if (waitpid(child, NULL, WUNTRACED) != child)
		abort();
	return info.si_status;
}

bool step_to_mark(pid_t child)
{
	int signal = next_signal(child);

	assert(signal == 0 || signal == SIGSTOP);
	return signal == SIGSTOP;
}

bool step_once(pid_t child)
{
	if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL))
		abort();
	return next_signal(child) == SIGTRAP;
}

void step_go_on(pid_t child)
{
	if (ptrace(PTRACE_CONT, child, NULL, NULL))
		abort();
}
