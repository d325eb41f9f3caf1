/* SPDX-License-Identifier: MIT */
#include "runtime/actor/question.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/types.h"
#include "serialize/message.h"
#include "serialize/type.h"

static struct trp_question *latest;
static struct trp_scratch answers; /* of the latest, and those it is within */
static uint32_t last_number;

/* Incarnations, and owners of a slot, begin far apart. */
static uint32_t next_number(void)
{
	if (!last_number)
		last_number = (trp_ref_generation(trp_self.ref) * 4099 +
			       trp_self.incarnation) *
			      1021;
	last_number = (last_number + 1) & TRP_ALIAS_NUMBER;
	return last_number ? last_number : ++last_number;
}

static void target_ended(const struct troupe_end *end, uint64_t taken)
{
	for (struct trp_question *one = latest; one; one = one->outer) {
		if (one->to != end->ref || one->result)
			continue;
		if (!end->will_restart)
			one->result = -ESRCH;
		else if (one->position < taken)
			one->result = -EHOSTDOWN;
	}
}

void trp_question_lost(uint32_t node)
{
	for (struct trp_question *one = latest; one; one = one->outer)
		if (trp_ref_is_of_node(one->to, node) && !one->result)
			one->result = -EHOSTUNREACH;
}

void trp_question_begin(struct trp_question *question, troupe_ref to)
{
	static struct trp_target_listener listener = { .ended = target_ended };

	trp_target_watch_listen(&listener);
	if (!latest)
		trp_scratch_fini(&answers);
	*question = (struct trp_question) { .outer = latest,
					    .to = to,
					    .number = next_number() };
	latest = question;
}

void trp_question_end(struct trp_question *question)
{
	assert(latest == question);
	latest = question->outer;
}

static struct trp_question *find(uint64_t number)
{
	struct trp_question *one = latest;

	while (one && (one->number != number || one->result))
		one = one->outer;
	return one;
}

/* The record goes back at once, so all of it is copied. */
static int copy(const struct trp_mail *mail, struct troupe_message *message)
{
	ProtobufCMessage *body;
	void *attachment;
	int r;

	if (!answers.max)
		trp_scratch_init(&answers, 0);
	if (message->type) {
		r = trp_message_unpack(message->type, trp_mail_body(mail),
				       trp_mail_body_size(mail), &answers,
				       &body);
		if (r < 0)
			return r;
		message->body = body;
	}
	if (!mail->attachment)
		return 0;
	attachment = trp_scratch_alloc(&answers, mail->attachment_size);
	if (!attachment)
		return -ENOMEM;
	message->attachment =
		memcpy(attachment, mail->attachment, mail->attachment_size);
	message->attachment_size = mail->attachment_size;
	return 0;
}

/* No answer will come: of the mail actor there. */
static int failure_of(const struct trp_mail *mail)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	Troupe__Control__Failure *failure;
	int r = trp_self_unpack(mail, &troupe__control__failure__descriptor,
				(ProtobufCMessage **)&failure);

	if (r == 0)
		r = failure->code < 0 ? failure->code : -EBADMSG;
	trp_scratch_release(&trp_self.scratch, mark);
	return r;
}

void trp_question_answered(const struct trp_mail *mail,
			   const struct trp_envelope *envelope)
{
	struct trp_question *question =
		find(envelope->correlation & TRP_ALIAS_NUMBER);
	int r;

	if (!question) { /* too late */
		trp_dead_letters_received(TROUPE_DEAD_EXPIRED, mail, envelope);
		return;
	}
	if (envelope->type ==
	    trp_type_of(&troupe__control__failure__descriptor)) {
		question->result = failure_of(mail);
		return;
	}
	question->answer =
		trp_mail_message(envelope, trp_types_find(envelope->type));
	r = copy(mail, &question->answer);
	if (r < 0)
		trp_dead_letters_drop_packed(r, mail, envelope);
	question->result = r < 0 ? r : 1;
}
