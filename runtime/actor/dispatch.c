/* SPDX-License-Identifier: MIT */
/*
 * What comes into an actor: records are taken off the lanes and sorted.
 * Answers complete calls, control becomes news, mail goes to a handler, a
 * method or troupe_receive().  What cannot be read is reported and dropped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/actor.h"
#include "runtime/actor/custom_mailbox.h"
#include "runtime/node/end.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/guest.h"
#include "runtime/actor/saved_mail.h"
#include "runtime/node/trace.h"
#include "runtime/node/types.h"
#include "serialize/message.h"
#include "serialize/type.h"

static struct trp_type_table handlers; /* of the class, by type */

int trp_dispatch_learn(const struct troupe_class *klass)
{
	const struct troupe_handler *handler = klass->handlers;
	int r;

	for (; handler && handler->type; handler++) {
		r = trp_types_add(handler->type);
		if (r == 0)
			r = trp_type_table_add(
				&handlers, trp_type_of(handler->type), handler);
		if (r < 0)
			return r;
	}
	return 0;
}

static int drop(enum troupe_dead_cause cause,
		const struct trp_envelope *envelope, const void *body,
		size_t size)
{
	trp_status_count(&trp_actor.status->dropped);
	trp_dead_letters_received(cause, envelope, body, size);
	return 1;
}

/* An actor must not go on without having been told; a guest's process may. */
static void misunderstand(int code, const char *text)
{
	if (!trp_actor.is_guest)
		trp_actor_exit(TROUPE_ERROR, code, text);
	trp_guest_over();
}

/* Not even an envelope: of its sender the lane alone is known. */
static int drop_unknown(const struct trp_mail *mail)
{
	struct trp_envelope envelope = {
		.sender = trp_ref(mail->sender, mail->generation),
	};

	return drop(TROUPE_DEAD_UNREADABLE, &envelope, mail->bytes, mail->size);
}

static void take_ended(const Troupe__Control__Ended *ended)
{
	struct trp_exit_notice *news = calloc(1, sizeof(*news));

	if (!news) {
		misunderstand(-ENOMEM, "no memory for a report");
		return;
	}
	trp_end_read(ended, &news->end);
	news->watch = ended->watch;
	if (trp_watch_kind(news->watch) == TRP_WATCH_CHILD)
		trp_actor.children--;
	trp_exit_queue_push(&trp_actor.news, news);
}

static void keep_more(struct trp_open_request *request,
		      const ProtobufCBinaryData *more)
{
	request->more.data = malloc(more->len);
	if (!request->more.data) {
		request->result = -ENOMEM;
		return;
	}
	memcpy(request->more.data, more->data, more->len);
	request->more.len = more->len;
}

static void take_answer(const struct trp_envelope *envelope,
			const Troupe__Control__Answer *answer)
{
	struct trp_open_request *request = &trp_actor.request;

	if (!request->id || envelope->correlation != request->id)
		return;
	request->is_answered = true;
	request->result = answer->result;
	request->ref = answer->ref;
	if (answer->more.len)
		keep_more(request, &answer->more);
	if (!request->text || answer->result < 0)
		return;
	if (strlen(answer->text) < request->text_size)
		strcpy(request->text, answer->text);
	else
		request->result = -ENAMETOOLONG;
}

/* From the supervisor, whom we trust. */
static int take_control(const struct trp_envelope *envelope, const void *body,
			size_t size)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(envelope->type);
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_actor.scratch);
	ProtobufCMessage *message;

	if (!type || trp_message_unpack(type, body, size, &trp_actor.scratch,
					&message) < 0) {
		misunderstand(-EPROTO, "the supervisor speaks another version");
		return 1;
	}
	if (type == &troupe__control__ended__descriptor)
		take_ended((const Troupe__Control__Ended *)message);
	else if (type == &troupe__control__answer__descriptor)
		take_answer(envelope, (const Troupe__Control__Answer *)message);
	else if (type == &troupe__control__order__descriptor)
		trp_actor.is_stopping = true;
	trp_scratch_release(&trp_actor.scratch, mark);
	return 1;
}

int trp_actor_completed(const struct troupe_message *message, int r)
{
	const struct troupe_class *klass = trp_actor.klass;

	if (trp_actor.finish) {
		r = trp_actor.finish;
		trp_actor.finish = 0;
	}
	if (!trp_actor.handled.is_refused)
		trp_actor.handled.result = r;
	if (klass->completed && !trp_actor.is_stashed)
		klass->completed(message, r);
	trp_actor.is_busy = false;
	if (r >= 0)
		return r == TROUPE_STOP ? TRP_END : 1;
	if (!klass->keeps_going)
		return r;
	troupe_log(TROUPE_WARNING, "a handler failed (%s), going on",
		   strerror(-r));
	return 1;
}

static int handle(struct troupe_message *message,
		  int (*handler)(const struct troupe_message *message))
{
	int r;

	trp_actor.is_busy = true;
	r = handler ? handler(message) : 0;
	return trp_actor_completed(message, r);
}

/* A message for a class: unpack it and run its handler. */
static int deliver(const struct trp_mail *mail,
		   const struct trp_envelope *envelope, const void *body,
		   size_t size)
{
	const struct troupe_handler *handler =
		trp_type_table_find(&handlers, envelope->type);
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_actor.scratch);
	struct troupe_message message = {
		.type = handler ? handler->type
				: trp_types_find(envelope->type),
		.sender = envelope->sender,
		.created = { envelope->created },
		.deadline = { envelope->deadline },
		.flow = envelope->flow,
		.hop = envelope->hop,
		.attachment = mail->attachment,
		.attachment_size = mail->attachment_size,
	};
	ProtobufCMessage *unpacked = NULL;
	int r;

	if (message.type &&
	    trp_message_unpack(message.type, body, size, &trp_actor.scratch,
			       &unpacked) < 0)
		return drop(TROUPE_DEAD_UNREADABLE, envelope, body, size);
	if (!handler && !trp_actor.klass->unhandled) {
		drop(TROUPE_DEAD_UNHANDLED, envelope, body, size);
		trp_actor.handled.is_refused = true;
	}
	message.body = unpacked;
	r = handle(&message,
		   handler ? handler->handle : trp_actor.klass->unhandled);
	if (!handler && r < 0)
		trp_actor.unhandled = message.type ? message.type->name
						   : "of an unknown type";
	trp_scratch_release(&trp_actor.scratch, mark);
	return r;
}

static int take_close(const struct trp_envelope *envelope)
{
	if (!trp_actor.is_closing)
		trp_actor.closed_at = envelope->created;
	trp_actor.is_closing = true;
	return 1;
}

static int sort_mail(const struct trp_mail *mail,
		     const struct trp_envelope *envelope, const void *body,
		     size_t size)
{
	switch ((enum trp_envelope_kind)envelope->kind) {
	case TRP_MESSAGE:
		if (trp_actor.klass->run)
			return trp_receive_offer(mail, envelope, body, size);
		return deliver(mail, envelope, body, size);
	case TRP_CALL:
		return trp_method_invoke(envelope, body, size);
	case TRP_CONTROL:
	case TRP_ANSWER:
	case TRP_FAILURE:
		break;
	}
	return drop(TROUPE_DEAD_UNREADABLE, envelope, body, size);
}

static int sort_reply(const struct trp_mail *mail,
		      const struct trp_envelope *envelope, const void *body,
		      size_t size)
{
	if (mail->sender == TRP_SLOT_SUPERVISOR)
		return take_control(envelope, body, size);
	if (envelope->kind != TRP_ANSWER && envelope->kind != TRP_FAILURE)
		return drop(TROUPE_DEAD_UNREADABLE, envelope, body, size);
	trp_call_answered(envelope, body, size);
	return 1;
}

static void trace(int64_t begin, const struct trp_envelope *envelope)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(envelope->type);

	trp_trace_handled(
		"handler", type ? type->name : "unknown", begin, envelope,
		trp_status_pid(&trp_actor.node->arena, envelope->sender));
}

/* While it is handled it is the current mail. */
static int sort_current(const struct trp_mail *mail,
			const struct trp_envelope *envelope, const void *body,
			size_t size, uint64_t entry)
{
	/* What troupe_receive() returns is traced there. */
	int64_t begin = envelope->kind == TRP_MESSAGE && trp_actor.klass->run
				? 0
				: trp_trace_begin_of(envelope);
	int r;

	trp_actor.handled = (struct trp_handled) {
		.mail = mail,
		.envelope = envelope,
		.flow = envelope->flow,
		.hop = envelope->hop,
		.is_traced = begin,
		.entry = entry,
		.result = -EBADMSG,
	};
	r = sort_mail(mail, envelope, body, size);
	if (begin)
		trace(begin, envelope);
	if (entry && !trp_actor.is_stashed)
		trp_custom_mailbox_acknowledge(entry, trp_actor.handled.result);
	trp_actor.handled =
		r == TRP_HELD
			? (struct
			   trp_handled) { .flow = envelope->flow,
					  .hop = envelope->hop,
					  .is_traced = trp_receive_is_traced() }
			: (struct trp_handled) { 0 };
	trp_actor.is_stashed = false;
	return r;
}

int trp_actor_handle_saved(const struct trp_saved_mail *saved)
{
	return sort_current(&saved->mail, &saved->envelope,
			    trp_saved_mail_body(saved),
			    trp_saved_mail_size(saved), saved->entry);
}

int trp_actor_handle_entry(const struct trp_mail *mail,
			   const struct trp_envelope *envelope, uint64_t entry)
{
	trp_status_count(&trp_actor.status->received);
	return sort_current(mail, envelope,
			    (const char *)mail->bytes + sizeof(*envelope),
			    mail->size - sizeof(*envelope), entry);
}

int trp_actor_handle_mail(const struct trp_mail *mail)
{
	struct trp_envelope envelope;
	const void *body;
	size_t size;

	if (trp_envelope_read(mail->bytes, mail->size, &envelope, &body,
			      &size) < 0)
		return drop_unknown(mail);
	trp_status_count(&trp_actor.status->received);
	return sort_current(mail, &envelope, body, size, 0);
}

/* Mail off a lane: into the box of a class that has one. */
static int sort_new(const struct trp_mail *mail,
		    const struct trp_envelope *envelope, const void *body,
		    size_t size)
{
	int r;

	if (trp_actor.is_closing && envelope->created > trp_actor.closed_at) {
		trp_actor.late++;
		trp_status_count(&trp_actor.status->received);
		return drop(TROUPE_DEAD_CLOSED, envelope, body, size);
	}
	trp_actor.late = 0;
	if (trp_actor.klass->mailbox) {
		r = trp_custom_mailbox_offer(mail, envelope, body, size);
		if (r != 0)
			return r;
	}
	trp_status_count(&trp_actor.status->received);
	return sort_current(mail, envelope, body, size, 0);
}

/* Mail from the supervisor, which may come while a callback runs. */
static int sort_letter(const struct trp_mail *mail,
		       const struct trp_envelope *envelope, const void *body,
		       size_t size)
{
	const struct trp_handled was = trp_actor.handled;
	int r;

	if (!trp_actor.klass->run)
		r = trp_stash_later(mail, envelope);
	else
		r = sort_current(mail, envelope, body, size, 0);
	if (r != TRP_HELD)
		trp_actor.handled = was;
	return r;
}

/* Control may come while mail is handled, and leaves that as it is. */
static int sort(const struct trp_mail *mail)
{
	struct trp_envelope envelope;
	const void *body;
	size_t size;
	int r;

	r = trp_envelope_read(mail->bytes, mail->size, &envelope, &body, &size);
	if (r < 0)
		return drop_unknown(mail);
	trp_wait_hint(&trp_actor.wait, envelope.cpu);
	trp_actor.box.sender_cpu = envelope.cpu;
	if (mail->stream == TRP_MAIL && envelope.kind != TRP_CONTROL &&
	    mail->sender != TRP_SLOT_SUPERVISOR)
		return sort_new(mail, &envelope, body, size);
	trp_status_count(&trp_actor.status->received);
	if (mail->stream == TRP_REPLY)
		return sort_reply(mail, &envelope, body, size);
	if (mail->sender == TRP_SLOT_SUPERVISOR && envelope.kind == TRP_MESSAGE)
		return sort_letter(mail, &envelope, body, size);
	return mail->sender == TRP_SLOT_SUPERVISOR
		       ? take_control(&envelope, body, size)
		       : take_close(&envelope);
}

static int taken(int r, struct trp_mail *mail)
{
	if (r == 0)
		return 0;
	if (r < 0) {
		trp_status_count(&trp_actor.status->dropped);
		troupe_log(TROUPE_WARNING,
			   "the lane of actor %u is damaged and was closed",
			   mail->sender);
		return 1;
	}
	r = sort(mail);
	if (r == TRP_HELD)
		return 1;
	trp_mailbox_done(&trp_actor.box, mail);
	return r;
}

int trp_actor_take(unsigned take)
{
	struct trp_mail mail;
	int r = trp_mailbox_next(&trp_actor.box, take, &mail);

	return taken(r, &mail);
}

int trp_actor_take_from(uint32_t slot)
{
	struct trp_mail mail;
	int r = trp_mailbox_next_from(&trp_actor.box, slot, &mail);

	return taken(r, &mail);
}

/* Not orders: to close, say. */
static int drop_old(const struct trp_mail *mail)
{
	struct trp_envelope envelope;
	const void *body;
	size_t size;

	if (trp_envelope_read(mail->bytes, mail->size, &envelope, &body,
			      &size) < 0 ||
	    (envelope.kind != TRP_MESSAGE && envelope.kind != TRP_CALL))
		return 0;
	trp_status_count(&trp_actor.status->received);
	return trp_method_refuse(TROUPE_DEAD_DROPPED, &envelope, body, size,
				 -EAGAIN, "too old: dropped");
}

int trp_actor_take_young(void)
{
	struct trp_mail mail;
	int r = trp_mailbox_next(&trp_actor.box, TRP_TAKE_ALL, &mail);

	if (r == 1 && mail.stream == TRP_MAIL &&
	    trp_actor.klass->when_full == TROUPE_FULL_DROP_OLD &&
	    trp_incoming_behind(mail.from) > trp_actor_limit(trp_actor.klass) &&
	    drop_old(&mail)) {
		trp_mailbox_done(&trp_actor.box, &mail);
		return 1;
	}
	return taken(r, &mail);
}
