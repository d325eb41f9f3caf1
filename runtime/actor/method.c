/* SPDX-License-Identifier: MIT */
/*
 * The callee's side of calls.  Each call that wants an answer has a ticket, so
 * the answer may come from any later callback; one-way calls share one ticket
 * that drops every answer.
 */
#include "runtime/actor/method.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/away.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/deadlock.h"
#include "runtime/actor/mail.h"
#include "runtime/actor/post.h"
#include "runtime/node/continued.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/trace.h"
#include "runtime/troupe_backtrace.h"
#include "runtime/node/types.h"
#include "serialize/message.h"
#include "serialize/type.h"

struct ticket {
	troupe_ref caller;
	uint64_t correlation; /* 0: one-way */
	uint64_t flow;
	int64_t created;
	uint16_t hop;
	bool is_over; /* answered, forwarded, delegated or stashed */
	const ProtobufCMessageDescriptor *output;
	struct ticket *next_free;
};

static struct ticket one_way;
static struct ticket *free_tickets;
static uint32_t in_work; /* tickets in use, except `one_way` */

/* in_work has changed. */
static void weigh(void)
{
	uint32_t most = trp_self.klass->at_once;

	trp_self_hold(TRP_HOLD_WORK, most && in_work >= most);
}

bool trp_method_is_in_work(void)
{
	return in_work > 0;
}

static struct ticket *ticket_new(const struct trp_envelope *envelope,
				 const ProtobufCMessageDescriptor *output)
{
	struct ticket *ticket = envelope->correlation ? free_tickets : &one_way;

	assert(!ticket || ticket == &one_way || ticket->is_over);
	if (ticket && ticket != &one_way)
		free_tickets = ticket->next_free;
	if (!ticket)
		ticket = malloc(sizeof(*ticket));
	if (!ticket)
		return NULL;
	if (ticket != &one_way) {
		in_work++;
		weigh();
	}
	*ticket = (struct ticket) { .caller = envelope->sender,
				    .correlation = envelope->correlation,
				    .flow = envelope->flow,
				    .created = envelope->created,
				    .hop = envelope->hop,
				    .output = output };
	return ticket;
}

static void ticket_free(struct ticket *ticket)
{
	if (ticket == &one_way)
		return;
	assert(!ticket->is_over && in_work > 0);
	ticket->is_over = true;
	ticket->next_free = free_tickets;
	free_tickets = ticket;
	in_work--;
	weigh();
}

/* As long as its memory was not reused for another call. */
static bool is_over(const struct ticket *ticket)
{
	if (ticket->is_over)
		troupe_log(TROUPE_WARNING, "a call is over already: a method "
					   "answers, fails, forwards or "
					   "delegates it once");
	return ticket->is_over;
}

static int answer(const struct ticket *ticket, enum trp_envelope_kind kind,
		  const ProtobufCMessage *message)
{
	struct trp_envelope envelope;
	int r;

	if (!ticket->correlation)
		return 0;
	envelope = trp_actor_post_envelope(kind);
	envelope.correlation = ticket->correlation;
	envelope.flow = ticket->flow;
	envelope.hop = trp_envelope_next_hop(ticket->hop);
	r = trp_actor_post(ticket->caller, TRP_REPLY, &envelope, message, NULL);
	trp_dead_letters_failed(r, ticket->caller, &envelope, message);
	return r;
}

static int answer_failure(const struct ticket *ticket, int code,
			  const char *text, const char *backtrace)
{
	Troupe__Control__Failure failure = TROUPE__CONTROL__FAILURE__INIT;

	failure.code = code;
	failure.text = (char *)text;
	failure.backtrace = (char *)backtrace;
	return answer(ticket, TRP_FAILURE, &failure.base);
}

/* Of the application's code, which is told where, if it wants to be. */
static int fail(const struct ticket *ticket, int code, const char *text)
{
	char backtrace[TROUPE_BACKTRACE_SIZE] = "";

	if (!trp_self.klass->backtrace)
		return answer_failure(ticket, code, text, backtrace);
	trp_self.klass->backtrace(backtrace, sizeof(backtrace));
	backtrace[sizeof(backtrace) - 1] = '\0';
	troupe_log(TROUPE_WARNING, "a call fails: %s%s%s: %s", strerror(-code),
		   *text ? ", " : "", text, backtrace);
	return answer_failure(ticket, code, text, backtrace);
}

/* The closure that a method gets. */
static void reply(const ProtobufCMessage *message, void *call)
{
	struct ticket *ticket = call;

	if (is_over(ticket))
		return;
	if (!message)
		fail(ticket, -EREMOTEIO, "the method has no answer");
	else if (message->descriptor != ticket->output)
		fail(ticket, -EPROTOTYPE,
		     "the method answered with another type");
	else
		answer(ticket, TRP_ANSWER, message);
	ticket_free(ticket);
}

int troupe_fail(void *call, int code, const char *text)
{
	struct ticket *ticket = call;
	int r;

	if (code >= 0 || is_over(ticket))
		return -EINVAL;
	r = fail(ticket, code, text ? text : "");
	if (r == 0 || r == -ESRCH)
		ticket_free(ticket);
	return r;
}

troupe_ref troupe_caller(const void *call)
{
	return ((const struct ticket *)call)->caller;
}

int troupe_forward(void *call, troupe_ref to)
{
	struct ticket *ticket = call;
	const struct trp_mail *mail = trp_self.handled.mail;
	struct trp_envelope envelope;
	void *bytes;
	int r;

	if (is_over(ticket) || !mail ||
	    trp_self.handled.envelope->kind != TRP_CALL ||
	    trp_self.handled.envelope->correlation != ticket->correlation)
		return -EINVAL;
	envelope = *trp_self.handled.envelope;
	envelope.hop = trp_envelope_next_hop(envelope.hop);
	envelope.flags &= TRP_TRACED;
	if (trp_ref_is_elsewhere(to)) {
		r = trp_away_post_packed(to, TRP_MAIL, &envelope,
					 trp_mail_body(mail),
					 trp_mail_body_size(mail));
		if (r == 0)
			ticket_free(ticket);
		return r;
	}
	if (!trp_ref_is_here(to))
		return -ESRCH;
	r = trp_mailbox_reserve(&trp_self.mailbox, trp_ref_slot(to),
				trp_ref_generation(to), TRP_MAIL, mail->size,
				NULL, &bytes);
	if (r < 0)
		return r;
	memcpy(bytes, mail->bytes, mail->size);
	memcpy(bytes, &envelope, sizeof(envelope));
	trp_deadlock_passed_on(ticket->created);
	trp_mailbox_commit(&trp_self.mailbox, mail->size);
	if (envelope.flags)
		trp_trace_sent(&envelope);
	ticket_free(ticket);
	return 0;
}

/* ---- calls that travel --------------------------------------------------- */

/* The bytes of a struct troupe_ticket, from any actor. */
struct passage {
	uint64_t caller;
	uint64_t correlation;
	uint64_t flow;
	uint64_t type; /* of the answer */
	uint32_t hop;
	uint32_t magic;
};
enum { PASSAGE_MAGIC = 0x74636b31 };
static_assert(sizeof(struct passage) == sizeof(struct troupe_ticket),
	      "a ticket is a passage");

int troupe_delegate(void *call, struct troupe_ticket *ret_ticket)
{
	struct ticket *ticket = call;
	struct passage passage = { .caller = ticket->caller,
				   .correlation = ticket->correlation,
				   .flow = ticket->flow,
				   .type = trp_type_of(ticket->output),
				   .hop = ticket->hop,
				   .magic = PASSAGE_MAGIC };

	if (is_over(ticket))
		return -EINVAL;
	memcpy(ret_ticket, &passage, sizeof(passage));
	trp_deadlock_passed_on(ticket->created);
	ticket_free(ticket);
	return 0;
}

static int take_passage(const void *ticket, size_t size,
			struct ticket *ret_ticket, uint64_t *ret_type)
{
	struct passage passage;

	if (size != sizeof(passage))
		return -EBADMSG;
	memcpy(&passage, ticket, sizeof(passage));
	if (passage.magic != PASSAGE_MAGIC || passage.hop > UINT16_MAX)
		return -EBADMSG;
	*ret_ticket = (struct ticket) { .caller = passage.caller,
					.correlation = passage.correlation,
					.flow = passage.flow,
					.hop = (uint16_t)passage.hop };
	*ret_type = passage.type;
	return 0;
}

int troupe_answer(const void *ticket, size_t size,
		  const ProtobufCMessage *message)
{
	struct ticket taken;
	uint64_t type;
	int r = take_passage(ticket, size, &taken, &type);

	if (r < 0)
		return r;
	if (!trp_message_is_valid(message))
		return -EINVAL;
	if (trp_type_of(message->descriptor) != type)
		return -EPROTOTYPE;
	return answer(&taken, TRP_ANSWER, message);
}

int troupe_answer_failure(const void *ticket, size_t size, int code,
			  const char *text)
{
	struct ticket taken;
	uint64_t type;
	int r = take_passage(ticket, size, &taken, &type);

	if (r < 0)
		return r;
	if (code >= 0)
		return -EINVAL;
	return fail(&taken, code, text ? text : "");
}

/* ---- taking calls -------------------------------------------------------- */

/* The generated invoke() would call NULL. */
static bool is_missing(const ProtobufCService *service, unsigned method)
{
	void (*const *methods)(void) = (void (*const *)(void))(service + 1);

	return service->invoke == protobuf_c_service_invoke_internal &&
	       !methods[method];
}

static const ProtobufCMethodDescriptor *find_method(
	const ProtobufCService *service, const struct trp_envelope *envelope)
{
	const ProtobufCMethodDescriptor *method;

	if (!service ||
	    envelope->service != trp_type_of_service(service->descriptor) ||
	    envelope->method >= service->descriptor->n_methods)
		return NULL;
	method = &service->descriptor->methods[envelope->method];
	if (envelope->type != trp_type_of(method->input) ||
	    is_missing(service, envelope->method))
		return NULL;
	return method;
}

int trp_method_refuse(enum troupe_dead_cause cause, const struct trp_mail *mail,
		      const struct trp_envelope *envelope, int code,
		      const char *text)
{
	struct ticket *ticket = ticket_new(envelope, NULL);

	if (ticket) {
		answer_failure(ticket, code, text, "");
		ticket_free(ticket);
	}
	return trp_dead_letters_drop(cause, mail, envelope);
}

static int run_method(ProtobufCService *service,
		      const struct trp_envelope *envelope,
		      const ProtobufCMessage *input, struct ticket *ticket)
{
	struct troupe_message message =
		trp_mail_message(envelope, input->descriptor);
	bool is_noted;
	int r;

	message.body = input;
	is_noted = trp_self_begin_mail(
		TROUPE_DOING_METHOD, trp_self.handled.mail,
		trp_types_method(envelope->service, envelope->method),
		envelope);
	service->invoke(service, envelope->method, input, reply, ticket);
	/* Stashed, and not answered before: it comes again with another. */
	if (trp_self.handled.is_stashed && !ticket->is_over)
		ticket_free(ticket);
	r = trp_self_completed(&message, 0);
	trp_self_end_mail(is_noted);
	return r;
}

int trp_method_invoke(const struct trp_mail *mail,
		      const struct trp_envelope *envelope)
{
	ProtobufCService *service = (ProtobufCService *)trp_self.klass->service;
	const ProtobufCMethodDescriptor *method =
		find_method(service, envelope);
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *input;
	struct ticket *ticket;
	int r;

	/* Its caller no longer waits. */
	if (trp_continued_until(envelope->created, envelope->deadline) <
	    trp_time_now().ns)
		return trp_dead_letters_drop(TROUPE_DEAD_EXPIRED, mail,
					     envelope);
	if (!method)
		return trp_method_refuse(TROUPE_DEAD_UNHANDLED, mail, envelope,
					 -ENOSYS, "no such method here");
	r = trp_self_unpack(mail, method->input, &input);
	if (r < 0 && r != -ENOMEM)
		return trp_method_refuse(TROUPE_DEAD_UNREADABLE, mail, envelope,
					 r, "not a valid request");
	ticket = r < 0 ? NULL : ticket_new(envelope, method->output);
	if (!ticket)
		return trp_method_refuse(TROUPE_DEAD_DROPPED, mail, envelope,
					 -ENOMEM, "no memory for a call");
	r = run_method(service, envelope, input, ticket);
	trp_scratch_release(&trp_self.scratch, mark);
	return r;
}
