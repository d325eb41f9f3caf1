/* SPDX-License-Identifier: MIT */
#include "runtime/actor/shelf.h"

#include <string.h>
#include "ipc/hot.h"
#include "runtime/actor/self.h"
#include "runtime/node/shelved.h"

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
	/* S1: pairs with the load in trp_shelved_each(). */
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
