/* SPDX-License-Identifier: MIT */
#include "runtime/saved.h"

#include <stdlib.h>
#include <string.h>

static uint64_t last_number;

struct trp_saved *trp_saved_new(const struct trp_mail *mail,
				const struct trp_envelope *envelope)
{
	struct trp_saved *saved = malloc(sizeof(*saved) + mail->size);
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
	*saved = (struct trp_saved) { .number = ++last_number,
				      .envelope = *envelope,
				      .mail = *mail };
	memcpy(saved->bytes, mail->bytes, mail->size);
	saved->mail.bytes = saved->bytes;
	saved->mail.attachment = attachment;
	saved->mail.from = NULL;
	return saved;
}

void trp_saved_free(struct trp_saved *saved)
{
	if (!saved)
		return;
	free((void *)saved->mail.attachment);
	free(saved);
}

const void *trp_saved_body(const struct trp_saved *saved)
{
	return saved->bytes + sizeof(saved->envelope);
}

size_t trp_saved_size(const struct trp_saved *saved)
{
	return saved->mail.size - sizeof(saved->envelope);
}
