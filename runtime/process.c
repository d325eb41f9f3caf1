/* SPDX-License-Identifier: MIT */
#include "runtime/process.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where glibc keeps the thread id, and the list it gave the kernel. */
static pid_t *tid_address;
static void *robust_list;
static size_t robust_size;

static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

pid_t trp_process_fork(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		die_with(parent);
	return pid;
}

int trp_process_prepare(void)
{
	/*
	 * glibc told the kernel to clear the thread id in its thread
	 * descriptor at exit; that is the address we are after.
	 */
	if (prctl(PR_GET_TID_ADDRESS, &tid_address) < 0)
		tid_address = NULL;
	if (syscall(SYS_get_robust_list, 0, &robust_list, &robust_size) < 0)
		robust_list = NULL;
	return tid_address && *tid_address != (pid_t)syscall(SYS_gettid)
		       ? -ENOTSUP
		       : 0;
}

pid_t trp_process_clone(pid_t supervisor)
{
	/* The exit signal must be 0: it is the zygote's, SIGCHLD. */
	struct clone_args args = { .flags = CLONE_PARENT };
	long pid;

	if (tid_address) {
		args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		args.child_tid = (uintptr_t)tid_address;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0)
		return (pid_t)pid;
	if (robust_list)
		syscall(SYS_set_robust_list, robust_list, robust_size);
	die_with(supervisor);
	return 0;
}

void trp_process_name(const char *name)
{
	prctl(PR_SET_NAME, name);
}
