/* SPDX-License-Identifier: MIT */
#include "runtime/actor/custom_mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/hot.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/dispatch.h"
#include "runtime/actor/work.h"
#include "runtime/actor/mail.h"
#include "runtime/troupe_mailbox.h"
#include "runtime/node/types.h"
#include "serialize/type.h"

enum {
	PUTS_FOR_A_GET = 64,
	HELD_MAX = 1024 /* then mail stays in its lanes */
};

/* A record that its lane still owns. */
struct held {
	struct held *next;
	struct trp_mail mail;
	uint64_t put; /* the number of its put; 0: it is handled here */
};

static struct {
	const struct troupe_mailbox_kind *kind; /* NULL: none is open */
	void *mailbox;
	struct held *first;
	struct held **last;
	uint32_t count; /* of those held */
	uint64_t puts;
	uint32_t burst; /* puts since the last get */
} here TRP_HOT = { .last = &here.first };

/* Held in the order of the puts, none of which has been let go. */
static void check(void)
{
	struct held *const *link = &here.first;
	uint64_t last = 0;
	uint32_t count = 0;

	for (; *link; link = &(*link)->next, count++) {
		assert(!(*link)->put || (*link)->put > last);
		last = (*link)->put ? (*link)->put : last;
	}
	assert(last <= here.puts);
	assert(here.last == link && here.count == count);
}

/* ---- life ---------------------------------------------------------------- */

int trp_custom_mailbox_open(void)
{
	const struct troupe_mailbox *mailbox = trp_self.klass->mailbox;
	int r;

	if (!mailbox)
		return 0;
	r = mailbox->kind->open(mailbox, trp_self.label, &here.mailbox);
	if (r < 0) {
		troupe_log(TROUPE_FATAL, "its mailbox (%s) cannot be opened",
			   mailbox->kind->name);
		return r;
	}
	here.kind = mailbox->kind;
	trp_self_hold(TRP_HOLD_MAILBOX, true);
	return 0;
}

void trp_custom_mailbox_close(void)
{
	if (here.kind && here.kind->close)
		here.kind->close(here.mailbox);
	here.kind = NULL;
}

bool trp_custom_mailbox_has_room(void)
{
	if (!here.kind)
		return true;
	return here.count < HELD_MAX &&
	       (!here.kind->has_room || here.kind->has_room(here.mailbox));
}

bool trp_custom_mailbox_is_done(void)
{
	return !here.kind ||
	       (!here.first && here.kind->size(here.mailbox) == 0);
}

int64_t troupe_mailbox_size(void)
{
	return here.kind ? (int64_t)here.kind->size(here.mailbox) : -EINVAL;
}

/* ---- names --------------------------------------------------------------- */

static const ProtobufCServiceDescriptor *own_service(void)
{
	const ProtobufCService *service = trp_self.klass->service;

	return service ? service->descriptor : NULL;
}

/* False: it has no name here, or its caller waits for an answer. */
static bool describe(const struct trp_mail *record,
		     const struct trp_envelope *envelope,
		     struct troupe_mail *ret_mail)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(envelope->type);
	const ProtobufCServiceDescriptor *service = own_service();
	bool is_call = envelope->kind == TRP_CALL;

	*ret_mail = (struct troupe_mail) {
		.body = trp_mail_body(record),
		.body_size = trp_mail_body_size(record),
		.attachment = record->attachment,
		.attachment_size = record->attachment_size,
		.node = trp_self.node->identity,
		.sender = envelope->sender,
		.created = { envelope->created },
		.flow = envelope->flow,
		.hop = envelope->hop,
	};
	if (is_call) {
		if (envelope->correlation || !service ||
		    envelope->service != trp_type_of_service(service) ||
		    envelope->method >= service->n_methods)
			return false;
		ret_mail->service = service->name;
		ret_mail->method = service->methods[envelope->method].name;
		type = service->methods[envelope->method].input;
		if (trp_type_of(type) != envelope->type)
			return false;
	}
	if (!type)
		return false;
	ret_mail->type = type->name;
	return true;
}

/* The reverse; an unknown type is refused later, as from a lane. */
static struct trp_envelope envelope_of(const struct troupe_mail *mail)
{
	const ProtobufCServiceDescriptor *service = own_service();
	const ProtobufCMethodDescriptor *method;
	struct trp_envelope envelope = {
		.type = trp_type_id(mail->type),
		.sender = mail->node == trp_self.node->identity ? mail->sender
								: 0,
		.deadline = INT64_MAX,
		.created = mail->created.ns > 0 ? mail->created.ns : 0,
		.flow = mail->flow,
		.hop = mail->hop < UINT16_MAX ? (uint16_t)mail->hop
					      : UINT16_MAX,
		.kind = TRP_MESSAGE,
	};

	if (!mail->service)
		return envelope;
	envelope.kind = TRP_CALL;
	envelope.service = trp_type_id(mail->service);
	envelope.method = UINT16_MAX;
	method = service && mail->method
			 ? protobuf_c_service_descriptor_get_method_by_name(
				   service, mail->method)
			 : NULL;
	if (method)
		envelope.method = (uint16_t)(method - service->methods);
	return envelope;
}

/* ---- putting ------------------------------------------------------------- */

static int hold(const struct trp_mail *mail, uint64_t put)
{
	struct held *held = malloc(sizeof(*held));

	if (!held)
		trp_self_exit(TROUPE_ERROR, -ENOMEM,
			      "no memory for its mailbox");
	*held = (struct held) { .mail = *mail, .put = put };
	*here.last = held;
	here.last = &held->next;
	here.count++;
	TRP_CHECK(check());
	return TRP_STEP_HELD;
}

static uint64_t kept(void)
{
	return here.kind->kept ? here.kind->kept(here.mailbox) : here.puts;
}

int trp_custom_mailbox_offer(const struct trp_mail *mail,
			     const struct trp_envelope *envelope)
{
	struct troupe_mail described;
	int r;

	if (!describe(mail, envelope, &described))
		return here.first ? hold(mail, 0) : TRP_STEP_IDLE;
	r = here.kind->put(here.mailbox, &described);
	if (r < 0) {
		trp_status_count(&trp_self.status->received);
		return trp_dead_letters_drop(TROUPE_DEAD_DROPPED, mail,
					     envelope);
	}
	here.puts++;
	return kept() >= here.puts && !here.first ? TRP_STEP_DONE
						  : hold(mail, here.puts);
}

/* Its sender may have changed it since. */
static int handle_held(const struct trp_mail *mail)
{
	struct trp_envelope envelope;

	if (trp_mail_envelope(mail, &envelope) < 0)
		return trp_dead_letters_drop_unknown(mail);
	trp_work_taken(envelope.type);
	return trp_dispatch_mail(mail, &envelope, 0, NULL);
}

/* Releases the first one held: it is kept, or handled now. */
static int let_go(void)
{
	struct held *held = here.first;
	struct trp_mail mail = held->mail;
	bool is_put = held->put;
	int r = TRP_STEP_DONE;

	here.first = held->next;
	if (!here.first)
		here.last = &here.first;
	assert(here.count > 0);
	here.count--;
	free(held);
	TRP_CHECK(check());
	if (!is_put) {
		trp_self_work(&mail);
		r = handle_held(&mail);
	}
	trp_mailbox_receive_done(&trp_self.mailbox, &mail);
	trp_self_work(NULL);
	return r;
}

int trp_custom_mailbox_settle(void)
{
	uint64_t count = here.first ? kept() : 0;
	int r;

	while (here.first && here.first->put <= count) {
		r = let_go();
		if (r != TRP_STEP_DONE)
			return r;
	}
	return TRP_STEP_IDLE;
}

bool trp_custom_mailbox_wants_mail(void)
{
	return here.burst++ < PUTS_FOR_A_GET && trp_custom_mailbox_has_room();
}

/* ---- handling ------------------------------------------------------------ */

int trp_custom_mailbox_handle(const struct trp_mail *mail,
			      const struct trp_envelope *envelope,
			      uint64_t entry)
{
	struct trp_handled handled;
	int r = trp_dispatch_mail(mail, envelope, entry, &handled);

	if (entry && here.kind && !handled.is_stashed)
		here.kind->acknowledge(here.mailbox, entry, handled.result);
	return r;
}

static int handle(const struct troupe_mail *mail)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	struct trp_envelope envelope = envelope_of(mail);
	struct trp_mail record = {
		.sender = trp_ref_slot(envelope.sender),
		.stream = TRP_MAIL,
		.size = (uint32_t)(sizeof(envelope) + mail->body_size),
		.attachment = mail->attachment,
		.attachment_size = mail->attachment_size,
	};
	char *bytes = NULL;
	int r;

	if (mail->body_size < TRP_LIMIT_MAX)
		bytes = trp_scratch_alloc(&trp_self.scratch, record.size);
	if (!bytes) {
		here.kind->acknowledge(here.mailbox, mail->number, -ENOMEM);
		return TRP_STEP_DONE;
	}
	memcpy(bytes, &envelope, sizeof(envelope));
	if (mail->body_size)
		memcpy(bytes + sizeof(envelope), mail->body, mail->body_size);
	record.bytes = bytes;
	trp_work_taken(envelope.type);
	r = trp_custom_mailbox_handle(&record, &envelope, mail->number);
	trp_scratch_release(&trp_self.scratch, mark);
	return r;
}

int trp_custom_mailbox_hand_out(void)
{
	struct troupe_mail mail = { 0 };
	int r;

	here.burst = 0;
	r = here.kind->get(here.mailbox, &mail);
	if (r <= 0)
		return r;
	assert(mail.number && mail.type);
	return handle(&mail);
}
