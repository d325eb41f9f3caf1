/* SPDX-License-Identifier: MIT */
#include "runtime/node/handling.h"

#include <string.h>
#include "ipc/hot.h"
#include "ipc/time.h"

TRP_HOT bool trp_handling_is_timed;

static TRP_HOT struct trp_mailbox *mailbox;
static TRP_HOT _Atomic uint64_t *offset;
static TRP_HOT struct trp_handling *own;

void trp_handling_begin(struct trp_mailbox *box, _Atomic uint64_t *at)
{
	mailbox = box;
	offset = at;
	own = NULL;
}

int64_t trp_handling_start(void)
{
	return trp_time_now().ns;
}

/* Where there is no room now, all is counted in vain. */
static void make(void)
{
	static struct trp_handling nowhere;
	uint64_t at;

	own = &nowhere;
	if (trp_region_alloc(&mailbox->region, sizeof(*own), &at) < 0)
		return;
	own = trp_region_at(&mailbox->region, at);
	memset(own, 0, sizeof(*own));
	/* Pairs with the load of the one who calls trp_handling_of(). */
	trp_store_release(offset, at);
}

static unsigned bucket_of(uint64_t ns)
{
	uint64_t us = (ns + 999) / 1000;
	unsigned bucket = us > 1 ? 64 - (unsigned)__builtin_clzl(us - 1) : 0;

	return bucket < TRP_HANDLING_BUCKETS ? bucket
					     : TRP_HANDLING_BUCKETS - 1;
}

static void add(_Atomic uint64_t *counter, uint64_t more)
{
	trp_store_relaxed(counter, trp_load_relaxed(counter) + more);
}

void trp_handling_end(int64_t begin)
{
	int64_t ns = begin ? trp_time_now().ns - begin : -1;

	if (ns < 0)
		return;
	if (!own)
		make();
	add(&own->count[bucket_of((uint64_t)ns)], 1);
	add(&own->ns, (uint64_t)ns);
}

const struct trp_handling *trp_handling_of(const struct trp_arena *arena,
					   uint32_t slot, uint64_t at)
{
	return at ? trp_arena_at(arena, trp_arena_region(arena, slot), at,
				 sizeof(struct trp_handling))
		  : NULL;
}
