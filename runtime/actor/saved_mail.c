/* SPDX-License-Identifier: MIT */
#include "runtime/actor/saved_mail.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/self.h"

static uint64_t last_number;

static void count(struct trp_saved_mail *saved, _Atomic uint32_t *counter)
{
	saved->counted = counter;
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

uint64_t trp_saved_mail_number(void)
{
	return ++last_number;
}

/* In private memory, behind `saved`.  False: no memory. */
static bool copy(struct trp_saved_mail *saved, const struct trp_mail *mail)
{
	void *attachment = NULL;

	if (mail->attachment) {
		attachment = malloc(mail->attachment_size);
		if (!attachment)
			return false;
		memcpy(attachment, mail->attachment, mail->attachment_size);
	}
	memcpy(saved->bytes, mail->bytes, mail->size);
	saved->mail.bytes = saved->bytes;
	saved->mail.attachment = attachment;
	return true;
}

struct trp_saved_mail *trp_saved_mail_new(const struct trp_mail *mail,
					  const struct trp_envelope *envelope)
{
	struct trp_saved_mail *saved =
		malloc(sizeof(*saved) + (trp_self.is_owned ? 0 : mail->size));
	struct trp_saved_mail *grown;
	bool is_shelved;

	if (!saved)
		return NULL;
	*saved = (struct trp_saved_mail) {
		.number = trp_saved_mail_number(),
		.deaths = trp_self.handled.deaths,
		.envelope = *envelope,
		.mail = *mail,
	};
	saved->mail.from = NULL;
	is_shelved = trp_shelf_add(&saved->shelf, mail, saved->number,
				   saved->deaths);
	if (is_shelved) {
		trp_shelf_point(&saved->shelf, &saved->mail);
		count(saved, &trp_self.status->shelved);
		return saved;
	}
	grown = realloc(saved, sizeof(*saved) + mail->size);
	if (!grown || !copy(grown, mail)) {
		free(grown ? grown : saved);
		return NULL;
	}
	count(grown, &trp_self.status->put_aside);
	return grown;
}

static void uncount(struct trp_saved_mail *saved)
{
	if (saved->counted)
		atomic_fetch_sub_explicit(saved->counted, 1,
					  memory_order_relaxed);
	saved->counted = NULL;
}

void trp_saved_mail_work(const struct trp_saved_mail *saved)
{
	trp_shelf_work(saved && saved->shelf.copy ? saved->number : 0);
}

void trp_saved_mail_is_of(struct trp_saved_mail *saved, uint64_t entry)
{
	saved->entry = entry;
	if (entry)
		uncount(saved);
}

void trp_saved_mail_unread(const struct trp_saved_mail *saved)
{
	if (!saved->entry && !saved->shelf.copy)
		trp_dead_letters_received(TROUPE_DEAD_UNREAD, &saved->mail,
					  &saved->envelope);
}

void trp_saved_mail_told(void)
{
	trp_store_relaxed(&trp_self.status->put_aside, 0);
}

void trp_saved_mail_free(struct trp_saved_mail *saved)
{
	if (!saved)
		return;
	uncount(saved);
	if (saved->shelf.copy)
		trp_shelf_remove(&saved->shelf);
	else
		free((void *)saved->mail.attachment);
	free(saved);
}
