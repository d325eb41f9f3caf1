/* SPDX-License-Identifier: MIT */
#include "runtime/actor/dispatch.h"

#include <errno.h>
#include "ipc/hot.h"
#include "ipc/succession.h"
#include "runtime/troupe_restart.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/method.h"
#include "runtime/actor/result.h"
#include "runtime/node/handling.h"
#include "runtime/node/trace.h"
#include "runtime/node/types.h"
#include "serialize/type.h"

static TRP_HOT struct trp_type_table handlers; /* of the class, by type */

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

/* Mostly the one of the message before. */
static const struct troupe_handler *find_handler(uint64_t type)
{
	static TRP_HOT struct {
		uint64_t type;
		const struct troupe_handler *handler;
	} last;

	if (last.type != type) {
		last.handler = trp_type_table_find(&handlers, type);
		last.type = last.handler ? type : 0;
	}
	return last.handler;
}

/* A message for a class: unpack it and run its handler. */
static int deliver(const struct trp_mail *mail,
		   const struct trp_envelope *envelope)
{
	const struct troupe_handler *handler = find_handler(envelope->type);
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	struct troupe_message message = trp_mail_message(
		envelope,
		handler ? handler->type : trp_types_find(envelope->type));
	int (*run)(const struct troupe_message *message);
	ProtobufCMessage *unpacked = NULL;
	bool is_noted;
	int r = 0;

	message.attachment = mail->attachment;
	message.attachment_size = mail->attachment_size;
	if (message.type)
		r = trp_self_unpack(mail, message.type, &unpacked);
	if (r < 0)
		return trp_dead_letters_drop_packed(r, mail, envelope);
	if (!handler && !trp_self.klass->unhandled) {
		trp_dead_letters_drop(TROUPE_DEAD_UNHANDLED, mail, envelope);
		trp_self.handled.is_refused = true;
	}
	message.body = unpacked;
	run = handler ? handler->handle : trp_self.klass->unhandled;
	is_noted = trp_self_begin_mail(TROUPE_DOING_MESSAGE, mail,
				       envelope->type, envelope);
	r = trp_self_completed(&message, run ? run(&message) : 0);
	trp_self_end_mail(is_noted);
	if (!handler && r < 0) {
		trp_self.unhandled = message.type ? message.type->name
						  : "of an unknown type";
		trp_result_unhandled(mail, envelope);
	}
	trp_scratch_release(&trp_self.scratch, mark);
	return r;
}

static int dispatch(const struct trp_mail *mail,
		    const struct trp_envelope *envelope)
{
	switch ((enum trp_envelope_kind)envelope->kind) {
	case TRP_MESSAGE:
	case TRP_ALIASED: /* it was admitted, and put aside */
		if (trp_self.routes->message)
			return trp_self.routes->message(mail, envelope);
		return deliver(mail, envelope);
	case TRP_CALL:
		return trp_method_invoke(mail, envelope);
	case TRP_CONTROL:
	case TRP_ANSWER:
	case TRP_FAILURE:
	case TRP_AWAY:
		break;
	}
	return trp_dead_letters_drop(TROUPE_DEAD_UNREADABLE, mail, envelope);
}

/* By troupe_receive(), which also times and traces it. */
static bool is_given_out(const struct trp_envelope *envelope)
{
	return envelope->kind == TRP_MESSAGE && trp_self.routes->message;
}

void trp_dispatch_trace(int64_t begin, const struct trp_envelope *envelope)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(envelope->type);

	trp_trace_handled(
		"handler", type ? type->name : "unknown", begin, envelope,
		trp_status_pid(&trp_self.node->arena, envelope->sender));
}

/* So many predecessors in a row have died in its handler. */
static uint32_t deaths_of(const struct trp_mail *mail)
{
	uint32_t deaths = trp_self.next_deaths;

	trp_self.next_deaths = 0;
	if (mail->from && trp_load_relaxed(&trp_self.mailbox.front->again))
		deaths = trp_succession_attempts(&trp_self.mailbox, mail);
	return deaths;
}

bool trp_dispatch_may_try(uint32_t deaths, const struct trp_envelope *envelope)
{
	enum { TRIES = 3 };
	const struct troupe_class *klass = trp_self.klass;

	/* A caller was told of the death, and waits no more. */
	return !deaths || (klass->at_crash == TROUPE_CRASH_AGAIN &&
			   !envelope->correlation &&
			   deaths < (klass->tries ? klass->tries : TRIES));
}

static __attribute__((noinline)) int handle(const struct trp_mail *mail,
					    const struct trp_envelope *envelope,
					    uint64_t entry,
					    struct trp_handled *ret_handled)
{
	int64_t begin =
		is_given_out(envelope) ? 0 : trp_trace_begin_of(envelope);
	uint32_t deaths = deaths_of(mail);
	int r;

	if (!trp_dispatch_may_try(deaths, envelope))
		return trp_dead_letters_drop(TROUPE_DEAD_CRASHED, mail,
					     envelope);
	trp_self.handled = (struct trp_handled) {
		.mail = mail,
		.envelope = envelope,
		.flow = envelope->flow,
		.hop = envelope->hop,
		.is_traced = begin,
		.entry = entry,
		.deaths = deaths,
		.result = -EBADMSG,
	};
	r = dispatch(mail, envelope);
	if (begin)
		trp_dispatch_trace(begin, envelope);
	if (ret_handled)
		*ret_handled = trp_self.handled;
	/* A message that a function holds is still being handled. */
	if (r == TRP_STEP_HELD)
		trp_self.handled = (struct trp_handled) {
			.flow = envelope->flow,
			.hop = envelope->hop,
			.is_traced = trp_self.handled.is_traced,
			.deaths = deaths,
		};
	else
		trp_self.handled = (struct trp_handled) { 0 };
	return r;
}

static __attribute__((noinline)) int time_handling(
	const struct trp_mail *mail, const struct trp_envelope *envelope,
	uint64_t entry, struct trp_handled *ret_handled)
{
	int64_t since = is_given_out(envelope) ? 0 : trp_handling_now();
	int r = handle(mail, envelope, entry, ret_handled);

	trp_handling_end(since);
	return r;
}

/* Two functions, neither in line, so that nothing is kept while handle() runs.
 */
int trp_dispatch_mail(const struct trp_mail *mail,
		      const struct trp_envelope *envelope, uint64_t entry,
		      struct trp_handled *ret_handled)
{
	return trp_handling_is_timed
		       ? time_handling(mail, envelope, entry, ret_handled)
		       : handle(mail, envelope, entry, ret_handled);
}
