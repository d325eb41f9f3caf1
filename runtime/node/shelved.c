/* SPDX-License-Identifier: MIT */
#include "runtime/node/shelved.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include "ipc/progress.h"
#include "runtime/node/status.h"

/* All of it is of one that has died, and may be anything. */
struct legacy {
	const struct trp_arena *arena;
	const struct trp_front *front;
	uint32_t region;
	uint64_t work;
	const struct trp_shelved **copy;
	size_t count, room;
};

/* The region that has all that is still needed. */
static bool find(struct legacy *legacy, uint32_t region)
{
	const struct trp_arena *arena = legacy->arena;

	legacy->front = trp_progress_oldest(arena, region);
	for (uint32_t i = 0; legacy->front && i < arena->regions; i++) {
		if (region >= arena->regions)
			break;
		legacy->region = region;
		if (trp_arena_front(arena, region) == legacy->front)
			return true;
		region = trp_load_relaxed(
			&trp_arena_holder(arena, region)->previous);
	}
	return false;
}

/* NULL: it ends there. */
static const struct trp_shelved *copy_at(const struct legacy *legacy,
					 uint64_t offset, uint64_t below)
{
	const struct trp_shelved *copy =
		offset % alignof(struct trp_shelved)
			? NULL
			: trp_arena_at(legacy->arena, legacy->region, offset,
				       sizeof(*copy));

	if (!copy || copy->number >= below || copy->size > TRP_LIMIT_MAX ||
	    !trp_arena_at(legacy->arena, legacy->region, offset,
			  sizeof(*copy) + copy->size))
		return NULL;
	return copy;
}

/* Its record is still in its lane, and comes again. */
static bool is_doubled(const struct legacy *legacy,
		       const struct trp_shelved *copy)
{
	uint64_t handling = trp_load_relaxed(&legacy->front->handling);

	return handling == trp_handling(copy->sender, copy->position, false);
}

static int collect(struct legacy *legacy)
{
	const struct trp_status *status = (const void *)legacy->front->user;
	/* S1: acquires it. */
	uint64_t offset = trp_load_acquire(&status->shelf);
	uint64_t below = UINT64_MAX;
	const struct trp_shelved *copy;

	legacy->work = trp_load_relaxed(&status->shelf_work);
	while (offset && (copy = copy_at(legacy, offset, below))) {
		if (legacy->count == legacy->room) {
			const struct trp_shelved **grown;

			legacy->room = legacy->room ? 2 * legacy->room : 64;
			grown = reallocarray(legacy->copy, legacy->room,
					     sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			legacy->copy = grown;
		}
		legacy->copy[legacy->count++] = copy;
		below = copy->number;
		offset = trp_load_relaxed(&copy->older);
	}
	return 0;
}

int trp_shelved_each(const struct trp_arena *arena, uint32_t region,
		     int (*visit)(const struct trp_mail *mail, uint32_t deaths,
				  void *data),
		     void *data)
{
	struct legacy legacy = { .arena = arena };
	int r = find(&legacy, region) ? collect(&legacy) : 0;

	for (size_t i = legacy.count; r == 0 && i > 0; i--) {
		const struct trp_shelved *copy = legacy.copy[i - 1];
		struct trp_mail mail = {
			.sender = copy->sender,
			.generation = copy->generation,
			.stream = TRP_MAIL,
			.bytes = copy->bytes,
			.size = copy->size,
			.position = copy->position,
			.attachment_size = copy->attachment_size,
		};

		if (is_doubled(&legacy, copy))
			continue;
		if (copy->attachment)
			mail.attachment = trp_arena_at(
				legacy.arena, legacy.region, copy->attachment,
				copy->attachment_size);
		if (!mail.attachment)
			mail.attachment_size = 0;
		r = visit(&mail, copy->deaths + (copy->number == legacy.work),
			  data);
	}
	free(legacy.copy);
	return r;
}
