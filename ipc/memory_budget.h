/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The memory that a process may still take from the machine.  The kernel
 * answers a page too many with the death of some process; so a process promises
 * here what it is about to populate, or is told -ENOMEM, and settles the
 * promise when the pages are there and the kernel counts them.
 *
 *	pages[slot] == what that process has promised and not settled
 *	spent == the sum of all promises that were ever made
 *	spent <= ceiling ==> there is memory for all promises up to this one
 *
 * A look at the files of the kernel (150 us) raises the ceiling.  It is good
 * for a share of what it found and for TRP_BUDGET_FRESH_NS, and for all
 * processes of the node.  ipc/README.md says why no two can be told the same
 * memory, and what is left to all that is not asked for here.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ipc/arena.h"

enum {
	TRP_BUDGET_SHARES = 16, /* of a bound, one is the reserve */
	TRP_BUDGET_FRESH_NS = 250 * 1000 * 1000,
	TRP_BUDGET_UNASKED = 16 << 10, /* bytes that an actor has at birth */
	TRP_BUDGET_BIRTH = 320 << 10,  /* what a new process takes */
};
#define TRP_BUDGET_RESERVE_MAX (UINT64_C(1) << 30)

/* In bytes, swap not counted; one that cannot be read is UINT64_MAX. */
struct trp_memory_bound {
	uint64_t left, limit;
};

struct trp_memory_room {
	struct trp_memory_bound machine; /* MemAvailable of MemTotal */
	/* The cgroup (v2 or v1) around this process that leaves least, its page
	 * cache counted as free. */
	struct trp_memory_bound group;
};

/* By the files of /proc and /sys/fs/cgroup; of other folders in tests. */
struct trp_memory_room trp_memory_budget_room(const char *proc,
					      const char *cgroup);

struct trp_memory_budget {
	struct trp_memory_room (*look)(void);
	const struct trp_arena *arena;
	uint32_t slot;
	uint64_t promised, unasked; /* bytes */
	/* Its looks hold for no other: it may be in another cgroup. */
	bool is_alone;
	struct trp_ledger own;
};

/* Of the process of that slot, which has promised nothing. */
void trp_memory_budget_init(struct trp_memory_budget *budget,
			    const struct trp_arena *arena, uint32_t slot);

/*
 * May `size` more bytes be populated?  0, and they are promised; or -ENOMEM.
 * is_vital: the node cannot go on without; it may take half of the reserve.
 */
int trp_memory_budget_promise(struct trp_memory_budget *budget, uint64_t size,
			      bool is_vital);

/*
 * For the supervisor: the same for a process that is to be born in that slot,
 * which settles TRP_BUDGET_BIRTH when it has come to life.
 */
int trp_memory_budget_promise_birth(struct trp_memory_budget *budget,
				    uint32_t slot);

/* So many of the promised bytes are there now, or never will be. */
void trp_memory_budget_settle(struct trp_memory_budget *budget, uint64_t size);

/*
 * For the supervisor, now and then: what others have promised is forgotten, and
 * with it what a stray store has put there.
 */
void trp_memory_budget_tidy(const struct trp_memory_budget *budget);
