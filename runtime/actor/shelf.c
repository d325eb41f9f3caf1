/* SPDX-License-Identifier: MIT */
#include "runtime/actor/shelf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/hot.h"
#include "ipc/progress.h"
#include "runtime/actor/self.h"

struct trp_shelved {
	_Atomic uint64_t older; /* offset, or 0 */
	uint64_t number;
	uint64_t position;
	uint32_t sender, generation;
	uint32_t size, deaths;
	uint64_t attachment, attachment_size; /* offset, or 0 */
	unsigned char bytes[];
};

static TRP_HOT struct trp_shelf *newest;

static bool fill(struct trp_shelf *shelf, const struct trp_mail *mail,
		 uint64_t number, uint32_t deaths)
{
	struct trp_region *region = &trp_self.mailbox.region;
	uint64_t size = sizeof(*shelf->copy) + mail->size, attachment = 0;

	if (trp_region_alloc(region, size, &shelf->offset) < 0)
		return false;
	if (mail->attachment &&
	    trp_region_alloc(region, mail->attachment_size, &attachment) < 0) {
		trp_region_free(region, shelf->offset, size);
		return false;
	}
	shelf->copy = trp_region_at(region, shelf->offset);
	*shelf->copy = (struct trp_shelved) {
		.number = number,
		.position = mail->position,
		.sender = mail->sender,
		.generation = mail->generation,
		.size = mail->size,
		.deaths = deaths,
		.attachment = attachment,
		.attachment_size = attachment ? mail->attachment_size : 0,
	};
	memcpy(shelf->copy->bytes, mail->bytes, mail->size);
	if (attachment)
		memcpy(trp_region_at(region, attachment), mail->attachment,
		       mail->attachment_size);
	return true;
}

bool trp_shelf_add(struct trp_shelf *shelf, const struct trp_mail *mail,
		   uint64_t number, uint32_t deaths)
{
	*shelf = (struct trp_shelf) { 0 };
	if (!trp_self.is_owned || !fill(shelf, mail, number, deaths))
		return false;
	shelf->older = newest;
	if (newest)
		newest->newer = shelf;
	trp_store_relaxed(&shelf->copy->older, newest ? newest->offset : 0);
	newest = shelf;
	/* S1: pairs with the load in trp_shelf_inherit(). */
	trp_store_release(&trp_self.status->shelf, shelf->offset);
	return true;
}

void trp_shelf_remove(struct trp_shelf *shelf)
{
	struct trp_region *region = &trp_self.mailbox.region;
	const struct trp_shelved *copy = shelf->copy;

	if (!copy)
		return;
	trp_store_release(shelf->newer ? &shelf->newer->copy->older
				       : &trp_self.status->shelf,
			  trp_load_relaxed(&copy->older));
	if (shelf->newer)
		shelf->newer->older = shelf->older;
	else
		newest = shelf->older;
	if (shelf->older)
		shelf->older->newer = shelf->newer;
	if (copy->attachment)
		trp_region_free(region, copy->attachment,
				copy->attachment_size);
	trp_region_free(region, shelf->offset, sizeof(*copy) + copy->size);
	*shelf = (struct trp_shelf) { 0 };
}

void trp_shelf_point(const struct trp_shelf *shelf, struct trp_mail *mail)
{
	mail->bytes = shelf->copy->bytes;
	mail->attachment = shelf->copy->attachment
				   ? trp_region_at(&trp_self.mailbox.region,
						   shelf->copy->attachment)
				   : NULL;
}

void trp_shelf_work(uint64_t number)
{
	trp_store_release(&trp_self.status->shelf_work, number);
}

/* ---- a predecessor's, which may be anything ------------------------------ */

struct legacy {
	const struct trp_arena *arena;
	const struct trp_front *front;
	uint32_t region;
	uint64_t work;
	const struct trp_shelved **copy;
	size_t count, room;
};

/* The region that has all that is still needed. */
static bool find(struct legacy *legacy)
{
	const struct trp_arena *arena = legacy->arena;
	const struct trp_mailbox *box = &trp_self.mailbox;
	uint32_t region = trp_arena_region(arena, box->slot);

	legacy->front = trp_progress_oldest(
		arena,
		trp_load_relaxed(&trp_arena_holder(arena, region)->previous));
	for (uint32_t i = 0; legacy->front && i < arena->regions; i++) {
		region = trp_load_relaxed(
			&trp_arena_holder(arena, region)->previous);
		if (region >= arena->regions)
			break;
		legacy->region = region;
		if (trp_arena_front(arena, region) == legacy->front)
			return true;
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

int trp_shelf_inherit(int (*visit)(const struct trp_mail *mail,
				   uint32_t deaths))
{
	struct legacy legacy = { .arena = &trp_self.node->arena };
	int r = find(&legacy) ? collect(&legacy) : 0;

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
		r = visit(&mail, copy->deaths + (copy->number == legacy.work));
	}
	free(legacy.copy);
	return r;
}
