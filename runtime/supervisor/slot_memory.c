/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/slot_memory.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "ipc/doorbell.h"
#include "runtime/supervisor/supervisor.h"

enum {
	QUIET_NS = 1000000000,
	REST = 20,	       /* times as long as a range took, between two */
	PROCESSES_A_PAGE = 64, /* a walk over so many has to bring a page */
};

static const uint32_t ALIVE = UINT32_MAX, SPENT = UINT32_C(1) << 31;

/* Free ones that lie together. */
struct range {
	enum trp_memory_kind kind;
	uint32_t first, count;
	uint64_t pages;
	bool has_spent;
};

/* ---- giving back --------------------------------------------------------- */

/* From `first` on; count 0: there is none. */
static struct range range_at(const struct trp_slot_memory *memory,
			     enum trp_memory_kind kind, uint32_t first)
{
	const struct trp_memory_pool *pool = &memory->pool[kind];
	struct range range = { .kind = kind };

	while (first < pool->used && pool->pages[first] == ALIVE)
		first++;
	range.first = first;
	for (; first < pool->used && pool->pages[first] != ALIVE; first++) {
		range.count++;
		range.pages += pool->pages[first] & ~SPENT;
		range.has_spent |= pool->pages[first] & SPENT ? 1 : 0;
	}
	return range;
}

static void give_back(struct trp_supervisor *supervisor, struct range range)
{
	static int (*const give[TRP_MEMORY_KINDS])(
		const struct trp_arena *arena, uint32_t first,
		uint32_t count) = {
		[TRP_REGIONS] = trp_arena_give_back,
		[TRP_DOORBELLS] = trp_arena_give_back_doorbells,
	};
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint32_t *pages = memory->pool[range.kind].pages;
	uint32_t end = range.first + range.count;

	if (give[range.kind](&supervisor->node.arena, range.first,
			     range.count) < 0)
		return;
	for (uint32_t i = range.first; i < end; i++) {
		if (pages[i] & SPENT) {
			memory->spent -= pages[i] & ~SPENT;
			memory->free[memory->free_count++] = i;
		} else {
			memory->kept -= pages[i];
		}
		pages[i] = 0;
	}
}

/* No region is free, or those that are spent have too much. */
static void hurry(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	struct range range;

	for (uint32_t region = 1; memory->spent;
	     region = range.first + range.count) {
		range = range_at(memory, TRP_REGIONS, region);
		if (!range.count)
			return;
		if (range.has_spent)
			give_back(supervisor, range);
	}
}

/* One that is worth its walk. */
static struct range find_range(const struct trp_supervisor *supervisor,
			       enum trp_memory_kind kind, bool is_quiet)
{
	const struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint64_t least = supervisor->children.alive / PROCESSES_A_PAGE + 1;
	struct range range = { .first = 1 };

	if (is_quiet && memory->kept > TRP_SLOT_MEMORY_KEPT)
		least = 1;
	do {
		range = range_at(memory, kind, range.first + range.count);
	} while (range.count && !range.has_spent && range.pages < least);
	return range;
}

static void look_at(struct trp_supervisor *supervisor, int64_t ns)
{
	trp_timers_start(&supervisor->timers, &supervisor->slot_memory.timer,
			 (struct troupe_time) { ns });
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* Nothing is kept, so from now on the lowest go first. */
static void sort(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;

	trp_child_offer_lowest(&supervisor->children);
	qsort(memory->free, memory->free_count, sizeof(*memory->free), compare);
}

/* One range, so that a request waits for one walk at most. */
static int look(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	int64_t now = troupe_now().ns, quiet_at = memory->used_at + QUIET_NS;
	bool is_quiet = now >= quiet_at;
	struct range range = { 0 };

	for (int kind = 0; kind < TRP_MEMORY_KINDS && !range.count; kind++)
		if (is_quiet || memory->kept > TRP_SLOT_MEMORY_KEPT)
			range = find_range(supervisor,
					   (enum trp_memory_kind)kind,
					   is_quiet);
	if (range.count)
		give_back(supervisor, range);
	memory->rest_until = now + (REST + 1) * (troupe_now().ns - now);
	if (range.count)
		look_at(supervisor, memory->rest_until);
	else if (!is_quiet)
		look_at(supervisor, quiet_at);
	else if (!memory->kept && !memory->spent)
		sort(supervisor);
	return 0;
}

/* ---- slots and regions --------------------------------------------------- */

int trp_slot_memory_init(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	const struct trp_arena *arena = &supervisor->node.arena;
	const uint32_t count[TRP_MEMORY_KINDS] = {
		[TRP_REGIONS] = arena->regions,
		[TRP_DOORBELLS] = arena->slots,
	};

	for (int kind = 0; kind < TRP_MEMORY_KINDS; kind++) {
		struct trp_memory_pool *pool = &memory->pool[kind];

		pool->pages = calloc(count[kind], sizeof(*pool->pages));
		if (!pool->pages)
			return -ENOMEM;
		pool->pages[0] = ALIVE; /* the supervisor's */
		pool->used = 1;
	}
	memory->free = calloc(arena->regions, sizeof(*memory->free));
	if (!memory->free)
		return -ENOMEM;
	for (uint32_t region = arena->regions - 1; region > 0; region--)
		memory->free[memory->free_count++] = region;
	memory->timer =
		(struct troupe_timer) { .fired = look, .data = supervisor };
	return 0;
}

void trp_slot_memory_fini(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;

	for (int kind = 0; kind < TRP_MEMORY_KINDS; kind++)
		free(memory->pool[kind].pages);
	free(memory->free);
	*memory = (struct trp_slot_memory) { 0 };
}

static void take(struct trp_slot_memory *memory, enum trp_memory_kind kind,
		 uint32_t i)
{
	struct trp_memory_pool *pool = &memory->pool[kind];

	assert(pool->pages[i] < SPENT);
	memory->kept -= pool->pages[i];
	pool->pages[i] = ALIVE;
	if (pool->used <= i)
		pool->used = i + 1;
}

void trp_slot_memory_take(struct trp_supervisor *supervisor, uint32_t slot)
{
	take(&supervisor->slot_memory, TRP_DOORBELLS, slot);
}

bool trp_slot_memory_has_more(struct trp_supervisor *supervisor, uint32_t than)
{
	if (supervisor->slot_memory.free_count <= than)
		hurry(supervisor);
	return supervisor->slot_memory.free_count > than;
}

uint32_t trp_slot_memory_take_region(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint32_t region;

	assert(memory->free_count);
	region = memory->free[--memory->free_count];
	take(memory, TRP_REGIONS, region);
	return region;
}

static void look_later(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	int64_t at;

	memory->used_at = troupe_now().ns;
	at = memory->kept > TRP_SLOT_MEMORY_KEPT ? memory->rest_until
						 : memory->used_at + QUIET_NS;
	if (!memory->timer.place || memory->timer.at.ns > at)
		look_at(supervisor, at);
}

void trp_slot_memory_leave(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint32_t *pages = memory->pool[TRP_DOORBELLS].pages;

	assert(pages[slot] == ALIVE);
	trp_doorbell_clear(trp_arena_doorbell(&supervisor->node.arena, slot));
	pages[slot] = 1;
	memory->kept++;
	trp_child_offer(&supervisor->children, slot, troupe_now());
	look_later(supervisor);
}

void trp_slot_memory_leave_region(struct trp_supervisor *supervisor,
				  uint32_t region)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint32_t *pages = memory->pool[TRP_REGIONS].pages;
	uint64_t bytes;

	assert(pages[region] == ALIVE);
	if (trp_arena_clean(&supervisor->node.arena, region, &bytes)) {
		pages[region] = (uint32_t)(bytes / TRP_PAGE);
		memory->kept += pages[region];
		memory->free[memory->free_count++] = region;
	} else {
		pages[region] = (uint32_t)(bytes / TRP_PAGE) | SPENT;
		memory->spent += pages[region] & ~SPENT;
		if (memory->spent > TRP_SLOT_MEMORY_SPENT)
			hurry(supervisor);
	}
	look_later(supervisor);
}
