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

/* The names of one version of cgroups. */
struct version {
	const char *limit[2], *usage; /* of kills, of slow-down */
	const char *cache[3]; /* in memory.stat: what the kernel can drop */
};

static const struct version v1 = {
	.limit = { "memory.limit_in_bytes" },
	.usage = "memory.usage_in_bytes",
	.cache = { "total_inactive_file", "total_active_file" },
};

static const struct version v2 = {
	.limit = { "memory.max", "memory.high" },
	.usage = "memory.current",
	.cache = { "inactive_file", "active_file", "slab_reclaimable" },
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

/* "max", or no number, is no bound. */
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

static struct trp_memory_bound narrower(struct trp_memory_bound a,
					struct trp_memory_bound b)
{
	return b.left < a.left ? b : a;
}

static const struct trp_memory_bound none = { UINT64_MAX, UINT64_MAX };

static struct trp_memory_bound bound_in(const struct version *version,
					const char *directory)
{
	uint64_t limit = UINT64_MAX, usage, cache = 0, number;
	char stat[8192];

	for (int i = 0; i < 2 && version->limit[i]; i++)
		if (read_number(directory, version->limit[i], &number))
			limit = least(limit, number);
	if (limit == UINT64_MAX ||
	    !read_number(directory, version->usage, &usage))
		return none;
	if (read_file(directory, "memory.stat", stat, sizeof(stat)))
		for (int i = 0; i < 3 && version->cache[i]; i++)
			cache += field(stat, version->cache[i]);
	usage -= least(usage, cache);
	return (struct trp_memory_bound) { limit - least(limit, usage), limit };
}

/*
 * The group of that path and all above it.  In a container the path may not be
 * visible: then its visible parents still bound us.
 */
static struct trp_memory_bound bound_above(const struct version *version,
					   const char *mount,
					   const char *folder, const char *path)
{
	struct trp_memory_bound bound = none;
	char directory[PATH_MAX];
	size_t top;
	char *end;

	top = strlen(mount) + strlen(folder);
	if ((size_t)snprintf(directory, sizeof(directory), "%s%s%s", mount,
			     folder, path) >= sizeof(directory))
		return none;
	for (;;) {
		bound = narrower(bound, bound_in(version, directory));
		end = strrchr(directory + top, '/');
		if (!end)
			return bound;
		*end = '\0';
	}
}

/* One line of /proc/self/cgroup: number:controllers:path */
static struct trp_memory_bound bound_by(const char *mount, const char *line)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	struct trp_memory_bound bound = none;

	if (!path)
		return bound;
	path++;
	/* v2 alone, and beside v1. */
	if (strncmp(controllers, "::", 2) == 0)
		bound = narrower(bound_above(&v2, mount, "", path),
				 bound_above(&v2, mount, "/unified", path));
	else if (strncmp(controllers, ":memory:", 8) == 0)
		bound = bound_above(&v1, mount, "/memory", path);
	return bound;
}

struct trp_memory_room trp_memory_budget_room(const char *proc,
					      const char *cgroup)
{
	struct trp_memory_room room = { none, none };
	char text[8192], *line, *rest;

	if (read_file(proc, "meminfo", text, sizeof(text)) &&
	    field(text, "MemAvailable"))
		room.machine = (struct trp_memory_bound) {
			field(text, "MemAvailable") * 1024,
			field(text, "MemTotal") * 1024,
		};
	if (!read_file(proc, "self/cgroup", text, sizeof(text)))
		return room;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		room.group = narrower(room.group, bound_by(cgroup, line));
	return room;
}

/* A control group without this file is no error. */
static struct trp_memory_room look(void)
{
	int error = errno;
	struct trp_memory_room room =
		trp_memory_budget_room("/proc", "/sys/fs/cgroup");

	errno = error;
	return room;
}

/* ---- promises ------------------------------------------------------------ */

static struct trp_promises *promises_of(const struct trp_memory_budget *budget)
{
	return trp_arena_promises(budget->arena);
}

static struct trp_ledger *ledger_of(struct trp_memory_budget *budget)
{
	return budget->is_alone ? &budget->own : &promises_of(budget)->ledger;
}

void trp_memory_budget_init(struct trp_memory_budget *budget,
			    const struct trp_arena *arena, uint32_t slot)
{
	*budget = (struct trp_memory_budget) {
		.look = look,
		.arena = arena,
		.slot = slot,
		.unasked = slot == TRP_SLOT_SUPERVISOR ? 0 : TRP_BUDGET_UNASKED,
	};
}

static void set_promised(struct trp_memory_budget *budget, uint64_t promised)
{
	budget->promised = promised;
	/* R7: pairs with A7; the pages of a promise that is settled are there,
	 * and the kernel counts them. */
	trp_store_release(&promises_of(budget)->pages[budget->slot],
			  (uint32_t)((promised + TRP_PAGE - 1) / TRP_PAGE));
}

static bool is_alive(const struct trp_arena *arena, uint32_t slot)
{
	return trp_life_state(trp_load_relaxed(
		       &trp_arena_slot(arena, slot)->life)) == TRP_LIVE;
}

/* A process that has died in between populates nothing more. */
static uint64_t all_promised(const struct trp_memory_budget *budget)
{
	const struct trp_promises *promises = promises_of(budget);
	uint64_t sum = budget->promised, pages;

	for (uint32_t slot = 0; slot < budget->arena->slots; slot++) {
		/* A7. */
		pages = trp_load_acquire(&promises->pages[slot]);
		if (pages && slot != budget->slot &&
		    is_alive(budget->arena, slot))
			sum += pages * TRP_PAGE;
	}
	return sum;
}

static uint64_t beyond_reserve(struct trp_memory_bound bound, bool is_vital)
{
	uint64_t reserve =
		least(bound.limit / TRP_BUDGET_SHARES, TRP_BUDGET_RESERVE_MAX);

	return bound.left - least(bound.left, is_vital ? reserve / 2 : reserve);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The proof needs the order of the three reads. */
static bool look_again(struct trp_memory_budget *budget, int64_t now,
		       bool is_vital)
{
	struct trp_ledger *ledger = ledger_of(budget);
	/* A6: pairs with R6; pages[] has promises up to here. */
	uint64_t spent = trp_load_acquire(&ledger->spent);
	uint64_t promised = all_promised(budget);
	struct trp_memory_room room = budget->look();
	uint64_t left = least(beyond_reserve(room.machine, false),
			      beyond_reserve(room.group, false));
	uint64_t most = least(beyond_reserve(room.machine, is_vital),
			      beyond_reserve(room.group, is_vital));

	left = (left - least(left, promised)) / TRP_BUDGET_SHARES;
	trp_store_relaxed(&ledger->ceiling, spent + left);
	trp_store_relaxed(&ledger->looked_ns, now);
	return promised <= most;
}

int trp_memory_budget_promise(struct trp_memory_budget *budget, uint64_t size,
			      bool is_vital)
{
	struct trp_ledger *ledger = ledger_of(budget);
	int64_t now = now_ns(), age;
	uint64_t spent;

	if (size <= budget->unasked) {
		budget->unasked -= size;
		return 0;
	}
	set_promised(budget, budget->promised + size);
	/* R6. */
	spent = size + atomic_fetch_add_explicit(&ledger->spent, size,
						 memory_order_acq_rel);
	age = now - trp_load_relaxed(&ledger->looked_ns);
	if ((age >= 0 && age < TRP_BUDGET_FRESH_NS &&
	     (int64_t)(trp_load_relaxed(&ledger->ceiling) - spent) >= 0) ||
	    look_again(budget, now, is_vital))
		return 0;
	trp_memory_budget_settle(budget, size);
	return -ENOMEM;
}

int trp_memory_budget_promise_birth(struct trp_memory_budget *budget,
				    uint32_t slot)
{
	int r = trp_memory_budget_promise(budget, TRP_BUDGET_BIRTH, false);

	if (r < 0)
		return r;
	/* First theirs, then no longer ours: a look adds up the slots. */
	trp_store_relaxed(&promises_of(budget)->pages[slot],
			  TRP_BUDGET_BIRTH / TRP_PAGE);
	trp_memory_budget_settle(budget, TRP_BUDGET_BIRTH);
	return 0;
}

void trp_memory_budget_settle(struct trp_memory_budget *budget, uint64_t size)
{
	set_promised(budget, budget->promised - least(size, budget->promised));
}

void trp_memory_budget_tidy(const struct trp_memory_budget *budget)
{
	for (uint32_t slot = 0; slot < budget->arena->slots; slot++)
		if (slot != budget->slot)
			trp_store_relaxed(&promises_of(budget)->pages[slot], 0);
}
