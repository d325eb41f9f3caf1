/* SPDX-License-Identifier: MIT */
#include "runtime/look/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of a file of that process: its bytes, or 0. */
static size_t read_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, size - 1, file);
	fclose(file);
	text[n] = '\0';
	return n;
}

int trp_look_process(pid_t pid, struct trp_look_process *ret_process)
{
	unsigned long user, system;
	unsigned long long start;
	long hz = sysconf(_SC_CLK_TCK), pages;
	char text[1024], state, *at;
	struct timespec now;

	if (!read_text(pid, "stat", text, sizeof(text)))
		return -ESRCH;
	at = strrchr(text, ')'); /* a name may contain anything */
	if (!at || sscanf(at + 1,
			  " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
			  " %*d %*d %*d %*d %*d %*d %llu %*u %ld",
			  &state, &user, &system, &start, &pages) != 5)
		return -EIO;
	clock_gettime(CLOCK_BOOTTIME, &now);
	*ret_process = (struct trp_look_process) {
		.state = state,
		.age_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 -
			  (int64_t)start * 1000 / hz,
		.cpu_ms = (int64_t)(user + system) * 1000 / hz,
		.rss = pages * sysconf(_SC_PAGESIZE),
	};
	if (ret_process->age_ms < 0)
		ret_process->age_ms = 0;
	return 0;
}

static const struct {
	long number;
	const char *name;
} calls[] = {
#ifdef SYS_pause
	{ SYS_pause, "pause" },
#endif
#ifdef SYS_poll
	{ SYS_poll, "poll" },
#endif
#ifdef SYS_select
	{ SYS_select, "select" },
#endif
	{ SYS_ppoll, "ppoll" },
	{ SYS_pselect6, "pselect" },
	{ SYS_read, "read" },
	{ SYS_write, "write" },
	{ SYS_futex, "futex" },
	{ SYS_nanosleep, "nanosleep" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
	{ SYS_wait4, "wait4" },
	{ SYS_waitid, "waitid" },
	{ SYS_recvfrom, "recvfrom" },
	{ SYS_recvmsg, "recvmsg" },
	{ SYS_sendto, "sendto" },
	{ SYS_connect, "connect" },
	{ SYS_accept4, "accept4" },
	{ SYS_flock, "flock" },
	{ SYS_fcntl, "fcntl" },
	{ SYS_fsync, "fsync" },
	{ SYS_epoll_pwait, "epoll_wait" },
	{ SYS_rt_sigtimedwait, "sigtimedwait" },
	{ SYS_rt_sigsuspend, "sigsuspend" },
};

const char *trp_look_process_call(pid_t pid, char text[32])
{
	char line[256];
	long number;

	text[0] = '\0';
	if (!read_text(pid, "syscall", line, sizeof(line)) ||
	    sscanf(line, "%ld", &number) != 1)
		return text;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			snprintf(text, 32, "%s(2)", calls[i].name);
	return text;
}
