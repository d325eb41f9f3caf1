/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail as the files of this folder pass it: the record, and a checked copy of
 * its envelope, as its sender may still write to the record.
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

/* The parts of struct troupe_message beside body and attachment. */
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
