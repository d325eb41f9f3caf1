/* SPDX-License-Identifier: MIT */
#include "runtime/actor/result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/mail.h"
#include "runtime/node/outcome.h"
#include "runtime/node/types.h"
#include "runtime/troupe_result.h"
#include "serialize/message.h"
#include "serialize/type.h"

static int ordered_code;
static char ordered_text[TROUPE_TEXT_SIZE];

static unsigned char *append(unsigned char *at, const void *bytes, size_t size)
{
	return size ? mempcpy(at, bytes, size) : at;
}

static int put(const struct trp_outcome *head, const char *text,
	       const void *body, const void *attachment)
{
	struct trp_region *region = &trp_self.mailbox.region;
	size_t size = trp_outcome_size(head);
	unsigned char *at;
	uint64_t offset;
	int r;

	if (size > sizeof(*head) + TROUPE_RESULT_SIZE)
		return -EMSGSIZE;
	r = trp_region_alloc(region, size, &offset);
	if (r < 0)
		return r;
	at = append(trp_region_at(region, offset), head, sizeof(*head));
	at = append(at, text, head->text_size);
	at = append(at, body, head->body_size);
	append(at, attachment, head->attachment_size);
	trp_self_forget_outcome();
	trp_self.status->outcome_size = (uint32_t)size;
	trp_store_relaxed(&trp_self.status->outcome, offset);
	return 0;
}

/* NULL: it has said nothing. */
static const struct trp_outcome *said(void)
{
	uint64_t offset = trp_self.status
				  ? trp_load_relaxed(&trp_self.status->outcome)
				  : 0;

	return offset ? trp_region_at(&trp_self.mailbox.region, offset) : NULL;
}

void trp_result_unhandled(const struct trp_mail *mail,
			  const struct trp_envelope *envelope)
{
	struct trp_outcome head = {
		.type = envelope->type,
		.sender = envelope->sender,
		.flow = envelope->flow,
		.created = envelope->created,
		.hop = envelope->hop,
		.body_size = (uint32_t)trp_mail_body_size(mail),
	};

	if (said())
		return;
	if (mail->attachment_size < TROUPE_RESULT_SIZE)
		head.attachment_size = (uint32_t)mail->attachment_size;
	put(&head, NULL, trp_mail_body(mail), mail->attachment);
}

void trp_result_ordered(const Troupe__Control__Order *order)
{
	ordered_code = order->code;
	snprintf(ordered_text, sizeof(ordered_text), "%s", order->text);
}

void trp_result_order(struct troupe_reason *ret_reason)
{
	*ret_reason = (struct troupe_reason) { .cause = TROUPE_SHUTDOWN,
					       .code = ordered_code };
	memcpy(ret_reason->text, ordered_text, sizeof(ordered_text));
}

const char *trp_result_text(void)
{
	return trp_outcome_text(said());
}

/* The exit record has no room for all of it. */
static void say_why(const char *text)
{
	const struct trp_outcome *outcome = said();
	struct trp_outcome head =
		outcome ? *outcome : (struct trp_outcome) { 0 };

	head.text_size = (uint32_t)strlen(text) + 1;
	put(&head, text, outcome ? trp_outcome_body(outcome) : NULL,
	    outcome ? trp_outcome_attachment(outcome) : NULL);
}

void trp_result_exit(void)
{
	const char *text = trp_result_text();

	if (!trp_self.is_stopping)
		trp_self_exit(TROUPE_NORMAL, 0, text);
	if (!text && ordered_text[0]) {
		text = ordered_text;
		say_why(text);
	}
	trp_self_exit(TROUPE_SHUTDOWN, ordered_code, text);
}

void trp_result_exit_with(const struct troupe_reason *reason)
{
	const char *text = trp_result_text();

	if (!text && strlen(reason->text) >= TRP_STATUS_TEXT)
		say_why(reason->text);
	trp_self_exit(reason->cause, reason->code, text ? text : reason->text);
}

void trp_result_take(struct trp_exit_notice *notice,
		     const ProtobufCBinaryData *bytes)
{
	struct trp_outcome *outcome;
	struct troupe_message *message = &notice->message;
	ProtobufCMessage *body;

	if (!bytes->len)
		return;
	outcome = trp_outcome_copy(bytes->data, bytes->len);
	if (!outcome) {
		trp_self.routes->lost(-ENOMEM, "no memory for a report");
		return;
	}
	notice->end.private_outcome = outcome;
	if (trp_outcome_is_whole(outcome, &notice->end.reason))
		notice->end.text = trp_outcome_text(outcome);
	if (!outcome->type)
		return;
	notice->end.message = message;
	*message = (struct troupe_message) {
		.type = trp_types_find(outcome->type),
		.sender = outcome->sender,
		.created = { trp_ref_is_elsewhere(notice->end.ref)
				     ? trp_time_now().ns
				     : outcome->created },
		.deadline = TROUPE_NEVER,
		.flow = outcome->flow,
		.hop = outcome->hop,
		.attachment = trp_outcome_attachment(outcome),
		.attachment_size = outcome->attachment_size,
	};
	trp_scratch_init(&notice->scratch, 0);
	if (message->type &&
	    trp_message_unpack_private(message->type, trp_outcome_body(outcome),
				       outcome->body_size, &notice->scratch,
				       &body) == 0)
		message->body = body;
}

/* ---- public -------------------------------------------------------------- */

static int say(const char *text, const ProtobufCMessage *message)
{
	struct trp_outcome head = { .sender = trp_self.ref,
				    .flow = trp_self.handled.flow,
				    .hop = trp_self.handled.hop,
				    .created = trp_time_now().ns };
	ProtobufCBinaryData body = { 0 };
	size_t size = text ? strlen(text) + 1 : 0;
	int r;

	if (message && !trp_message_is_within(message, TRP_MESSAGE_DEPTH))
		return -EMSGSIZE;
	if (size > TROUPE_RESULT_SIZE ||
	    (message && trp_message_size(message) > TROUPE_RESULT_SIZE - size))
		return -EMSGSIZE;
	if (message) {
		r = trp_message_to_bytes(message, &body);
		if (r < 0)
			return r;
		head.type = trp_type_of(message->descriptor);
	}
	head.text_size = (uint32_t)size;
	head.body_size = (uint32_t)body.len;
	r = put(&head, text, body.data, NULL);
	free(body.data);
	return r;
}

int troupe_end_with(int code, const char *text, const ProtobufCMessage *message)
{
	int r = 0;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (code > 0 || (message && !trp_message_is_valid(message)))
		return -EINVAL;
	if (text || message)
		r = say(text, message);
	else
		trp_self_forget_outcome();
	if (r < 0)
		return r;
	return code ? code : TROUPE_STOP;
}
