/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Blocks of a process's own region: power-of-two sizes from 512 B up, up to a
 * page from the front while it lasts, the rest from the heap.  All bookkeeping
 * is in private memory: a successor does not inherit it, but starts afresh.
 *
 * A block is handed out or in the free list of its class, which has room for
 * all that were made, so freeing cannot fail; the asked bytes of one that is
 * handed out are populated: no SIGBUS.  A class that has run out takes new
 * space, then halves a free block of a larger class; halves are not joined
 * again.
 *
 * Freed blocks stay warm for the next use.  Free memory unused from one
 * trp_region_cool() to the next is returned to the machine (MADV_REMOVE) and
 * populated again when reused; so is what is beyond TRP_WARM_MAX when a block
 * is freed, that block last.
 */

#include "ipc/arena.h"
#include "ipc/memory_budget.h"

enum { TRP_BLOCK_MIN_LOG2 = 9, TRP_BLOCK_CLASSES = 47 };
#define TRP_WARM_MAX (UINT64_C(256) << 20)
#define TRP_COOL_MIN (UINT64_C(64) << 10)

/* A free block; the number of its first bytes that are surely populated. */
struct trp_spare {
	uint64_t offset;
	uint64_t populated;
};

struct trp_region {
	const struct trp_arena *arena;
	uint32_t number;
	uint64_t front_next; /* offsets: where untouched space begins */
	uint64_t heap_next;
	uint64_t warm; /* bytes free and populated */
	uint64_t used; /* bytes handed out, as they were asked for */
	struct trp_memory_budget budget;
	struct trp_free {
		struct trp_spare *spare; /* cold ones first */
		uint32_t count;
		uint32_t room;
		uint32_t made;
		uint32_t idle; /* the first so many: since the last cooling */
	} free[TRP_BLOCK_CLASSES];
};

/* Before a fork: as ipc/first_blocks.h says. */
void trp_region_prepare(void);

/*
 * The region that this process, of that slot, has entered; its first page is
 * populated and not touched.  Returns 0 or -ENOMEM.
 */
int trp_region_init(struct trp_region *region, const struct trp_arena *arena,
		    uint32_t slot);
void trp_region_fini(struct trp_region *region);
void trp_region_check(const struct trp_region *region);

/*
 * A block of at least `size` bytes (1 or more), its content undefined,
 * aligned to its size up to a page.  Returns 0, -ENOBUFS (the region is full)
 * or -ENOMEM (the machine is, or the cgroup: ipc/memory_budget.h).
 */
int trp_region_alloc(struct trp_region *region, uint64_t size,
		     uint64_t *ret_offset);

/* Would trp_region_alloc() of that size find a block that is populated? */
bool trp_region_is_warm(const struct trp_region *region, uint64_t size);

/* size: as it was asked for. */
void trp_region_free(struct trp_region *region, uint64_t offset, uint64_t size);

/*
 * Returns free blocks that were not used since the last call.  Blocks below
 * TRP_COOL_MIN stay: the kernel visits every process of the node for each hole
 * in the arena.
 */
void trp_region_cool(struct trp_region *region);

void *trp_region_at(const struct trp_region *region, uint64_t offset);
