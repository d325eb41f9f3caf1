/* SPDX-License-Identifier: MIT */
#include "runtime/node/status.h"

#include <stdio.h>
#include <string.h>

struct trp_status *trp_status_begin(struct trp_front *front)
{
	struct trp_status *status = (struct trp_status *)front->user;

	memset(status, 0, sizeof(*status));
	return status;
}

/* The slot of that actor, also when it has ended; NULL: it has a new owner. */
static const struct trp_slot *slot_of(const struct trp_arena *arena,
				      troupe_ref ref, enum trp_state *ret_state)
{
	uint32_t at = trp_ref_slot(ref);
	const struct trp_slot *slot;
	uint64_t life;

	if (!trp_ref_is_here(ref) || at >= arena->slots)
		return NULL;
	slot = trp_arena_slot(arena, at);
	life = trp_load_acquire(&slot->life);
	*ret_state = trp_life_state(life);
	return trp_life_generation(life) == trp_ref_generation(ref) ? slot
								    : NULL;
}

/* It has set up its front. */
static const struct trp_status *status_of(const struct trp_arena *arena,
					  troupe_ref ref)
{
	const struct trp_front *front = trp_arena_front(
		arena, trp_arena_region(arena, trp_ref_slot(ref)));

	return trp_load_acquire(&front->generation) == trp_ref_generation(ref)
		       ? (const struct trp_status *)front->user
		       : NULL;
}

const struct trp_status *trp_status_of(const struct trp_arena *arena,
				       troupe_ref ref)
{
	enum trp_state state;

	return slot_of(arena, ref, &state) && state == TRP_LIVE
		       ? status_of(arena, ref)
		       : NULL;
}

const struct trp_status *trp_status_last(const struct trp_arena *arena,
					 troupe_ref ref)
{
	enum trp_state state;

	return slot_of(arena, ref, &state) ? status_of(arena, ref) : NULL;
}

pid_t trp_status_pid(const struct trp_arena *arena, troupe_ref ref)
{
	enum trp_state state;
	const struct trp_slot *slot = slot_of(arena, ref, &state);

	return slot ? trp_load_relaxed(&slot->pid) : 0;
}

bool trp_status_is_down(const struct trp_arena *arena, troupe_ref ref)
{
	enum trp_state state;
	const struct trp_slot *slot = slot_of(arena, ref, &state);

	return slot && trp_load_relaxed(&slot->note) & TRP_NOTE_DOWN;
}

uint32_t trp_status_incarnation(const struct trp_arena *arena, troupe_ref ref)
{
	enum trp_state state;
	const struct trp_slot *slot = slot_of(arena, ref, &state);

	return slot ? trp_life_incarnation(trp_load_relaxed(&slot->life)) : 0;
}

void trp_status_write_exit(struct trp_status *status, enum troupe_cause cause,
			   int code, const char *text)
{
	assert((unsigned)cause <= TROUPE_NOCONNECTION);
	status->cause = (int32_t)cause;
	status->code = code;
	/* Not by snprintf(): most have no text, and its code is three faults.
	 */
	status->text[0] = '\0';
	if (text)
		strncat(status->text, text, sizeof(status->text) - 1);
	/* E1: pairs with the acquire in trp_status_read_exit(). */
	trp_store_release(&status->said, 1);
}

bool trp_status_read_exit(const struct trp_status *status,
			  struct troupe_reason *ret_reason)
{
	int32_t cause;

	if (!trp_load_acquire(&status->said))
		return false;
	cause = status->cause;
	if ((unsigned)cause > TROUPE_NOCONNECTION)
		return false;
	ret_reason->cause = (enum troupe_cause)cause;
	ret_reason->code = status->code;
	snprintf(ret_reason->text, sizeof(ret_reason->text), "%.*s",
		 (int)sizeof(status->text) - 1, status->text);
	return true;
}
