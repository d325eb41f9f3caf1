/* SPDX-License-Identifier: MIT */
/* Plain messages that wait for an answer, or go on as another's. */
#include <errno.h>
#include <string.h>
#include "ipc/mailbox_receive.h"
#include "runtime/actor/away.h"
#include "runtime/actor/await.h"
#include "runtime/actor/call.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/post.h"
#include "runtime/actor/question.h"
#include "runtime/actor/send.h"
#include "runtime/actor/take.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/trace.h"
#include "runtime/troupe_ask.h"
#include "serialize/message.h"

/* When to watch the target: most answers come sooner. */
enum { PATIENCE_MS = 20 };

static int wait_for_answer(struct trp_question *question,
			   const struct trp_envelope *envelope)
{
	const struct trp_wait_note note = { TROUPE_WAITS_ANSWER, question->to,
					    envelope->type, envelope->created };
	struct troupe_time deadline = { envelope->deadline };
	struct troupe_time watch_at = troupe_in_ms(PATIENCE_MS), now;
	int r;

	for (;;) {
		trp_await_take_ends();
		if (question->result)
			return question->result < 0 ? question->result : 0;
		if (trp_self.is_stopping || !trp_self.ref)
			return trp_self.ref ? -ECANCELED : -ESHUTDOWN;
		now = troupe_now();
		if (now.ns >= watch_at.ns) {
			trp_target_watch(question->to);
			trp_mailbox_receive_look_again(
				&trp_self.mailbox, trp_away_lane(question->to));
			watch_at = TROUPE_NEVER;
		}
		/* An answer that has come in time counts. */
		r = now.ns >= deadline.ns
			    ? trp_take(TRP_TAKE_CONTROL | TRP_TAKE_REPLY)
			    : trp_loop_block(&note, watch_at.ns < deadline.ns
							    ? watch_at
							    : deadline);
		if (r < 0)
			return r;
		if (r == TRP_STEP_IDLE && now.ns >= deadline.ns)
			return -ETIMEDOUT;
	}
}

int troupe_ask(troupe_ref to, const ProtobufCMessage *message,
	       struct troupe_time deadline, struct troupe_message *ret_answer)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_MESSAGE);
	struct trp_question question;
	troupe_ref owner = to;
	int64_t begin;
	int r;

	if (!trp_message_is_valid(message) || deadline.ns < 0)
		return -EINVAL;
	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (trp_ref_is_alias(to))
		owner = trp_actor_post_owner(to);
	if (owner == trp_self.ref)
		return -EDEADLK;
	trp_question_begin(&question, owner);
	envelope.sender =
		trp_ref_alias(trp_ref_slot(trp_self.ref),
			      question.number | TRP_ALIAS_IS_QUESTION);
	envelope.correlation = question.number;
	envelope.deadline = deadline.ns;
	r = trp_send_mail(to, &envelope, message, NULL);
	question.position = trp_self.posted;
	begin = trp_trace_begin();
	if (r == 0)
		r = wait_for_answer(&question, &envelope);
	trp_trace_span("wait", "answer", begin);
	trp_question_end(&question);
	if (r < 0)
		return r;
	if (ret_answer)
		*ret_answer = question.answer;
	return 0;
}

static int send_on(troupe_ref to, struct trp_envelope *envelope,
		   const struct troupe_message *message)
{
	struct trp_extent extent, *attachment = NULL;
	void *bytes;
	int r;

	if (message->attachment) {
		r = trp_mailbox_loan(&trp_self.mailbox,
				     message->attachment_size, &extent, &bytes);
		if (r < 0)
			return r;
		memcpy(bytes, message->attachment, message->attachment_size);
		attachment = &extent;
	}
	r = trp_send_mail(to, envelope, message->body, attachment);
	if (r < 0 && attachment)
		trp_mailbox_unloan(&trp_self.mailbox, extent);
	return r;
}

int troupe_forward_message(const struct troupe_message *message, troupe_ref to)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_MESSAGE);

	if (!message || !message->body ||
	    !trp_message_is_valid(message->body) || message->deadline.ns < 0)
		return -EINVAL;
	if (!trp_self.ref)
		return -ESHUTDOWN;
	envelope.sender = message->sender;
	if (trp_ref_is_alias(message->sender))
		envelope.correlation =
			trp_ref_generation(message->sender) & TRP_ALIAS_NUMBER;
	envelope.created = message->created.ns;
	envelope.deadline = message->deadline.ns;
	envelope.flow = message->flow;
	envelope.hop = trp_envelope_next_hop((uint16_t)message->hop);
	return send_on(to, &envelope, message);
}
