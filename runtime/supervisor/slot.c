/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/slot.h"

#include <assert.h>
#include <string.h>
#include "ipc/mailbox_unread.h"
#include "runtime/supervisor/supervisor.h"

enum { SWEEP_FIRST_MS = 1, SWEEP_LAST_MS = 200 };

static void set_state(struct trp_supervisor *supervisor, uint32_t slot,
		      enum trp_state state)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	uint32_t generation = supervisor->children.child[slot].generation;

	assert(slot != TRP_SLOT_SUPERVISOR && generation != 0);
	/* Pairs with the load in trp_mailbox_reserve(). */
	trp_store_release(&line->life, trp_life(generation, 0, state));
}

/* Nobody is there any more. */
static void give_up(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_arena *arena = &supervisor->node.arena;
	uint32_t region = trp_arena_region(arena, slot);

	set_state(supervisor, slot, TRP_FREE);
	trp_arena_release(arena, region);
	trp_slot_memory_leave_region(supervisor, region);
	trp_store_relaxed(&trp_arena_promises(arena)->pages[slot], 0);
	trp_child_free(&supervisor->children, slot);
	trp_slot_memory_leave(supervisor, slot);
}

void trp_slot_announce(struct trp_supervisor *supervisor, uint32_t slot,
		       uint32_t limit, uint32_t when_full)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	struct trp_child *child = &supervisor->children.child[slot];

	static_assert(sizeof(line->name) == sizeof(child->label), "is copied");
	memcpy(line->name, child->label, sizeof(line->name));
	trp_store_relaxed(&line->parent, child->parent);
	trp_store_relaxed(&line->limit, limit);
	trp_store_relaxed(&line->note, when_full);
	trp_store_relaxed(&line->pid, child->pid);
	trp_slot_memory_take(supervisor, slot);
	trp_arena_assign(&supervisor->node.arena,
			 trp_slot_memory_take_region(supervisor), slot,
			 child->generation, 0);
	set_state(supervisor, slot, TRP_LIVE);
}

void trp_slot_set_pid(struct trp_supervisor *supervisor, uint32_t slot,
		      pid_t pid)
{
	trp_store_relaxed(&trp_arena_slot(&supervisor->node.arena, slot)->pid,
			  pid);
}

void trp_slot_take_back(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];

	assert(child->state == CHILD_ORDERED && !child->pid);
	trp_registry_remove_all(&supervisor->registry, &child->names);
	trp_child_ended(&supervisor->children, slot);
	give_up(supervisor, slot);
}

uint32_t trp_slot_close(struct trp_supervisor *supervisor, uint32_t slot)
{
	assert(trp_child_is_alive(&supervisor->children.child[slot]));
	set_state(supervisor, slot, TRP_DEAD);
	return trp_mailbox_unread_ring(&supervisor->mailbox, slot);
}

/* ---- the slot afterwards ------------------------------------------------- */

static int sweep_is_due(struct troupe_timer *timer)
{
	trp_slot_sweep(timer->data);
	return 0;
}

static void sweep_later(struct trp_supervisor *supervisor, int64_t ms)
{
	supervisor->sweep_ms = ms < SWEEP_LAST_MS ? ms : SWEEP_LAST_MS;
	supervisor->sweep.fired = sweep_is_due;
	supervisor->sweep.data = supervisor;
	trp_timers_start(&supervisor->timers, &supervisor->sweep,
			 troupe_in_ms(supervisor->sweep_ms));
}

void trp_slot_release(struct trp_supervisor *supervisor, uint32_t slot,
		      uint32_t unread)
{
	struct trp_child *child = &supervisor->children.child[slot];

	assert(child->state == CHILD_DEAD);
	if (unread == 0 && !child->is_held) {
		give_up(supervisor, slot);
		return;
	}
	child->next_dead = supervisor->dead;
	supervisor->dead = slot;
	if (!child->next_dead)
		sweep_later(supervisor, SWEEP_FIRST_MS);
}

void trp_slot_sweep(struct trp_supervisor *supervisor)
{
	struct trp_child *children = supervisor->children.child;
	uint32_t *link = &supervisor->dead, slot;
	bool is_any_free = false;

	while ((slot = *link)) {
		if (children[slot].is_held ||
		    trp_mailbox_unread_ring(&supervisor->mailbox, slot)) {
			link = &children[slot].next_dead;
			continue;
		}
		*link = children[slot].next_dead;
		give_up(supervisor, slot);
		is_any_free = true;
	}
	if (supervisor->dead)
		sweep_later(supervisor, is_any_free ? SWEEP_FIRST_MS
						    : 2 * supervisor->sweep_ms);
}

bool trp_slot_is_any_free(struct trp_supervisor *supervisor)
{
	struct trp_child_table *children = &supervisor->children;

	if (!children->free_count || !trp_slot_memory_has_region(supervisor))
		trp_slot_sweep(supervisor);
	if (!children->free_count)
		trp_child_end_rest(children, troupe_now());
	return children->free_count && trp_slot_memory_has_region(supervisor);
}
