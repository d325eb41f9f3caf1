/* SPDX-License-Identifier: MIT */
#include "ipc/relay.h"

#include "ipc/doorbell.h"
#include "ipc/progress.h"

bool trp_relay_ring(const struct trp_arena *arena, uint32_t slot)
{
	struct trp_doorbell *doorbell =
		trp_arena_doorbell(arena, TRP_SLOT_SUPERVISOR);
	const struct trp_front *front = trp_arena_front(
		arena, trp_arena_region(arena, TRP_SLOT_SUPERVISOR));

	/* All levels: the one before may have died half-way. */
	trp_doorbell_set_again(doorbell, slot);
	atomic_thread_fence(memory_order_seq_cst);
	return trp_doorbell_wake(doorbell, trp_load_acquire(&front->sleeping),
				 TRP_SLOT_SUPERVISOR);
}

static void set(const struct trp_arena *arena, uint32_t slot, bool is_relayed)
{
	_Atomic uint64_t *at = &trp_arena_slot(arena, slot)->life;
	uint64_t life = trp_load_relaxed(at) & ~(uint64_t)TRP_LIFE_RELAYED;

	assert(trp_life_state(life) == TRP_LIVE);
	trp_store_release(at, is_relayed ? life | TRP_LIFE_RELAYED : life);
}

/*
 * A process that was killed may have taken rings whose senders it has not met:
 * they are set again, so that a look at the doorbell finds them.
 */
void trp_relay_begin(const struct trp_arena *arena, uint32_t slot)
{
	struct trp_doorbell *doorbell = trp_arena_doorbell(arena, slot);
	const struct trp_front *front =
		trp_progress_oldest(arena, trp_arena_region(arena, slot));

	if (front)
		trp_doorbell_ring_taken(doorbell,
					trp_load_acquire(&front->taking));
	trp_doorbell_recover(doorbell);
	set(arena, slot, true);
	/* L1: pairs with F1; either the sender sees the new life, and rings, or
	 * the caller sees its mail. */
	atomic_thread_fence(memory_order_seq_cst);
}

void trp_relay_end(const struct trp_arena *arena, uint32_t slot)
{
	set(arena, slot, false);
}
