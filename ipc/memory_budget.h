/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The memory that a process may still take from the machine.  When memory runs
 * out, the kernel kills some process; so a process promises here the memory
 * that it is about to populate, or gets -ENOMEM, and settles the promise when
 * the kernel counts the pages.
 *
 *	pages[slot] == what that process has promised and not settled
 *	spent == the sum of all promises that were ever made
 *	spent <= ceiling ==> there is memory for all promises up to this one
 *
 * A look at the files of the kernel (150 us) raises the ceiling.  It is valid
 * for a share of the memory found and for TRP_BUDGET_FRESH_NS, and for all
 * processes of the node.  ipc/README.md explains why no two promises get the
 * same memory, and the reserve for memory without promises.
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

/* Of the process of that slot, without promises. */
void trp_memory_budget_init(struct trp_memory_budget *budget,
			    const struct trp_arena *arena, uint32_t slot);

/*
 * Promises to populate `size` more bytes.  0 or -ENOMEM.  is_vital: the node
 * cannot go on without; it may take half of the reserve.
 */
int trp_memory_budget_promise(struct trp_memory_budget *budget, uint64_t size,
			      bool is_vital);

/*
 * For the supervisor: the same for a new process in that slot, which settles
 * TRP_BUDGET_BIRTH when it runs.
 */
int trp_memory_budget_promise_birth(struct trp_memory_budget *budget,
				    uint32_t slot);

/* That many of the promised bytes are populated now, or never will be. */
void trp_memory_budget_settle(struct trp_memory_budget *budget, uint64_t size);

/*
 * For the supervisor, now and then: drops the promises of others, and with them
 * stray stores.
 */
void trp_memory_budget_tidy(const struct trp_memory_budget *budget);
