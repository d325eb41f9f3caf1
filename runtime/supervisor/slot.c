/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/slot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/mailbox_unread.h"
#include "ipc/progress.h"
#include "ipc/succession.h"
#include "runtime/node/status.h"
#include "runtime/supervisor/supervisor.h"

enum { SWEEP_FIRST_MS = 1, SWEEP_LAST_MS = 200 };

static void set_state(struct trp_supervisor *supervisor, uint32_t slot,
		      enum trp_state state)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	const struct trp_child *child = &supervisor->children.child[slot];

	assert(slot != TRP_SLOT_SUPERVISOR && child->generation != 0);
	/* Pairs with the load in trp_mailbox_reserve(). */
	trp_store_release(&line->life, trp_life(child->generation,
						child->incarnation, state));
}

/* The slot has none, or an incarnation before this one has its last. */
static void take_region(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];

	trp_arena_assign(&supervisor->node.arena,
			 trp_slot_memory_take_region(supervisor), slot,
			 child->generation, child->incarnation);
}

static void leave_region(struct trp_supervisor *supervisor, uint32_t region)
{
	trp_arena_release(&supervisor->node.arena, region);
	trp_slot_memory_leave_region(supervisor, region);
}

static void forget_formers(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = supervisor->children.child;
	uint32_t *link = &supervisor->former;

	if (!child[slot].formers)
		return;
	while (*link != slot)
		link = &child[*link].next_former;
	*link = child[slot].next_former;
	child[slot].formers = 0;
}

/* Nobody is there any more. */
static void give_up(struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_arena *arena = &supervisor->node.arena;
	uint32_t region;

	set_state(supervisor, slot, TRP_FREE);
	forget_formers(supervisor, slot);
	while ((region = trp_succession_left(arena, slot)) != TRP_NO_REGION)
		leave_region(supervisor, region);
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
	take_region(supervisor, slot);
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

void trp_slot_end(struct trp_supervisor *supervisor, uint32_t slot)
{
	set_state(supervisor, slot, TRP_ENDING);
	/* Before a look at what was sent. */
	atomic_thread_fence(memory_order_seq_cst);
}

uint32_t trp_slot_close(struct trp_supervisor *supervisor, uint32_t slot)
{
	assert(trp_child_is_alive(&supervisor->children.child[slot]));
	set_state(supervisor, slot, TRP_DEAD);
	return trp_mailbox_unread_ring(&supervisor->mailbox, slot);
}

/* ---- the slot afterwards ------------------------------------------------- */

static void sweep_later(struct trp_supervisor *supervisor, int64_t ms)
{
	supervisor->sweep_ms = ms < SWEEP_LAST_MS ? ms : SWEEP_LAST_MS;
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

/* The regions of former incarnations, once all that they sent has been read and
 * a successor needs them no more.  True: there was one. */
static bool sweep_formers_of(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	bool is_any = false;
	uint32_t region;

	while ((region = trp_succession_spent(&supervisor->mailbox, slot)) !=
	       TRP_NO_REGION) {
		leave_region(supervisor, region);
		is_any = true;
		if (child->formers == 1)
			forget_formers(supervisor, slot);
		else
			child->formers--;
	}
	return is_any;
}

/* One whose restart waits is looked at by trp_exit_sweep(). */
static bool sweep_formers(struct trp_supervisor *supervisor)
{
	struct trp_child *children = supervisor->children.child;
	bool is_any = false;
	uint32_t next;

	for (uint32_t slot = supervisor->former; slot; slot = next) {
		next = children[slot].next_former;
		if (!children[slot].is_due)
			is_any |= sweep_formers_of(supervisor, slot);
	}
	return is_any;
}

void trp_slot_sweep(struct trp_supervisor *supervisor)
{
	struct trp_child *children = supervisor->children.child;
	uint32_t *link = &supervisor->dead, slot;
	bool is_any_free = sweep_formers(supervisor);

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
	if (supervisor->dead || supervisor->former)
		sweep_later(supervisor, is_any_free ? SWEEP_FIRST_MS
						    : 2 * supervisor->sweep_ms);
}

/* ---- a restart ----------------------------------------------------------- */

static void set_down(struct trp_supervisor *supervisor, uint32_t slot,
		     bool is_down)
{
	struct trp_slot *line = trp_arena_slot(&supervisor->node.arena, slot);
	uint64_t note =
		trp_load_relaxed(&line->note) & ~(uint64_t)TRP_NOTE_DOWN;

	trp_store_relaxed(&line->note, is_down ? note | TRP_NOTE_DOWN : note);
}

void trp_slot_down(struct trp_supervisor *supervisor, uint32_t slot,
		   bool is_down)
{
	const struct trp_arena *arena = &supervisor->node.arena;

	trp_slot_set_pid(supervisor, slot, 0);
	set_down(supervisor, slot, is_down);
	trp_store_relaxed(&trp_arena_promises(arena)->pages[slot], 0);
	trp_mailbox_unread_ring(&supervisor->mailbox, slot);
}

void trp_slot_again(struct trp_supervisor *supervisor, uint32_t slot,
		    bool is_next)
{
	struct trp_child *child = &supervisor->children.child[slot];
	uint32_t passed = TRP_NO_REGION;

	if (is_next) {
		take_region(supervisor, slot);
		passed = trp_succession_passed(&supervisor->node.arena, slot);
	}
	set_state(supervisor, slot, TRP_LIVE);
	set_down(supervisor, slot, false);
	if (passed != TRP_NO_REGION) {
		leave_region(supervisor, passed);
	} else if (is_next && !child->formers++) {
		child->next_former = supervisor->former;
		supervisor->former = slot;
	}
	sweep_later(supervisor, SWEEP_FIRST_MS);
}

/* For restarts of actors that have left no mail. */
static uint32_t reserve(const struct trp_supervisor *supervisor)
{
	const struct trp_arena *arena = &supervisor->node.arena;

	return (arena->regions - arena->slots) / 4;
}

/* Half of the free slots keep their regions for new actors. */
static bool is_scarce(struct trp_supervisor *supervisor)
{
	uint32_t kept = (supervisor->children.free_count + 1) / 2;

	return !trp_slot_memory_has_more(supervisor,
					 reserve(supervisor) + kept);
}

/* Its restart waits for receivers of its mail. */
static bool is_waiting(const struct trp_supervisor *supervisor, uint32_t slot)
{
	return supervisor->children.child[slot].is_due &&
	       !trp_child_has_any(&supervisor->children, slot);
}

/*
 * Whether somebody will read its mail: one that does not wait itself, or one
 * that waits for such a one.  Otherwise all of them wait in circles, and none
 * would ever begin.
 */
static bool has_reader(const struct trp_supervisor *supervisor, uint32_t slot)
{
	const struct trp_arena *arena = &supervisor->node.arena;
	uint32_t *list = calloc(arena->slots, sizeof(*list));
	bool *is_listed = calloc(arena->slots, sizeof(*is_listed));
	bool is_any = !list || !is_listed;
	uint32_t count = 0;

	for (uint32_t i = 0; !is_any && i <= count; i++) {
		uint32_t sender = i ? list[i - 1] : slot;

		for (uint32_t by = 1; !is_any && by < arena->slots; by++) {
			if (is_listed[by] ||
			    !trp_mailbox_unread_bytes(arena, by, sender))
				continue;
			is_listed[by] = true;
			list[count++] = by;
			is_any = by != slot && !is_waiting(supervisor, by);
		}
	}
	free(list);
	free(is_listed);
	return is_any;
}

bool trp_slot_is_unread(struct trp_supervisor *supervisor, uint32_t slot)
{
	enum { MOST = 64 };
	const struct trp_arena *arena = &supervisor->node.arena;
	const struct trp_child *child = &supervisor->children.child[slot];

	if (child->formers)
		sweep_formers_of(supervisor, slot);
	/* Otherwise the next one has to take over first. */
	return child->formers &&
	       (child->formers >= MOST || is_scarce(supervisor)) &&
	       trp_progress_has_imported(arena,
					 trp_arena_region(arena, slot)) &&
	       has_reader(supervisor, slot);
}

bool trp_slot_is_any_free(struct trp_supervisor *supervisor)
{
	struct trp_child_table *children = &supervisor->children;
	uint32_t kept = reserve(supervisor);

	if (!children->free_count ||
	    !trp_slot_memory_has_more(supervisor, kept))
		trp_slot_sweep(supervisor);
	if (!children->free_count)
		trp_child_end_rest(children, troupe_now());
	return children->free_count &&
	       trp_slot_memory_has_more(supervisor, kept);
}
