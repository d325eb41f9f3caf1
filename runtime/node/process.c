/* SPDX-License-Identifier: MIT */
#include "runtime/node/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/node/fork_handlers.h"

/* Where glibc keeps the thread id, and the list it gave the kernel. */
static pid_t *tid_address;
static void *robust_list;
static size_t robust_size;

/* By syscall(), as all here: the pages of prctl() and getppid() are faults. */
void trp_process_die_with(pid_t parent)
{
	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (syscall(SYS_getppid) != parent)
		_exit(EXIT_FAILURE);
}

int trp_process_prepare(void)
{
	/*
	 * glibc told the kernel to clear the thread id in its thread descriptor
	 * at exit; that address is the one we need.
	 */
	if (prctl(PR_GET_TID_ADDRESS, &tid_address) < 0)
		tid_address = NULL;
	if (syscall(SYS_get_robust_list, 0, &robust_list, &robust_size) < 0)
		robust_list = NULL;
	return tid_address && *tid_address != (pid_t)syscall(SYS_gettid)
		       ? -ENOTSUP
		       : 0;
}

/* 0 in the child, for which glibc is as after fork(2); or -errno. */
static pid_t copy_process(unsigned long flags)
{
	long pid;

	if (tid_address)
		flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	/*
	 * Not clone3(), which containers forbid.  The thread id is the fourth
	 * argument or the fifth, by the machine; the other is ignored.
	 */
	trp_fork_handlers_prepare();
	pid = syscall(SYS_clone, flags, NULL, NULL, tid_address, tid_address);
	if (pid != 0) {
		pid = pid < 0 ? -errno : pid;
		trp_fork_handlers_parent();
		return (pid_t)pid;
	}
	if (robust_list)
		syscall(SYS_set_robust_list, robust_list, robust_size);
	return 0;
}

pid_t trp_process_clone(pid_t supervisor)
{
	/* The exit signal must be 0: it is the zygote's. */
	pid_t pid = copy_process(CLONE_PARENT);

	if (pid == 0) {
		trp_process_die_with(supervisor);
		trp_process_name("troupe-actor");
		trp_fork_handlers_child();
	}
	return pid;
}

unsigned trp_process_threads(void)
{
	struct stat tasks;

	/* A link for each, as for each folder in a folder. */
	return stat("/proc/self/task", &tasks) ? 1
					       : (unsigned)tasks.st_nlink - 2;
}

/* Locks that other threads hold are put right by fork(2) alone. */
pid_t trp_process_fork(int end_signal)
{
	pid_t parent = getpid(), pid;

	if (trp_process_threads() == 1 && end_signal != SIGCHLD &&
	    trp_process_prepare() == 0) {
		pid = copy_process((unsigned long)end_signal);
		if (pid == 0)
			trp_fork_handlers_child();
	} else {
		pid = fork();
		pid = pid < 0 ? -errno : pid;
	}
	if (pid == 0)
		trp_process_die_with(parent);
	return pid;
}

/* ---- programs ------------------------------------------------------------ */

struct program {
	const char *const *argv;
	const char *const *environment;
	const int *fds;
	pid_t parent;
	int error; /* of the child, for the parent */
};

static void set_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors in the place of another are moved out of the way first. */
static int set_descriptors(const int fds[3])
{
	int own[3];

	for (int i = 0; i < 3; i++) {
		own[i] = fds[i];
		if (fds[i] >= 0 && fds[i] < 3)
			own[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] >= 0 && own[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (own[i] >= 0 && dup2(own[i], i) < 0)
			return -errno;
	return 0;
}

/* Shares the memory of the parent, which is stopped until it returns. */
__attribute__((no_sanitize_address)) static int become(void *data)
{
	struct program *program = data;

	trp_process_die_with(program->parent);
	set_signals();
	program->error = set_descriptors(program->fds);
	if (program->error == 0) {
		execvpe(program->argv[0], (char *const *)program->argv,
			(char *const *)program->environment);
		program->error = -errno;
	}
	_exit(EXIT_FAILURE);
}

/*
 * As vfork(2), since the caller may have a lot of memory, but on a separate
 * stack.  It shares the parent's memory, so no handler of the parent may run in
 * it.
 */
pid_t trp_process_execute(const char *const *argv,
			  const char *const *environment, const int fds[3],
			  int *ret_pidfd)
{
	static _Alignas(16) char stack[64 * 1024];
	struct program program = {
		.argv = argv,
		.environment = environment ? environment
					   : (const char *const *)environ,
		.fds = fds,
		.parent = getpid(),
	};
	sigset_t all, before;
	pid_t pid;
	int pidfd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone(become, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &program,
		    &pidfd);
	if (pid < 0)
		pid = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0 || program.error == 0) {
		if (pid > 0)
			*ret_pidfd = pidfd;
		return pid;
	}
	close(pidfd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return program.error;
}

/* Fields of proc_pid_stat(5), by the numbers that they have there. */
enum { STATE = 3, CODE = 26, STACK = 28, DATA = 45, BRK = 47, ENV = 50 };

static int read_stat(uint64_t ret_field[ENV + 2])
{
	FILE *file = fopen("/proc/self/stat", "re");
	char line[1024], *at, *word;
	int field = STATE;

	if (!file)
		return -errno;
	at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	if (!at)
		return -EIO;
	for (at += 2; field < ENV + 2 && (word = strsep(&at, " ")); field++)
		ret_field[field] = strtoull(word, NULL, 10);
	return field == ENV + 2 ? 0 : -EIO;
}

void trp_process_show(char *text, size_t size)
{
	uint64_t field[ENV + 2];
	struct prctl_mm_map map;

	if (read_stat(field) < 0)
		return;
	/* The kernel wants all of it; what is not ours stays as it was. */
	map = (struct prctl_mm_map) {
		.start_code = field[CODE],
		.end_code = field[CODE + 1],
		.start_data = field[DATA],
		.end_data = field[DATA + 1],
		.start_brk = field[BRK],
		.brk = (uintptr_t)sbrk(0),
		.start_stack = field[STACK],
		.arg_start = (uintptr_t)text,
		.arg_end = (uintptr_t)text + size,
		.env_start = field[ENV],
		.env_end = field[ENV + 1],
		.exe_fd = UINT32_MAX,
	};
	prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

void trp_process_name(const char *name)
{
	syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
}
