/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail as the files of this folder hand it on: the record, and a copy of the
 * envelope that it begins with, which was checked; its sender may still write
 * to the record.
 */

#include "ipc/lane.h"
#include "runtime/troupe.h"
#include "serialize/envelope.h"

/* As trp_envelope_read(). */
static inline int trp_mail_envelope(const struct trp_mail *mail,
				    struct trp_envelope *ret_envelope)
{
	const void *body;
	size_t size;

	return trp_envelope_read(mail->bytes, mail->size, ret_envelope, &body,
				 &size);
}

/* Its receiver is told so much of it, beside body and attachment. */
static inline struct troupe_message trp_mail_message(
	const struct trp_envelope *envelope,
	const ProtobufCMessageDescriptor *type)
{
	return (struct troupe_message) {
		.type = type,
		.sender = envelope->sender,
		.created = { envelope->created },
		.deadline = { envelope->deadline },
		.flow = envelope->flow,
		.hop = envelope->hop,
	};
}

static inline const void *trp_mail_body(const struct trp_mail *mail)
{
	return (const char *)mail->bytes + sizeof(struct trp_envelope);
}

static inline size_t trp_mail_body_size(const struct trp_mail *mail)
{
	return mail->size - sizeof(struct trp_envelope);
}
