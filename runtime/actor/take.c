/* SPDX-License-Identifier: MIT */
#include "runtime/actor/take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/incoming.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/alias.h"
#include "runtime/actor/away_news.h"
#include "runtime/actor/call.h"
#include "runtime/actor/custom_mailbox.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/dispatch.h"
#include "runtime/actor/ended.h"
#include "runtime/actor/fault.h"
#include "runtime/actor/work.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/method.h"
#include "runtime/actor/question.h"
#include "runtime/actor/report.h"
#include "runtime/actor/result.h"
#include "runtime/actor/stash.h"
#include "runtime/node/end.h"
#include "runtime/node/trace.h"
#include "runtime/node/types.h"
#include "runtime/node/watch.h"
#include "serialize/printable.h"
#include "serialize/type.h"

void (*trp_take_groups)(const Troupe__Control__GroupChanged *changed);

/* ---- from the supervisor ------------------------------------------------- */

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
	struct trp_open_request *request = &trp_self.request;

	if (!request->id || envelope->correlation != request->id)
		return;
	request->is_answered = true;
	request->result = answer->result;
	request->ref = answer->ref;
	if (answer->more.len)
		keep_more(request, &answer->more);
}

static void take_stop(const Troupe__Control__Order *order)
{
	trp_self.is_stopping = true;
	trp_result_ordered(order);
}

/* It is not told where it fails: its events are missing. */
static void take_trace(const Troupe__Control__Trace *order)
{
	static bool is_prepared;

	if (trp_self.is_guest ||
	    trp_trace_join(order->path, order->rate, order->is_alone,
			   order->until) < 0)
		return;
	if (!is_prepared)
		atexit(trp_trace_flush); /* for one that calls exit() */
	is_prepared = true;
}

/* From the supervisor, which is trusted. */
static int take_control(const struct trp_mail *mail,
			const struct trp_envelope *envelope)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(envelope->type);
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *message;

	if (!type || trp_self_unpack(mail, type, &message) < 0) {
		trp_self.routes->lost(-EPROTO,
				      "the supervisor speaks another version");
		return TRP_STEP_DONE;
	}
	if (type == &troupe__control__ended__descriptor)
		trp_ended_take((const Troupe__Control__Ended *)message);
	else if (type == &troupe__control__answer__descriptor)
		take_answer(envelope, (const Troupe__Control__Answer *)message);
	else if (type == &troupe__control__group_changed__descriptor) {
		if (trp_take_groups)
			trp_take_groups((const void *)message);
	} else if (type == &troupe__control__order__descriptor)
		take_stop((const Troupe__Control__Order *)message);
	else if (type == &troupe__control__trace__descriptor)
		take_trace((const Troupe__Control__Trace *)message);
	trp_scratch_release(&trp_self.scratch, mark);
	return TRP_STEP_DONE;
}

/*
 * A message from the supervisor, which may arrive while a callback runs or at
 * the limit on work: then it waits behind others that do already.
 */
static int take_letter(const struct trp_mail *mail,
		       const struct trp_envelope *envelope)
{
	const struct trp_handled was = trp_self.handled;
	bool must_wait = trp_self.is_busy || trp_self.is_ending ||
			 trp_self.held & (TRP_HOLD_WORK | TRP_HOLD_STASH);
	int r;

	if (must_wait && !trp_self.routes->message)
		return trp_stash_later(mail, envelope);
	r = trp_dispatch_mail(mail, envelope, 0, NULL);
	if (r != TRP_STEP_HELD)
		trp_self.handled = was;
	return r;
}

/* ---- from any sender ----------------------------------------------------- */

static int take_exit_signal(const struct trp_envelope *envelope,
			    const Troupe__Control__ExitSignal *signal)
{
	struct trp_exit_notice *notice;

	/* A successor is not the one that was to end. */
	if (signal->incarnation != trp_self.incarnation ||
	    signal->cause > TROUPE_NOCONNECTION)
		return TRP_STEP_DONE;
	notice = calloc(1, sizeof(*notice));
	if (!notice)
		return -ENOMEM;
	notice->watch = trp_watch_signal(envelope->sender);
	notice->end.ref = envelope->sender;
	notice->end.reason.cause = (enum troupe_cause)signal->cause;
	if (notice->end.reason.cause != TROUPE_NORMAL) /* was not announced */
		trp_exit_queue_drop(&trp_self.exits, notice->watch);
	notice->end.reason.code = signal->code;
	trp_printable(signal->text, notice->end.reason.text,
		      sizeof(notice->end.reason.text));
	return trp_report_hand_out(notice);
}

static int take_fault(const struct trp_mail *mail)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *fault;

	if (trp_self_unpack(mail, &troupe__control__fault__descriptor,
			    &fault) == 0)
		trp_fault_take((const Troupe__Control__Fault *)fault);
	trp_scratch_release(&trp_self.scratch, mark);
	return TRP_STEP_DONE;
}

void trp_take_close(int64_t created)
{
	if (!trp_self.is_closing)
		trp_self.closed_at = created;
	trp_self.is_closing = true;
	/* For a successor: what was sent before may still kill this one. */
	trp_store_relaxed(&trp_self.status->closed_at, trp_self.closed_at);
}

int trp_take_order(const struct trp_mail *mail,
		   const struct trp_envelope *envelope)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *signal;
	int r;

	if (envelope->kind == TRP_AWAY) {
		trp_away_news_take(mail, envelope);
		return TRP_STEP_DONE;
	}
	if (envelope->type ==
	    trp_type_of(&troupe__control__close__descriptor)) {
		trp_take_close(envelope->created);
		return TRP_STEP_DONE;
	}
	if (envelope->type == trp_type_of(&troupe__control__fault__descriptor))
		return take_fault(mail);
	if (envelope->type !=
		    trp_type_of(&troupe__control__exit_signal__descriptor) ||
	    trp_self_unpack(mail, &troupe__control__exit_signal__descriptor,
			    &signal) < 0)
		return trp_dead_letters_drop(TROUPE_DEAD_UNREADABLE, mail,
					     envelope);
	r = take_exit_signal(envelope,
			     (const Troupe__Control__ExitSignal *)signal);
	trp_scratch_release(&trp_self.scratch, mark);
	return r;
}

/* Into the mailbox of a class that has one. */
static int take_mail(const struct trp_mail *mail,
		     const struct trp_envelope *envelope)
{
	int r;

	if (trp_self.is_closing && envelope->created > trp_self.closed_at) {
		trp_self.late++;
		trp_status_count(&trp_self.status->received);
		return trp_dead_letters_drop(TROUPE_DEAD_CLOSED, mail,
					     envelope);
	}
	trp_self.late = 0;
	if (trp_self.klass->mailbox) {
		r = trp_custom_mailbox_offer(mail, envelope);
		if (r != TRP_STEP_IDLE)
			return r;
	}
	trp_work_taken(envelope->type);
	return trp_dispatch_mail(mail, envelope, 0, NULL);
}

/* An alias that has ended says nothing to the sender. */
static int take_aliased(const struct trp_mail *mail,
			struct trp_envelope *envelope)
{
	if (trp_alias_admits(envelope))
		return take_mail(mail, envelope);
	return trp_dead_letters_drop(TROUPE_DEAD_EXPIRED, mail, envelope);
}

static int take_reply(const struct trp_mail *mail,
		      const struct trp_envelope *envelope)
{
	if (envelope->kind == TRP_ANSWER || envelope->kind == TRP_FAILURE)
		trp_call_answered(mail, envelope);
	else if (envelope->kind == TRP_ALIASED)
		trp_question_answered(mail, envelope);
	else if (envelope->kind == TRP_AWAY)
		trp_away_news_take(mail, envelope);
	else
		trp_dead_letters_drop(TROUPE_DEAD_UNREADABLE, mail, envelope);
	return TRP_STEP_DONE;
}

/* Control may arrive while mail is handled, and leaves that unchanged. */
static int take_record(const struct trp_mail *mail)
{
	bool is_ours = mail->sender != TRP_SLOT_SUPERVISOR;
	struct trp_envelope envelope;

	if (trp_mail_envelope(mail, &envelope) < 0)
		return trp_dead_letters_drop_unknown(mail);
	trp_wait_hint(&trp_self.wait, envelope.cpu);
	trp_self.mailbox.sender_cpu = envelope.cpu;
	if (mail->stream == TRP_MAIL && envelope.kind < TRP_CONTROL && is_ours)
		return take_mail(mail, &envelope);
	if (mail->stream == TRP_MAIL && envelope.kind == TRP_ALIASED && is_ours)
		return take_aliased(mail, &envelope);
	trp_status_count(&trp_self.status->received);
	if (is_ours)
		return mail->stream == TRP_REPLY
			       ? take_reply(mail, &envelope)
			       : trp_take_order(mail, &envelope);
	return mail->stream == TRP_MAIL && envelope.kind == TRP_MESSAGE
		       ? take_letter(mail, &envelope)
		       : take_control(mail, &envelope);
}

static int taken(int r, struct trp_mail *mail)
{
	bool is_work;

	if (r == 0)
		return TRP_STEP_IDLE;
	if (r < 0) {
		trp_status_count(&trp_self.status->dropped);
		troupe_log(TROUPE_WARNING,
			   "the lane of actor %u is damaged and was closed",
			   mail->sender);
		return TRP_STEP_DONE;
	}
	/* Replies and control may come while a message is in its handler. */
	is_work = mail->stream == TRP_MAIL &&
		  !trp_load_relaxed(&trp_self.mailbox.front->at_work);
	if (is_work)
		trp_self_work(mail);
	r = take_record(mail);
	if (r != TRP_STEP_HELD)
		trp_mailbox_receive_done(&trp_self.mailbox, mail);
	else if (trp_self.routes->message)
		return TRP_STEP_DONE; /* until its function gives it back */
	if (is_work)
		trp_self_work(NULL);
	return r == TRP_STEP_HELD ? TRP_STEP_DONE : r;
}

int trp_take(unsigned take)
{
	struct trp_mail mail;
	int r = trp_mailbox_receive(&trp_self.mailbox, take, &mail);

	return taken(r, &mail);
}

int trp_take_from(uint32_t slot, uint32_t last)
{
	struct trp_mail mail;
	int r = trp_mailbox_receive_from(&trp_self.mailbox, slot, last, &mail);

	return taken(r, &mail);
}

/* ---- drop-old ------------------------------------------------------------ */

uint32_t trp_take_limit(const struct troupe_class *klass)
{
	return klass->mailbox_limit ? klass->mailbox_limit : TRP_LIMIT_DEFAULT;
}

/* Not orders, such as to close. */
static bool drop_old(const struct trp_mail *mail)
{
	struct trp_envelope envelope;

	if (trp_mail_envelope(mail, &envelope) < 0 ||
	    (envelope.kind != TRP_MESSAGE && envelope.kind != TRP_CALL))
		return false;
	trp_status_count(&trp_self.status->received);
	if (envelope.kind == TRP_MESSAGE)
		trp_dead_letters_drop(TROUPE_DEAD_DROPPED, mail, &envelope);
	else
		trp_method_refuse(TROUPE_DEAD_DROPPED, mail, &envelope, -EAGAIN,
				  "too old: dropped");
	return true;
}

int trp_take_young(void)
{
	struct trp_mail mail;
	int r = trp_mailbox_receive(&trp_self.mailbox, TRP_TAKE_ALL, &mail);

	if (r == 1 && mail.stream == TRP_MAIL && trp_self.held & TRP_HOLD_OLD &&
	    trp_incoming_behind(mail.from) > trp_take_limit(trp_self.klass) &&
	    drop_old(&mail)) {
		trp_mailbox_receive_done(&trp_self.mailbox, &mail);
		return TRP_STEP_DONE;
	}
	return taken(r, &mail);
}

void trp_take_reports(void)
{
	while (trp_take(TRP_TAKE_CONTROL) > 0)
		;
}

bool troupe_is_stopping(void)
{
	if (trp_self.ref)
		trp_take_reports();
	return trp_self.is_stopping || !trp_self.ref;
}
