/* SPDX-License-Identifier: MIT */
#include "runtime/actor/saved_mail.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/actor/self.h"

static uint64_t last_number;

/* One more, or fewer. */
static void count(int change)
{
	atomic_fetch_add_explicit(&trp_self.status->put_aside,
				  (uint64_t)(int64_t)change,
				  memory_order_relaxed);
}

uint64_t trp_saved_mail_number(void)
{
	return ++last_number;
}

struct trp_saved_mail *trp_saved_mail_new(const struct trp_mail *mail,
					  const struct trp_envelope *envelope)
{
	struct trp_saved_mail *saved = malloc(sizeof(*saved) + mail->size);
	void *attachment = NULL;

	if (!saved)
		return NULL;
	if (mail->attachment) {
		attachment = malloc(mail->attachment_size);
		if (!attachment) {
			free(saved);
			return NULL;
		}
		memcpy(attachment, mail->attachment, mail->attachment_size);
	}
	*saved = (struct trp_saved_mail) { .number = trp_saved_mail_number(),
					   .envelope = *envelope,
					   .mail = *mail };
	memcpy(saved->bytes, mail->bytes, mail->size);
	saved->mail.bytes = saved->bytes;
	saved->mail.attachment = attachment;
	saved->mail.from = NULL;
	saved->is_counted = true;
	count(1);
	return saved;
}

static void uncount(struct trp_saved_mail *saved)
{
	if (saved->is_counted)
		count(-1);
	saved->is_counted = false;
}

void trp_saved_mail_is_of(struct trp_saved_mail *saved, uint64_t entry)
{
	saved->entry = entry;
	if (entry)
		uncount(saved);
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
	free((void *)saved->mail.attachment);
	free(saved);
}
