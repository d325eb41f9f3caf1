/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The memory that a process may still take from the machine.  The kernel
 * answers a page too many with the death of some process; so a process that is
 * about to populate memory asks here first, and is told -ENOMEM.
 *
 *	spent <= allowance	since the last look; nobody looks until then
 *
 * A look costs some ten reads of files, so it is good for a share of what it
 * found and for TRP_BUDGET_FRESH_NS: as many processes as there are shares may
 * all have looked at the same moment.  One share is left to everybody else.
 */

#include <stdint.h>

#include "ipc/time.h"

enum {
	TRP_BUDGET_SHARES = 16,
	TRP_BUDGET_FRESH_NS = 250 * 1000 * 1000,
	TRP_BUDGET_UNASKED = 256 << 10, /* bytes before the first look */
};

struct trp_memory_budget {
	uint64_t (*look)(void); /* bytes that can be had */
	uint64_t allowance;
	uint64_t spent;
	int64_t stale_ns; /* when the allowance has lapsed */
};

void trp_memory_budget_init(struct trp_memory_budget *budget);

/* May `size` more bytes be populated?  0, and they are spent; or -ENOMEM. */
int trp_memory_budget_spend(struct trp_memory_budget *budget, uint64_t size);

/*
 * Memory that can be had, in bytes, swap not counted.  A file that cannot be
 * read is no bound: UINT64_MAX.
 */
struct trp_memory_room {
	uint64_t machine; /* MemAvailable */
	/* The least that the limit of a cgroup (v2 or v1) around this process
	 * leaves, its page cache counted as free. */
	uint64_t groups;
};

/* By the files of /proc and /sys/fs/cgroup; of other folders in tests. */
struct trp_memory_room trp_memory_budget_room(const char *proc,
					      const char *cgroup);
