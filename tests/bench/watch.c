/* SPDX-License-Identifier: MIT */
/* The processes below one, from /proc. */
#include "tests/bench/harness.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN_MOST = 64 };

struct process {
	pid_t pid, parent;
	char name[64], state, waits_in[64];
};

static FILE *open_proc(pid_t pid, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return fopen(path, "re");
}

static bool read_process(pid_t pid, struct process *ret)
{
	struct process p = { .pid = pid };
	FILE *file = open_proc(pid, "stat");
	bool is_read;

	if (!file)
		return false;
	is_read = fscanf(file, "%*d (%63[^)]) %c %d", p.name, &p.state,
			 &p.parent) == 3;
	fclose(file);
	file = open_proc(pid, "wchan");
	if (file) {
		if (fscanf(file, "%63s", p.waits_in) != 1)
			p.waits_in[0] = 0;
		fclose(file);
	}
	*ret = p;
	return is_read;
}

static bool is_below(struct process process, pid_t top)
{
	while (process.parent > 1) {
		if (process.parent == top)
			return true;
		if (!read_process(process.parent, &process))
			return false;
	}
	return false;
}

void watch_dump(FILE *file, pid_t top)
{
	DIR *dir = opendir("/proc");
	struct dirent *name;
	struct process p;
	int count = 0;

	while (dir && (name = readdir(dir))) {
		pid_t pid = atoi(name->d_name);

		if (pid <= 0 || !read_process(pid, &p))
			continue;
		if (pid != top && !is_below(p, top))
			continue;
		if (count++ < SHOWN_MOST)
			fprintf(file, "  %7d %-16s %c %s\n", (int)p.pid, p.name,
				p.state, p.waits_in);
	}
	if (dir)
		closedir(dir);
	fprintf(file, "  %d processes\n", count);
}

int64_t watch_cpu_ns(pid_t top)
{
	DIR *dir = opendir("/proc");
	struct dirent *name;
	struct timespec used;
	struct process p;
	clockid_t clock;
	int64_t ns = 0;

	while (dir && (name = readdir(dir))) {
		pid_t pid = atoi(name->d_name);

		if (pid > 0 && read_process(pid, &p) &&
		    (pid == top || is_below(p, top)) &&
		    clock_getcpuclockid(pid, &clock) == 0 &&
		    clock_gettime(clock, &used) == 0)
			ns += used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
	}
	if (dir)
		closedir(dir);
	return ns;
}

static void signal_children(int number)
{
	char path[64];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "task/%d/children", (int)getpid());
	file = open_proc(getpid(), path);
	if (!file)
		return;
	while (fscanf(file, "%d", &pid) == 1)
		kill(pid, number);
	fclose(file);
}

/* Some, such as the daemon of iceoryx, have to clean up. */
int watch_reap_strays(void)
{
	enum { GRACE_MS = 3000, AGAIN_MS = 500 };
	int count = 0, ms = 0;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (pid > 0) {
			count++;
			continue;
		}
		if (ms >= GRACE_MS)
			signal_children(SIGKILL);
		else if (ms % AGAIN_MS == 0)
			signal_children(SIGTERM);
		usleep(1000);
		ms++;
	}
	return count;
}

void watch_remove_files(pid_t pid)
{
	static const char *const form[] = { "/tmp/troupe-bench-%d-*/*/*",
					    "/tmp/troupe-bench-%d-*/*",
					    "/tmp/troupe-bench-%d-*" };
	char pattern[64];
	glob_t found;

	for (int f = 0; f < 3; f++) {
		snprintf(pattern, sizeof(pattern), form[f], (int)pid);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc; i++)
			remove(found.gl_pathv[i]);
		globfree(&found);
	}
}

int watch_count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

bool watch_is_mapped(const char *name)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[512], path[256];
	bool is_mapped = false;

	while (file && !is_mapped && fgets(line, sizeof(line), file))
		is_mapped =
			sscanf(line, "%*s %*s %*s %*s %*s %255s", path) == 1 &&
			strncmp(path, name, strlen(name)) == 0;
	if (file)
		fclose(file);
	return is_mapped;
}
