/* SPDX-License-Identifier: MIT */
#include "ipc/arena_fit.h"

#include <errno.h>

int trp_arena_fit(struct trp_arena *arena, uint32_t slots, uint64_t heap_size)
{
	enum { SLOTS_MIN = 64 };
	bool is_slots_ours = slots == 0, is_heap_ours = heap_size == 0;
	int r;

	slots = is_slots_ours ? TRP_SLOTS_MAX : slots;
	heap_size = is_heap_ours ? TRP_HEAP_DEFAULT : heap_size;
	while ((r = trp_arena_create(arena, slots, heap_size)) == -ENOMEM) {
		if (is_heap_ours &&
		    heap_size / 2 >=
			    (uint64_t)slots * TRP_ARENA_FIT_HEAP_FOR_A_SLOT)
			heap_size /= 2;
		else if (is_slots_ours && slots / 2 >= SLOTS_MIN)
			slots /= 2;
		else
			break;
	}
	return r;
}
