/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The shared pages of slots that are free.  To give pages back takes a walk
 * over all processes of the node, so a slot that has few of them keeps them for
 * its next owner, zeroed; they are given back in ranges of slots, when nobody
 * has died for a while or when they are many.
 *
 *	alive	its pages are its owner's
 *	kept	free; at most TRP_KEPT_MAX of a region, all zeros, and a
 *		doorbell; may be given away
 *	spent	free; it had more, and is given away after they were given back
 *
 *	pages[s] == ALIVE	<==> s is alive, or dead and not yet released
 *	kept			 ==  sum of pages[s] of those that are kept
 *	spent			 ==  sum of pages[s] of those that are spent
 *	spent			 <= TRP_SLOT_MEMORY_SPENT, after each release
 *
 * Slots are given away last in, first out, so those that have been given away
 * are kept slots first; kept pages are at most those of the largest number of
 * actors that there were at once.
 */

#include <stdint.h>
#include "runtime/troupe.h"

struct trp_supervisor;

/* Pages: 16 MiB each.  Of kept ones more than that go at once, in ranges. */
enum { TRP_SLOT_MEMORY_KEPT = 4096, TRP_SLOT_MEMORY_SPENT = 4096 };

struct trp_slot_memory {
	uint32_t *pages;      /* of each slot */
	uint32_t slots;	      /* of these, so many were ever in use */
	uint64_t kept, spent; /* pages */
	uint32_t next;	      /* where to look for the next range */
	int64_t used_at;      /* when the last slot became free */
	int64_t rest_until;
	struct troupe_timer timer;
};

/* 0 or -ENOMEM. */
int trp_slot_memory_init(struct trp_supervisor *supervisor);
void trp_slot_memory_fini(struct trp_supervisor *supervisor);

/* The slot is given away. */
void trp_slot_memory_take(struct trp_supervisor *supervisor, uint32_t slot);

/* The slot is free: its child is offered again, now or when it has been given
 * back. */
void trp_slot_memory_leave(struct trp_supervisor *supervisor, uint32_t slot);

/* No slot is free: gives back those that are spent. */
void trp_slot_memory_hurry(struct trp_supervisor *supervisor);
