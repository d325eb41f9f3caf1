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

/* Slots that lie together, and are free. */
struct range {
	uint32_t first, count;
	uint64_t pages;
	bool has_spent;
};

/* ---- giving back --------------------------------------------------------- */

/* From `first` on; count 0: there is none. */
static struct range range_at(const struct trp_slot_memory *memory,
			     uint32_t first)
{
	struct range range = { 0 };

	while (first < memory->slots && memory->pages[first] == ALIVE)
		first++;
	range.first = first;
	for (; first < memory->slots && memory->pages[first] != ALIVE;
	     first++) {
		range.count++;
		range.pages += memory->pages[first] & ~SPENT;
		range.has_spent |= memory->pages[first] & SPENT ? 1 : 0;
	}
	return range;
}

static void give_back(struct trp_supervisor *supervisor, struct range range)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint32_t end = range.first + range.count;

	if (trp_arena_give_back_doorbells(&supervisor->node.arena, range.first,
					  range.count) < 0 ||
	    trp_arena_give_back(&supervisor->node.arena, range.first,
				range.count) < 0)
		return;
	for (uint32_t slot = range.first; slot < end; slot++) {
		uint32_t pages = memory->pages[slot];

		memory->pages[slot] = 0;
		if (pages & SPENT) {
			memory->spent -= pages & ~SPENT;
			trp_child_offer(&supervisor->children, slot,
					troupe_now());
		} else {
			memory->kept -= pages;
		}
	}
}

void trp_slot_memory_hurry(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	struct range range;

	for (uint32_t slot = 1; memory->spent;
	     slot = range.first + range.count) {
		range = range_at(memory, slot);
		if (!range.count)
			return;
		if (range.has_spent)
			give_back(supervisor, range);
	}
}

/* The next one that is worth its walk; from the first slot on after the last.
 */
static struct range next_range(const struct trp_supervisor *supervisor,
			       bool is_quiet)
{
	const struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint64_t least = supervisor->children.alive / PROCESSES_A_PAGE + 1;
	struct range range = { .first = memory->next };

	if (is_quiet && memory->kept > TRP_SLOT_MEMORY_KEPT)
		least = 1;
	do {
		range = range_at(memory, range.first + range.count);
	} while (range.count && !range.has_spent && range.pages < least);
	return range;
}

static void look_at(struct trp_supervisor *supervisor, int64_t ns)
{
	trp_timers_start(&supervisor->timers, &supervisor->slot_memory.timer,
			 (struct troupe_time) { ns });
}

/* One range, so that a request waits for one walk at most. */
static int look(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	int64_t now = troupe_now().ns, quiet_at = memory->used_at + QUIET_NS;
	struct range range = { 0 };

	if (now >= quiet_at || memory->kept > TRP_SLOT_MEMORY_KEPT)
		range = next_range(supervisor, now >= quiet_at);
	memory->next = range.count ? range.first + range.count : 1;
	if (range.count)
		give_back(supervisor, range);
	memory->rest_until = now + (REST + 1) * (troupe_now().ns - now);
	if (range.count)
		look_at(supervisor, memory->rest_until);
	else if (now < quiet_at)
		look_at(supervisor, quiet_at);
	else if (!memory->kept && !memory->spent)
		trp_child_offer_lowest(&supervisor->children);
	return 0;
}

/* ---- slots --------------------------------------------------------------- */

int trp_slot_memory_init(struct trp_supervisor *supervisor)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint32_t slots = supervisor->node.arena.slots;

	memory->pages = calloc(slots, sizeof(*memory->pages));
	if (!memory->pages)
		return -ENOMEM;
	memory->pages[TRP_SLOT_SUPERVISOR] = ALIVE;
	memory->slots = memory->next = 1;
	memory->timer =
		(struct troupe_timer) { .fired = look, .data = supervisor };
	return 0;
}

void trp_slot_memory_fini(struct trp_supervisor *supervisor)
{
	free(supervisor->slot_memory.pages);
	supervisor->slot_memory = (struct trp_slot_memory) { 0 };
}

void trp_slot_memory_take(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;

	assert(memory->pages[slot] < SPENT);
	memory->kept -= memory->pages[slot];
	memory->pages[slot] = ALIVE;
	if (memory->slots <= slot)
		memory->slots = slot + 1;
}

void trp_slot_memory_leave(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_slot_memory *memory = &supervisor->slot_memory;
	uint64_t bytes, pages;
	int64_t at;
	bool is_kept = trp_arena_clean(&supervisor->node.arena, slot, &bytes);

	trp_doorbell_clear(trp_arena_doorbell(&supervisor->node.arena, slot));
	trp_store_relaxed(
		&trp_arena_promises(&supervisor->node.arena)->pages[slot], 0);
	pages = bytes / TRP_PAGE + 1; /* and the doorbell */
	assert(memory->pages[slot] == ALIVE);
	memory->used_at = troupe_now().ns;
	if (is_kept) {
		memory->pages[slot] = (uint32_t)pages;
		memory->kept += pages;
		trp_child_offer(&supervisor->children, slot, troupe_now());
	} else {
		memory->pages[slot] = (uint32_t)pages | SPENT;
		memory->spent += pages;
		if (memory->spent > TRP_SLOT_MEMORY_SPENT)
			trp_slot_memory_hurry(supervisor);
	}
	at = memory->kept > TRP_SLOT_MEMORY_KEPT ? memory->rest_until
						 : memory->used_at + QUIET_NS;
	if (!memory->timer.place || memory->timer.at.ns > at)
		look_at(supervisor, at);
}
