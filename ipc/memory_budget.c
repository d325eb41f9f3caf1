/* SPDX-License-Identifier: MIT */
#include "ipc/memory_budget.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How one version of cgroups names things. */
struct version {
	const char *directory; /* below the place where cgroups are mounted */
	const char *limit, *usage;
	const char *cache[3]; /* in memory.stat: what the kernel can drop */
};

static const struct version v1 = {
	.directory = "/memory",
	.limit = "memory.limit_in_bytes",
	.usage = "memory.usage_in_bytes",
	.cache = { "total_inactive_file", "total_active_file" },
};

/* Alone, and beside v1. */
static const struct version v2[] = {
	{
		.directory = "",
		.limit = "memory.max",
		.usage = "memory.current",
		.cache = { "inactive_file", "active_file", "slab_reclaimable" },
	},
	{
		.directory = "/unified",
		.limit = "memory.max",
		.usage = "memory.current",
		.cache = { "inactive_file", "active_file", "slab_reclaimable" },
	},
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The file as a string.  False: it is not there, or too large. */
static bool read_file(const char *directory, const char *name, char *text,
		      size_t room)
{
	char path[PATH_MAX];
	ssize_t size;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >=
	    sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, room - 1);
	close(fd);
	if (size <= 0 || (size_t)size == room - 1)
		return false;
	text[size] = '\0';
	return true;
}

/* "max", or what is no number, is no bound. */
static bool read_number(const char *directory, const char *name,
			uint64_t *ret_number)
{
	char text[64], *end;

	if (!read_file(directory, name, text, sizeof(text)))
		return false;
	*ret_number = strtoull(text, &end, 10);
	return end != text;
}

/* The number behind a name that begins a line, or 0. */
static uint64_t field(const char *text, const char *name)
{
	size_t length = strlen(name);
	const char *line = text;

	while (line) {
		if (strncmp(line, name, length) == 0 &&
		    (line[length] == ' ' || line[length] == ':'))
			return strtoull(line + length + 1, NULL, 10);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return 0;
}

static uint64_t left_in(const struct version *version, const char *directory)
{
	uint64_t limit, usage, cache = 0;
	char stat[8192];

	if (!read_number(directory, version->limit, &limit) ||
	    !read_number(directory, version->usage, &usage))
		return UINT64_MAX;
	if (read_file(directory, "memory.stat", stat, sizeof(stat)))
		for (int i = 0; i < 3 && version->cache[i]; i++)
			cache += field(stat, version->cache[i]);
	usage -= least(usage, cache);
	return limit - least(limit, usage);
}

/*
 * The group of that path and all above it.  In a container the path may be of
 * a place that we do not see: then what is above it bounds us all the same.
 */
static uint64_t left_above(const struct version *version, const char *mount,
			   const char *path)
{
	uint64_t left = UINT64_MAX;
	char directory[PATH_MAX];
	size_t top;
	char *end;

	top = strlen(mount) + strlen(version->directory);
	if ((size_t)snprintf(directory, sizeof(directory), "%s%s%s", mount,
			     version->directory, path) >= sizeof(directory))
		return UINT64_MAX;
	for (;;) {
		left = least(left, left_in(version, directory));
		end = strrchr(directory + top, '/');
		if (!end)
			return left;
		*end = '\0';
	}
}

/* One line of /proc/self/cgroup: number:controllers:path */
static uint64_t left_by(const char *mount, const char *line)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	uint64_t left = UINT64_MAX;

	if (!path)
		return left;
	path++;
	if (strncmp(controllers, "::", 2) == 0)
		for (int i = 0; i < 2; i++)
			left = least(left, left_above(&v2[i], mount, path));
	else if (strncmp(controllers, ":memory:", 8) == 0)
		left = left_above(&v1, mount, path);
	return left;
}

struct trp_memory_room trp_memory_budget_room(const char *proc,
					      const char *cgroup)
{
	struct trp_memory_room room = { UINT64_MAX, UINT64_MAX };
	char text[8192], *line, *rest;
	uint64_t kib;

	if (read_file(proc, "meminfo", text, sizeof(text))) {
		kib = field(text, "MemAvailable");
		if (kib && kib <= UINT64_MAX / 1024)
			room.machine = kib * 1024;
	}
	if (!read_file(proc, "self/cgroup", text, sizeof(text)))
		return room;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		room.groups = least(room.groups, left_by(cgroup, line));
	return room;
}

/* That a control group has no such file is no error. */
static uint64_t available(void)
{
	int error = errno;
	struct trp_memory_room room =
		trp_memory_budget_room("/proc", "/sys/fs/cgroup");

	errno = error;
	return least(room.machine, room.groups);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void trp_memory_budget_init(struct trp_memory_budget *budget)
{
	*budget = (struct trp_memory_budget) {
		.look = available,
		.allowance = TRP_BUDGET_UNASKED,
		.stale_ns = INT64_MAX,
	};
}

int trp_memory_budget_spend(struct trp_memory_budget *budget, uint64_t size)
{
	uint64_t found;
	int64_t now = now_ns();

	assert(budget->spent <= budget->allowance);

	if (size <= budget->allowance - budget->spent &&
	    now < budget->stale_ns) {
		budget->spent += size;
		return 0;
	}
	found = budget->look();
	budget->allowance = found / TRP_BUDGET_SHARES;
	found -= budget->allowance;
	budget->spent = least(size, budget->allowance);
	budget->stale_ns = now + TRP_BUDGET_FRESH_NS;
	return size <= found ? 0 : -ENOMEM;
}
