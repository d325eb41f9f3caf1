/* SPDX-License-Identifier: MIT */
#include "runtime/cli/proc_stat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Field 3 comes after the last bracket: a name may contain anything. */
static int parse(const char *text, struct trp_proc_stat *ret_stat)
{
	const char *at = strrchr(text, ')');
	unsigned long user, system;
	unsigned long long start;
	struct timespec now;
	long hz = sysconf(_SC_CLK_TCK), pages;

	if (!at || sscanf(at + 1,
			  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
			  " %*d %*d %*d %*d %*d %*d %llu %*u %ld",
			  &user, &system, &start, &pages) != 4)
		return -EIO;
	clock_gettime(CLOCK_BOOTTIME, &now);
	*ret_stat = (struct trp_proc_stat) {
		.age_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 -
			  (int64_t)start * 1000 / hz,
		.cpu_ms = (int64_t)(user + system) * 1000 / hz,
		.rss = pages * sysconf(_SC_PAGESIZE),
	};
	if (ret_stat->age_ms < 0)
		ret_stat->age_ms = 0;
	return 0;
}

int trp_proc_stat_read(pid_t pid, struct trp_proc_stat *ret_stat)
{
	char path[32], text[1024];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return size ? parse(text, ret_stat) : -ESRCH;
}
