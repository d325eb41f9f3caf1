/* SPDX-License-Identifier: MIT */
#include "tests/support/memory_group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char group[PATH_MAX];

static int open_file(const char *name, int flags)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", group, name);
	return open(path, flags | O_CLOEXEC);
}

static bool write_file(const char *name, const char *text)
{
	int fd = open_file(name, O_WRONLY);
	bool is_written;

	if (fd < 0)
		return false;
	is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return is_written;
}

bool memory_group_enter(void)
{
	return write_file("cgroup.procs", "0");
}

static bool may_enter(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!memory_group_enter());
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Without swap, where there is some: it would put off the end. */
static bool make_below(const char *parent, const char *limit_name,
		       uint64_t limit)
{
	char text[32];

	snprintf(group, sizeof(group), "%s/troupe-test-%d", parent, getpid());
	if (mkdir(group, 0700))
		return false;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)limit);
	if (write_file(limit_name, text) && may_enter()) {
		write_file("memory.memsw.limit_in_bytes", text);
		write_file("memory.swap.max", "0");
		return true;
	}
	memory_group_remove();
	return false;
}

bool memory_group_make(uint64_t limit)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[1024], parent[2048], *path;
	bool is_made = false, is_v1;

	while (file && !is_made && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		is_v1 = strstr(line, ":memory:");
		path = strchr(strchr(line, ':') + 1, ':') + 1;
		snprintf(parent, sizeof(parent), "/sys/fs/cgroup%s%s",
			 is_v1 ? "/memory" : "", path);
		is_made = make_below(
			parent, is_v1 ? "memory.limit_in_bytes" : "memory.max",
			limit);
	}
	if (file)
		fclose(file);
	return is_made;
}

long memory_group_killed(void)
{
	static const char *const names[] = { "memory.events",
					     "memory.oom_control" };
	char text[1024] = "";
	const char *line;
	int fd = -1;

	for (int i = 0; i < 2 && fd < 0; i++)
		fd = open_file(names[i], O_RDONLY);
	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	line = strstr(text, "oom_kill ");
	return line ? strtol(line + strlen("oom_kill "), NULL, 10) : -1;
}

void memory_group_remove(void)
{
	for (int i = 0; rmdir(group) && errno == EBUSY && i < 10000; i++)
		nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
}
