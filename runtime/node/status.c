/* SPDX-License-Identifier: MIT */
/* What actors say of themselves in their fronts, for others to read. */
#include <errno.h>
#include "runtime/actor/actor.h"

const struct trp_status *trp_status_of(troupe_ref ref)
{
	const struct trp_arena *arena;
	const struct trp_front *front;
	uint32_t slot = trp_ref_slot(ref);
	uint32_t generation = trp_ref_generation(ref);

	if (!trp_actor.self || !trp_actor.node)
		return NULL; /* no actor (any more) */
	arena = &trp_actor.node->arena;
	if (!trp_ref_is_here(ref) || slot >= arena->slots ||
	    atomic_load_explicit(&trp_arena_slot(arena, slot)->life,
				 memory_order_acquire) !=
		    trp_life(generation, TRP_LIVE))
		return NULL;
	front = trp_arena_front(arena, slot);
	if (atomic_load_explicit(&front->generation, memory_order_acquire) !=
	    generation)
		return NULL;
	return (const struct trp_status *)front->user;
}

int troupe_count(troupe_ref ref, struct troupe_counters *ret_counters)
{
	const struct trp_status *words = trp_status_of(ref);

	if (!words)
		return -ESRCH;
	*ret_counters = (struct troupe_counters) {
		.received = atomic_load_explicit(&words->received,
						 memory_order_relaxed),
		.sent = atomic_load_explicit(&words->sent,
					     memory_order_relaxed),
		.refused = atomic_load_explicit(&words->refused,
						memory_order_relaxed),
		.dropped = atomic_load_explicit(&words->dropped,
						memory_order_relaxed),
	};
	return 0;
}

pid_t trp_status_pid(troupe_ref ref)
{
	const struct trp_arena *arena = &trp_actor.node->arena;
	uint32_t slot = trp_ref_slot(ref);
	const struct trp_slot *line;

	if (!trp_ref_is_here(ref) || slot >= arena->slots)
		return 0;
	line = trp_arena_slot(arena, slot);
	return atomic_load_explicit(&line->life, memory_order_relaxed) >> 32 ==
			       trp_ref_generation(ref)
		       ? atomic_load_explicit(&line->pid, memory_order_relaxed)
		       : 0;
}
