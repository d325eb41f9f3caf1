/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The shared memory that nobody has: regions, any of which may be given to any
 * slot, and doorbells of free slots.  To give pages back takes a walk over all
 * processes of the node, so what has few of them keeps them for its next owner,
 * zeroed; they are given back in ranges, when nobody has died for a while or
 * when they are many.
 *
 *	alive	its pages are its owner's
 *	kept	at most TRP_KEPT_MAX of a region, all zeros, or a doorbell; may
 *		be given away
 *	spent	a region that had more, and is given away after they were given
 *		back
 *
 *	pages[i] == ALIVE	<==> i is somebody's
 *	kept			 ==  sum of pages[i] of those that are kept
 *	spent			 ==  sum of pages[i] of those that are spent
 *	spent			 <= TRP_SLOT_MEMORY_SPENT, after each release
 *	free[0 .. free_count)	 ==  the regions that are not alive, nor spent
 *
 * Both are given away last in, first out, so those that are kept go first; kept
 * pages are at most those of the largest number of owners at once.
 */

#include <stdint.h>
#include "runtime/troupe.h"

struct trp_supervisor;

/* Pages: 16 MiB each.  Of kept ones more than that go at once, in ranges. */
enum { TRP_SLOT_MEMORY_KEPT = 4096, TRP_SLOT_MEMORY_SPENT = 4096 };

enum trp_memory_kind { TRP_REGIONS, TRP_DOORBELLS, TRP_MEMORY_KINDS };

struct trp_slot_memory {
	struct trp_memory_pool {
		uint32_t *pages; /* of each region, of the doorbell of a slot */
		uint32_t used;	 /* of these, so many were ever in use */
	} pool[TRP_MEMORY_KINDS];
	uint32_t *free; /* regions, a stack */
	uint32_t free_count;
	uint64_t kept, spent; /* pages */
	int64_t used_at;      /* when the last one became free */
	int64_t rest_until;
	struct troupe_timer timer;
};

/* 0 or -ENOMEM. */
int trp_slot_memory_init(struct trp_supervisor *supervisor);
void trp_slot_memory_fini(struct trp_supervisor *supervisor);

/* Gives away the doorbell of that slot; a region, which must be there. */
void trp_slot_memory_take(struct trp_supervisor *supervisor, uint32_t slot);
bool trp_slot_memory_has_more(struct trp_supervisor *supervisor, uint32_t than);
uint32_t trp_slot_memory_take_region(struct trp_supervisor *supervisor);

/* The slot is free, and its child is offered again; the region is nobody's, and
 * may be given away, now or when it has been given back. */
void trp_slot_memory_leave(struct trp_supervisor *supervisor, uint32_t slot);
void trp_slot_memory_leave_region(struct trp_supervisor *supervisor,
				  uint32_t region);
