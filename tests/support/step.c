/* SPDX-License-Identifier: MIT */
#include "tests/support/step.h"

#include <assert.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool is_traced;

void step_offer(_Atomic int32_t *place)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* fails where none asks */
	*place = getpid();
	while (*place)
		sched_yield();
	is_traced = true;
}

pid_t step_attach(_Atomic int32_t *place)
{
	time_t end = time(NULL) + 60;
	pid_t pid;

	while ((pid = *place) == 0 && time(NULL) < end)
		sched_yield();
	if (!pid || ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		abort();
	*place = 0;
	return pid;
}

void step_mark(void)
{
	if (!is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		abort();
	is_traced = true;
	raise(SIGSTOP);
}

/* Leaves the end for the caller, which reaps the child. */
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

#ifdef __x86_64__
static uintptr_t position(pid_t child)
{
	return (uintptr_t)ptrace(PTRACE_PEEKUSER, child,
				 offsetof(struct user, regs.rip), NULL);
}

static bool set_register(pid_t child, size_t offset, uintptr_t value)
{
	return ptrace(PTRACE_POKEUSER, child, offset, value) == 0;
}

/* 0: none. */
static bool set_breakpoint(pid_t child, uintptr_t at)
{
	return set_register(child, offsetof(struct user, u_debugreg[0]), at) &&
	       set_register(child, offsetof(struct user, u_debugreg[7]), !!at);
}

void step_record(pid_t child, struct step_path *ret_path)
{
	uintptr_t now = position(child);

	ret_path->count = 0;
	do {
		/* An unchanged address is one instruction that repeats. */
		if (ret_path->count && ret_path->at[ret_path->count - 1] == now)
			continue;
		assert(ret_path->count < STEP_PATH);
		ret_path->at[ret_path->count++] = now;
	} while (step_once(child) && (now = position(child)));
}

bool step_along(pid_t child, const struct step_path *path, unsigned steps)
{
	uintptr_t target = path->at[steps];
	bool is_running = true;

	if (steps == 0)
		return true;
	if (!set_breakpoint(child, target))
		abort();
	for (unsigned i = 1; is_running && i <= steps; i++) {
		if (path->at[i] != target)
			continue;
		step_go_on(child);
		is_running = next_signal(child) == SIGTRAP;
	}
	if (is_running)
		assert(position(child) == target);
	/* Not where it has ended. */
	set_breakpoint(child, 0);
	return is_running;
}
#else
void step_record(pid_t child, struct step_path *ret_path)
{
	ret_path->count = 0;
	while (step_once(child))
		ret_path->count++;
}

bool step_along(pid_t child, const struct step_path *path, unsigned steps)
{
	(void)path;
	for (; steps; steps--)
		if (!step_once(child))
			return false;
	return true;
}
#endif
