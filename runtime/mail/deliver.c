/* SPDX-License-Identifier: MIT */
#include "runtime/mail/deliver.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include "runtime/actor/post.h"
#include "runtime/actor/request.h"
#include "runtime/mail/outward.h"
#include "runtime/node/post.h"
#include "runtime/node/system.pb-c.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* Its caller would wait until its deadline. */
static void answer_failure(troupe_ref from, const struct trp_envelope *asked,
			   int error)
{
	Troupe__Control__Failure failure;
	struct trp_envelope envelope;

	if (!trp_mail_post_failure(asked, from, error, &envelope, &failure))
		return;
	if (trp_ref_is_elsewhere(asked->sender))
		trp_mail_outward_say(asked->sender, &envelope, &failure.base);
	else
		trp_actor_post(asked->sender, TRP_REPLY, &envelope,
			       &failure.base, NULL);
}

static enum troupe_dead_cause cause_of(int error)
{
	switch (-error) {
	case ESRCH:
		return TROUPE_DEAD_TARGET;
	case EAGAIN:
		return TROUPE_DEAD_DROPPED;
	case EMSGSIZE: /* more than its mailbox has, ever */
	case ENOBUFS:
	case ENOMEM:
		return TROUPE_DEAD_REFUSED;
	default:
		return TROUPE_DEAD_UNREADABLE;
	}
}

void trp_mail_deliver_refuse(troupe_ref to, const struct trp_envelope *envelope,
			     const void *body, size_t length, int error)
{
	trp_mail_post_dead(cause_of(error), to, envelope, body, length);
	answer_failure(to, envelope, error);
}

bool trp_mail_deliver_is_reply(troupe_ref to,
			       const struct trp_envelope *envelope)
{
	return envelope->kind == TRP_ANSWER || envelope->kind == TRP_FAILURE ||
	       (trp_ref_is_alias(to) && to & TRP_ALIAS_IS_QUESTION);
}

/* In its lane it keeps its place among mail; the announcement is for one that
 * waits or computes. */
static int post_signal(troupe_ref to, struct trp_envelope *envelope,
		       Troupe__Control__ExitSignal *signal)
{
	int r;

	signal->incarnation = trp_status_incarnation(&trp_self.node->arena, to);
	r = trp_node_post(&trp_self.mailbox, to, TRP_MAIL, envelope,
			  &signal->base, NULL, NULL);
	if (r < 0 || signal->cause == TROUPE_NORMAL)
		return r;
	signal->ref = to;
	signal->from = envelope->sender;
	trp_actor_request(&signal->base, NULL);
	return 0;
}

/* Close and signals of an actor; reports of a mail actor. */
static int post_control(troupe_ref to, struct trp_envelope *envelope,
			const void *body, size_t length)
{
	const ProtobufCMessageDescriptor *signal_type =
		&troupe__control__exit_signal__descriptor;
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	enum trp_stream stream = TRP_MAIL;
	ProtobufCMessage *signal;
	uint64_t position;
	int r;

	if (envelope->type == trp_type_of(signal_type)) {
		r = trp_message_unpack(signal_type, body, length,
				       &trp_self.scratch, &signal);
		if (r == 0)
			r = post_signal(to, envelope,
					(Troupe__Control__ExitSignal *)signal);
		trp_scratch_release(&trp_self.scratch, mark);
		return r;
	}
	if (trp_ref_slot(envelope->sender) == TRP_SLOT_SUPERVISOR) {
		stream = TRP_REPLY;
		envelope->kind = TRP_AWAY;
	} else if (envelope->type !=
		   trp_type_of(&troupe__control__close__descriptor)) {
		return -EBADMSG;
	}
	return trp_node_post_packed(&trp_self.mailbox, to, stream, envelope,
				    body, length, NULL, &position);
}

/* Space for it in our region, from which the receiver reads it. */
static int post_attached(troupe_ref to, enum trp_stream stream,
			 const struct trp_envelope *envelope,
			 const struct trp_mail_content *content)
{
	struct trp_mailbox *box = &trp_self.mailbox;
	uint32_t size = (uint32_t)(sizeof(*envelope) + content->length);
	struct trp_extent extent;
	void *bytes;
	int r = trp_mailbox_loan(box, content->size, &extent, &bytes);

	if (r < 0)
		return r;
	memcpy(bytes, content->attachment, content->size);
	r = trp_mailbox_reserve(box, trp_ref_slot(to), trp_ref_generation(to),
				stream, size, &extent, &bytes);
	if (r < 0) {
		trp_mailbox_unloan(box, extent);
		return r;
	}
	trp_envelope_write(envelope, bytes);
	memcpy((char *)bytes + sizeof(*envelope), content->body,
	       content->length);
	trp_mailbox_commit(box, size);
	trp_mailbox_check(box, envelope->created);
	return 0;
}

int trp_mail_deliver(troupe_ref to, const struct trp_envelope *envelope,
		     const struct trp_mail_content *content)
{
	enum trp_stream stream =
		trp_mail_deliver_is_reply(to, envelope) ? TRP_REPLY : TRP_MAIL;
	struct trp_envelope ours = *envelope;
	uint64_t position;
	int r;

	ours.flags = 0;
	ours.cpu = (uint16_t)sched_getcpu();
	r = trp_actor_post_resolve(&to, &stream, &ours);
	if (r < 0)
		return r;
	/* The place of the supervisor is that of the mail actor to others. */
	if (trp_ref_slot(to) == TRP_SLOT_SUPERVISOR)
		to = ours.kind == TRP_MESSAGE ? trp_self.ref : 0;
	if (!to)
		return -ESRCH;
	if (ours.kind == TRP_CONTROL)
		return post_control(to, &ours, content->body, content->length);
	if (content->attachment)
		return post_attached(to, stream, &ours, content);
	return trp_node_post_packed(&trp_self.mailbox, to, stream, &ours,
				    content->body, content->length, NULL,
				    &position);
}
