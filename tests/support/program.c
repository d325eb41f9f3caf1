/* SPDX-License-Identifier: MIT */
#include "tests/support/program.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 32, PATH_SIZE = 4096 };

/* ---- small things -------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static int remaining_ms(int64_t deadline)
{
	int64_t rest = deadline - now_ms();

	return rest > 0 ? (int)rest : 0;
}

enum { PROGRAMS_MAX = 64 };

static pid_t running[PROGRAMS_MAX]; /* the test's programs; 0: a free place */

static pid_t *find_running(pid_t pid)
{
	for (int i = 0; i < PROGRAMS_MAX; i++)
		if (running[i] == pid)
			return &running[i];
	return NULL;
}

static void replace_running(pid_t old, pid_t new)
{
	pid_t *place = find_running(old);

	assert(place);
	*place = new;
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

/* ---- starting ------------------------------------------------------------ */

static _Noreturn void become(const char *const argv[], const int fds[3],
			     bool has_terminal)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A shell starts background jobs with SIGINT ignored. */
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (has_terminal)
		ioctl(fds[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static int start(struct program *p, const char *const argv[], const int fds[3],
		 bool has_terminal)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	p->pid = fork();
	if (p->pid < 0)
		return -errno;
	if (p->pid == 0)
		become(argv, fds, has_terminal);
	p->session = p->pid;
	replace_running(0, p->pid);
	p->pidfd = open_pidfd(p->pid);
	p->out = calloc(1, 1);
	p->err = calloc(1, 1);
	return p->pidfd < 0 || !p->out || !p->err ? -ENOMEM : 0;
}

static void clear(struct program *p)
{
	*p = (struct program) {
		.pidfd = -1,
		.input = -1,
		.output = -1,
		.errors = -1,
		.terminal = -1,
	};
}

int program_start(struct program *p, const char *const argv[])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	int null;
	int r = 0;

	clear(p);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		r = -errno;
	if (r == 0)
		r = start(p, argv, (int[]) { null, out[1], err[1] }, false);
	close_all((int[]) { null, out[1], err[1] }, 3);
	p->output = out[0];
	p->errors = err[0];
	if (r < 0)
		program_fini(p);
	return r;
}

int program_start_on_terminal(struct program *p, const char *const argv[])
{
	char name[64];
	int r = 0;

	clear(p);
	p->output = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->output < 0 || grantpt(p->output) < 0 || unlockpt(p->output) < 0)
		r = -errno;
	if (r == 0 && ptsname_r(p->output, name, sizeof(name)) != 0)
		r = -ENOTTY;
	if (r == 0)
		p->terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r == 0 && p->terminal < 0)
		r = -errno;
	if (r == 0)
		r = start(p, argv,
			  (int[]) { p->terminal, p->terminal, p->terminal },
			  true);
	if (r < 0) {
		program_fini(p);
		return r;
	}
	p->input = p->output;
	return 0;
}

static void path_of(const char *name, char path[PATH_SIZE])
{
	const char *build = getenv("TROUPE_BUILD");

	snprintf(path, PATH_SIZE, "%s/%s", build ? build : "build", name);
}

const char *program_built(const char *name)
{
	static char path[PATH_SIZE];

	path_of(name, path);
	return path;
}

int program_troupe(struct program *p, ...)
{
	const char *argv[MAX_ARGUMENTS + 2];
	char path[PATH_SIZE];
	size_t count = 0;
	va_list rest;

	path_of("bin/troupe", path);
	argv[count++] = path;
	va_start(rest, p);
	while (count <= MAX_ARGUMENTS &&
	       (argv[count] = va_arg(rest, const char *)))
		count++;
	va_end(rest);
	argv[count] = NULL;
	return program_start(p, argv);
}

/* ---- reading ------------------------------------------------------------- */

/* Appends available output.  False: there will be no more. */
static bool drain(int fd, char **text, size_t *size)
{
	struct pollfd there = { .fd = fd, .events = POLLIN };
	char buffer[4096];
	char *larger;
	ssize_t n;

	while (poll(&there, 1, 0) == 1) {
		n = read(fd, buffer, sizeof(buffer));
		if (n <= 0)
			return false;
		larger = realloc(*text, *size + n + 1);
		if (!larger)
			return false;
		memcpy(larger + *size, buffer, n);
		*text = larger;
		*size += n;
		larger[*size] = '\0';
	}
	return true;
}

static void drain_or_close(int *fd, char **text, size_t *size)
{
	if (*fd < 0 || drain(*fd, text, size))
		return;
	close(*fd);
	*fd = -1;
}

/* Returns 1: something was read; 0: it has ended, all is read; or -errno. */
static int read_some(struct program *p, int64_t deadline)
{
	struct pollfd fds[3] = {
		{ .fd = p->pidfd, .events = POLLIN },
		{ .fd = p->output, .events = POLLIN },
		{ .fd = p->errors, .events = POLLIN },
	};
	int n;

	n = poll(fds, 3, remaining_ms(deadline));
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return -ETIMEDOUT;
	drain_or_close(&p->output, &p->out, &p->out_size);
	drain_or_close(&p->errors, &p->err, &p->err_size);
	if (p->output < 0 && p->terminal >= 0)
		p->input = -1;
	return fds[0].revents ? 0 : 1;
}

/* where: of p; it moves as it grows. */
static int await(struct program *p, char *const *where, const char *text,
		 int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	int r = 1;

	while (!strstr(*where, text)) {
		if (r == 0)
			return -EPIPE;
		r = read_some(p, deadline);
		if (r < 0)
			return r;
	}
	return 0;
}

int program_await_output(struct program *p, const char *text, int timeout_ms)
{
	return await(p, &p->out, text, timeout_ms);
}

int program_await_error(struct program *p, const char *text, int timeout_ms)
{
	return await(p, &p->err, text, timeout_ms);
}

/* ---- ending -------------------------------------------------------------- */

static int reap(pid_t pid)
{
	siginfo_t info = { 0 };

	while (waitid(P_PID, pid, &info, WEXITED) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return info.si_code == CLD_EXITED ? info.si_status
					  : 128 + info.si_status;
}

int program_finish(struct program *p, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	int status, r;

	do
		r = read_some(p, deadline);
	while (r > 0);
	if (r < 0)
		kill(p->pid, SIGKILL);
	status = reap(p->pid);
	replace_running(p->pid, 0);
	p->pid = 0;
	if (r < 0)
		program_leftovers(p, 0);
	return r < 0 ? r : status;
}

/* From /proc/PID/stat, after the name, which may contain anything. */
static int read_stat(pid_t pid, char *ret_state, pid_t *ret_parent,
		     pid_t *ret_session)
{
	char path[64], text[1024], *rest;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest, ") %c %d %*d %d", ret_state, ret_parent,
			    ret_session) != 3)
		return -ESRCH;
	return 0;
}

pid_t program_parent_of(pid_t pid)
{
	pid_t parent, session;
	char state;

	return read_stat(pid, &state, &parent, &session) < 0 ? -ESRCH : parent;
}

char program_state_of(pid_t pid)
{
	pid_t parent, session;
	char state;

	return read_stat(pid, &state, &parent, &session) < 0 ? 0 : state;
}

/* The first process that is our child or in the session, and is no program. */
static pid_t find_leftover(const struct program *p)
{
	pid_t pid, parent, session, found = 0;
	char state;
	struct dirent *entry;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while (found == 0 && (entry = readdir(proc))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid <= 0 || find_running(pid) ||
		    read_stat(pid, &state, &parent, &session) < 0)
			continue;
		if (parent == getpid() || session == p->session)
			found = pid;
	}
	closedir(proc);
	return found;
}

/* Returns whether it exited by itself in time; afterwards it is gone in any
 * case. */
static bool is_gone_by(pid_t pid, int64_t deadline)
{
	struct pollfd end = { .fd = open_pidfd(pid), .events = POLLIN };
	bool is_zombie, has_ended;

	if (end.fd < 0)
		return true;
	is_zombie = poll(&end, 1, 0) == 1;
	has_ended = is_zombie || poll(&end, 1, remaining_ms(deadline)) == 1;
	if (!has_ended)
		kill(pid, SIGKILL);
	poll(&end, 1, 1000);
	close(end.fd);
	reap(pid);
	return has_ended && !(is_zombie && deadline <= now_ms());
}

unsigned program_leftovers(struct program *p, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	unsigned count = 0;
	pid_t pid;

	while ((pid = find_leftover(p)) > 0) {
		if (!is_gone_by(pid, deadline))
			count++;
	}
	return count;
}

static unsigned count_named(const char *folder)
{
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	dir = opendir(folder);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "troupe", 6) == 0 ||
		    strncmp(entry->d_name, "trp", 3) == 0)
			count++;
	}
	closedir(dir);
	return count;
}

unsigned program_files(void)
{
	return count_named("/dev/shm");
}

void program_fini(struct program *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		reap(p->pid);
		replace_running(p->pid, 0);
		p->pid = 0;
		program_leftovers(p, 0);
	}
	close_all((int[]) { p->pidfd, p->output, p->errors, p->terminal }, 4);
	free(p->out);
	free(p->err);
	clear(p);
}
