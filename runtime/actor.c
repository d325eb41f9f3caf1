/* SPDX-License-Identifier: MIT */
#include "runtime/actor.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/control.pb-c.h"
#include "runtime/process.h"
#include "runtime/types.h"
#include "serialize/message.h"
#include "serialize/type.h"

enum {
	LOOK_EVERY = 64,      /* turns between looks at time and descriptors */
	RESCAN_MS = 30 * 1000 /* the slow look at every lane */
};

struct trp_actor trp_actor;
static struct trp_type_table handlers; /* of the class, by type */

/* ---- news ----------------------------------------------------------------- */

void trp_news_push(struct trp_news_queue *queue, struct trp_news *news)
{
	if (!queue->first)
		queue->last = &queue->first;
	news->next = NULL;
	*queue->last = news;
	queue->last = &news->next;
	queue->count++;
}

static struct trp_news *unlink_news(struct trp_news_queue *queue,
				    struct trp_news **link)
{
	struct trp_news *news = *link;

	*link = news->next;
	if (queue->last == &news->next)
		queue->last = link;
	queue->count--;
	return news;
}

struct trp_news *trp_news_pop(struct trp_news_queue *queue)
{
	return queue->first ? unlink_news(queue, &queue->first) : NULL;
}

struct trp_news *trp_news_take(struct trp_news_queue *queue, uint64_t watch,
			       troupe_ref ref)
{
	struct trp_news **link;

	for (link = &queue->first; *link; link = &(*link)->next)
		if ((*link)->watch == watch &&
		    (watch || (*link)->end.ref == ref))
			return unlink_news(queue, link);
	return NULL;
}

/* ---- sending --------------------------------------------------------------- */

uint64_t trp_actor_id(void)
{
	return ++trp_actor.next_id;
}

struct trp_envelope trp_actor_envelope(enum trp_envelope_kind kind)
{
	struct trp_envelope envelope = {
		.sender = trp_actor.self,
		.deadline = INT64_MAX,
		.created = trp_now().ns,
		.flow = trp_actor.flow,
		.hop = (uint16_t)(trp_actor.hop + 1),
		.kind = (uint16_t)kind,
		.cpu = (uint16_t)sched_getcpu(),
	};

	if (!envelope.flow) {
		envelope.flow = trp_actor.self << 32 | (uint32_t)trp_actor_id();
		envelope.hop = 0;
	}
	return envelope;
}

int trp_actor_post(troupe_ref to, enum trp_stream stream,
		   struct trp_envelope *envelope,
		   const ProtobufCMessage *message,
		   const struct trp_extent *attachment)
{
	size_t size = sizeof(*envelope) + trp_message_size(message);
	void *bytes;
	int r;

	if (!trp_ref_is_here(to))
		return to ? -ESRCH : -EINVAL;
	if (size > TRP_LIMIT_MAX)
		return -EMSGSIZE;
	r = trp_mailbox_reserve(&trp_actor.box, trp_ref_slot(to),
				trp_ref_generation(to), stream, (uint32_t)size,
				attachment, &bytes);
	if (r < 0) {
		atomic_fetch_add_explicit(&trp_actor.words->refused, 1,
					  memory_order_relaxed);
		return r;
	}
	envelope->type = trp_type_of(message->descriptor);
	memcpy(bytes, envelope, sizeof(*envelope));
	trp_message_pack(message, (char *)bytes + sizeof(*envelope));
	trp_mailbox_commit(&trp_actor.box, (uint32_t)size);
	trp_actor.words->sent++;
	return 0;
}

/* ---- sorting what came ------------------------------------------------------ */

static int drop(const struct trp_mail *mail, const char *what)
{
	trp_actor.words->dropped++;
	troupe_log(TROUPE_WARNING, "dropped %u bytes from actor %u: %s",
		   mail->size, mail->sender, what);
	return 1;
}

static void take_ended(const Troupe__Control__Ended *ended)
{
	struct trp_news *news = calloc(1, sizeof(*news));
	struct troupe_end *end;

	if (!news)
		trp_actor_exit(TROUPE_ERROR, -ENOMEM, "no memory for a report");
	end = &news->end;
	end->ref = ended->ref;
	end->pid = ended->pid;
	snprintf(end->name, sizeof(end->name), "%s", ended->name);
	end->reason.cause = (enum troupe_cause)ended->cause;
	end->reason.code = ended->code;
	end->reason.has_core = ended->has_core;
	snprintf(end->reason.text, sizeof(end->reason.text), "%s",
		 ended->text);
	end->user_ns = ended->user_ns;
	end->system_ns = ended->system_ns;
	end->max_rss = ended->max_rss;
	news->watch = ended->watch;
	if (!news->watch)
		trp_actor.children--;
	trp_news_push(&trp_actor.news, news);
}

static void take_answer(const struct trp_envelope *envelope,
			const Troupe__Control__Answer *answer)
{
	struct trp_request *request = &trp_actor.request;

	if (!request->id || envelope->correlation != request->id)
		return;
	request->is_answered = true;
	request->result = answer->result;
	request->ref = answer->ref;
}

/* From the supervisor, whom we trust. */
static int take_control(const struct trp_envelope *envelope, const void *body,
			size_t size)
{
	const ProtobufCMessageDescriptor *type = trp_types_find(envelope->type);
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_actor.scratch);
	ProtobufCMessage *message;

	if (!type || trp_message_unpack(type, body, size, &trp_actor.scratch,
					&message) < 0)
		trp_actor_exit(TROUPE_ERROR, -EPROTO,
			       "the supervisor speaks another version");
	if (type == &troupe__control__ended__descriptor)
		take_ended((const Troupe__Control__Ended *)message);
	else if (type == &troupe__control__answer__descriptor)
		take_answer(envelope, (const Troupe__Control__Answer *)message);
	else if (type == &troupe__control__order__descriptor)
		trp_actor.is_stopping = true;
	trp_scratch_release(&trp_actor.scratch, mark);
	return 1;
}

static int unhandled(const struct trp_mail *mail,
		     const struct troupe_message *message)
{
	const struct troupe_class *klass = trp_actor.klass;

	if (!klass->unhandled) {
		drop(mail, message->type ? message->type->name
					 : "a type that nobody here knows");
		return 0;
	}
	return klass->unhandled(message);
}

static int handle(const struct trp_mail *mail, struct troupe_message *message,
		  const struct troupe_handler *handler)
{
	const struct troupe_class *klass = trp_actor.klass;
	int r;

	trp_actor.is_busy = true;
	r = handler ? handler->handle(message) : unhandled(mail, message);
	if (klass->completed)
		klass->completed(message, r);
	trp_actor.is_busy = false;
	if (r < 0 && klass->keeps_going) {
		troupe_log(TROUPE_WARNING, "a handler failed (%s), going on",
			   strerror(-r));
		r = 0;
	}
	return trp_actor_result(r);
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
		.type = handler ? handler->type : trp_types_find(envelope->type),
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

	if (message.type) {
		r = trp_message_unpack(message.type, body, size,
				       &trp_actor.scratch, &unpacked);
		if (r < 0)
			return drop(mail, r == -ENOMEM ? "too large to unpack"
						       : "not a valid message");
	}
	message.body = unpacked;
	r = handle(mail, &message, handler);
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
	if (trp_actor.is_closing && envelope->created > trp_actor.closed_at) {
		trp_actor.words->dropped++;
		return 1;
	}
	switch ((enum trp_envelope_kind)envelope->kind) {
	case TRP_CONTROL:
		if (mail->sender == TRP_SLOT_SUPERVISOR)
			return take_control(envelope, body, size);
		return take_close(envelope);
	case TRP_MESSAGE:
		if (trp_actor.klass->run)
			return trp_receive_offer(mail, envelope, body, size);
		return deliver(mail, envelope, body, size);
	case TRP_CALL:
		return trp_method_invoke(envelope, body, size);
	case TRP_ANSWER:
	case TRP_FAILURE:
		break;
	}
	return drop(mail, "an answer among the mail");
}

static int sort_reply(const struct trp_mail *mail,
		      const struct trp_envelope *envelope, const void *body,
		      size_t size)
{
	if (mail->sender == TRP_SLOT_SUPERVISOR)
		return take_control(envelope, body, size);
	if (envelope->kind != TRP_ANSWER && envelope->kind != TRP_FAILURE)
		return drop(mail, "mail among the answers");
	trp_call_answered(envelope, body, size);
	return 1;
}

static int sort(const struct trp_mail *mail)
{
	struct trp_envelope envelope;
	const void *body;
	size_t size;
	int r;

	r = trp_envelope_read(mail->bytes, mail->size, &envelope, &body, &size);
	if (r < 0)
		return drop(mail, "not an envelope");
	trp_wait_hint(&trp_actor.wait, envelope.cpu);
	trp_actor.words->received++;
	if (mail->stream == TRP_REPLY)
		return sort_reply(mail, &envelope, body, size);
	trp_actor.mail = mail;
	trp_actor.envelope = &envelope;
	trp_actor.flow = envelope.flow;
	trp_actor.hop = envelope.hop;
	r = sort_mail(mail, &envelope, body, size);
	trp_actor.mail = NULL;
	trp_actor.envelope = NULL;
	if (r != TRP_HELD)
		trp_actor.flow = 0;
	return r;
}

static int taken(int r, struct trp_mail *mail)
{
	if (r == 0)
		return 0;
	if (r < 0) {
		mail->size = 0;
		return drop(mail, "its lane is damaged and was closed");
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

int trp_actor_result(int r)
{
	if (trp_actor.finish) {
		r = trp_actor.finish;
		trp_actor.finish = 0;
	}
	if (r < 0)
		return r;
	return r == TROUPE_STOP ? TRP_END : 1;
}

/* ---- turns ------------------------------------------------------------------ */

static int call_with_end(int (*callback)(const struct troupe_end *end),
			 const struct troupe_end *end)
{
	int r;

	trp_actor.is_busy = true;
	r = callback(end);
	trp_actor.is_busy = false;
	return trp_actor_result(r);
}

/* What an actor sent is handled before the report of its death. */
static int drain(uint32_t slot)
{
	int r;

	while ((r = trp_actor_take_from(slot)) == 1)
		;
	return r;
}

static int claim_later(struct trp_news *news)
{
	enum { MOST = 16384 };

	trp_news_push(&trp_actor.unclaimed, news);
	if (trp_actor.unclaimed.count > MOST)
		free(trp_news_pop(&trp_actor.unclaimed));
	return 1;
}

static int turn_news(void)
{
	const struct troupe_class *klass = trp_actor.klass;
	struct trp_news *news = trp_news_pop(&trp_actor.news);
	int r = drain(trp_ref_slot(news->end.ref));

	if (r == TRP_END || r < 0) {
		free(news);
		return r;
	}
	r = 1;
	if (news->watch == 0 && klass->child_stopped)
		r = call_with_end(klass->child_stopped, &news->end);
	else if (news->watch == 0 && klass->run)
		return claim_later(news);
	else if (news->watch % 4 == TRP_WATCH_CALLS)
		trp_call_target_ended(&news->end);
	else if (news->watch && klass->down)
		r = call_with_end(klass->down, &news->end);
	free(news);
	return r;
}

static int turn_timers(void)
{
	struct troupe_time now = { trp_now().ns };
	struct troupe_timer *timer = trp_timers_due(&trp_actor.timers, now);
	int r;

	trp_call_expire(now);
	if (!timer)
		return 0;
	trp_actor.is_busy = true;
	r = timer->fired(timer);
	trp_actor.is_busy = false;
	return trp_actor_result(r);
}

static int turn_others(void)
{
	int r = turn_timers();

	return r ? r : trp_input_turn();
}

int trp_actor_turn(void)
{
	int r;

	if (trp_actor.news.first)
		return turn_news();
	if (trp_actor.is_stopping)
		return TRP_END;
	if (++trp_actor.turns % LOOK_EVERY == 0) {
		r = trp_wait_poll(&trp_actor.wait);
		if (r == 0)
			r = turn_others();
		if (r != 0)
			return r;
	}
	r = trp_actor_take(TRP_TAKE_ALL);
	if (r != 0)
		return r;
	if (trp_actor.is_closing &&
	    trp_mailbox_is_empty(&trp_actor.box, TRP_TAKE_ALL))
		return TRP_END;
	return turn_others();
}

static struct troupe_time earlier(struct troupe_time a, struct troupe_time b)
{
	return a.ns < b.ns ? a : b;
}

int trp_actor_sleep(unsigned take, struct troupe_time deadline)
{
	int r;

	if (!trp_mailbox_is_empty(&trp_actor.box, take))
		return 0;
	deadline = earlier(deadline, trp_call_next());
	deadline = earlier(deadline, trp_actor.rescan_at);
	r = trp_wait_sleep(&trp_actor.wait, (struct trp_time){ deadline.ns });
	if (deadline.ns == trp_actor.rescan_at.ns &&
	    trp_now().ns >= deadline.ns) {
		trp_mailbox_rescan(&trp_actor.box);
		trp_actor.rescan_at = troupe_in_ms(RESCAN_MS);
	}
	return r;
}

int trp_actor_block(struct troupe_time deadline)
{
	unsigned take = TRP_TAKE_CONTROL | TRP_TAKE_REPLY;
	int r = trp_actor_take(take);

	if (r != 0)
		return r < 0 ? r : 0;
	r = trp_actor_sleep(take, deadline);
	if (r < 0)
		return r;
	trp_call_expire((struct troupe_time){ trp_now().ns });
	return 0;
}

/* ---- requests ---------------------------------------------------------------- */

int trp_actor_request(const ProtobufCMessage *request, troupe_ref *ret_ref)
{
	struct trp_envelope envelope = trp_actor_envelope(TRP_CONTROL);
	struct trp_request *open = &trp_actor.request;
	int r;

	assert(!open->id);
	*open = (struct trp_request){ .id = trp_actor_id() };
	envelope.correlation = open->id;
	r = trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, request,
			   NULL);
	while (r >= 0 && !open->is_answered) {
		r = trp_actor_take_from(TRP_SLOT_SUPERVISOR);
		if (r == 0)
			r = trp_actor_sleep(TRP_TAKE_CONTROL, TROUPE_NEVER);
	}
	open->id = 0;
	if (r < 0)
		return r;
	if (open->result >= 0 && ret_ref)
		*ret_ref = open->ref;
	return open->result;
}

/* ---- birth and end ------------------------------------------------------------ */

void trp_actor_exit(enum troupe_cause cause, int code, const char *text)
{
	struct trp_words *words = trp_actor.words;

	if (words) {
		words->cause = (int32_t)cause;
		words->code = code;
		snprintf(words->text, sizeof(words->text), "%s",
			 text ? text : "");
		/* Pairs with the exit itself: the reader has reaped us. */
		atomic_store_explicit(&words->said, 1, memory_order_release);
	}
	fflush(NULL);
	_exit(cause == TROUPE_NORMAL || cause == TROUPE_SHUTDOWN
		      ? EXIT_SUCCESS
		      : EXIT_FAILURE);
}

/* Children are stopped and waited for; their ends are still told. */
static void stop_children(void)
{
	Troupe__Control__StopChildren request =
		TROUPE__CONTROL__STOP_CHILDREN__INIT;
	const struct troupe_class *klass = trp_actor.klass;
	struct trp_news *news;

	if (trp_actor.children > 0)
		trp_actor_request(&request.base, NULL);
	while ((news = trp_news_pop(&trp_actor.news))) {
		if (news->watch == 0 && klass->child_stopped)
			call_with_end(klass->child_stopped, &news->end);
		free(news);
	}
}

/* r: negative, or a clean end. */
static _Noreturn void wind_up(int r)
{
	if (trp_actor.klass->stop) {
		trp_actor.is_busy = true;
		trp_actor.klass->stop();
		trp_actor.is_busy = false;
	}
	stop_children();
	if (r < 0)
		trp_actor_exit(TROUPE_ERROR, r, strerror(-r));
	trp_actor_exit(trp_actor.is_stopping ? TROUPE_SHUTDOWN : TROUPE_NORMAL,
		       0, NULL);
}

static int run_class(const void *arguments)
{
	const struct troupe_class *klass = trp_actor.klass;
	int r = 1;

	if (klass->init) {
		trp_actor.is_busy = true;
		r = klass->init(arguments);
		trp_actor.is_busy = false;
		r = trp_actor_result(r);
	}
	if (r == 1 && klass->run) {
		r = klass->run(arguments);
		return r < 0 && !(r == -ECANCELED && trp_actor.is_stopping)
			       ? r
			       : TRP_END;
	}
	while (r == 1 || r == 0) {
		r = trp_actor_turn();
		if (r == 0)
			r = trp_actor_sleep(TRP_TAKE_ALL,
					    trp_timers_next(&trp_actor.timers));
	}
	return r;
}

static int root_main(const void *arguments)
{
	struct trp_node *node = trp_actor.node;

	return node->main(node->argc, node->argv);
}

static const struct troupe_class root_class = { .name = "root",
						.run = root_main };

/* A function without class gets this one. */
static struct troupe_class function_class = { .name = "function" };

static const struct troupe_class *find_class(const Troupe__Control__Birth *birth)
{
	if (birth->klass)
		return (const struct troupe_class *)(uintptr_t)birth->klass;
	if (!birth->run)
		return &root_class;
	function_class.run = (int (*)(const void *))(uintptr_t)birth->run;
	return &function_class;
}

static void learn_handlers(const struct troupe_class *klass)
{
	const struct troupe_handler *handler = klass->handlers;

	for (; handler && handler->type; handler++) {
		if (trp_types_add(handler->type) < 0 ||
		    trp_type_table_add(&handlers, trp_type_of(handler->type),
				       handler) < 0)
			trp_actor_exit(TROUPE_ERROR, -EEXIST,
				       "two handlers for one type");
	}
}

static const void *unpack_arguments(const Troupe__Control__Birth *birth)
{
	const ProtobufCMessageDescriptor *type =
		(const ProtobufCMessageDescriptor *)(uintptr_t)birth->type;
	ProtobufCMessage *arguments;

	if (!type)
		return NULL;
	/* Never given back: the arguments are valid for the actor's life. */
	if (trp_message_unpack(type, birth->arguments.data,
			       birth->arguments.len, &trp_actor.scratch,
			       &arguments) < 0)
		trp_actor_exit(TROUPE_ERROR, -EBADMSG, "bad arguments");
	return arguments;
}

static const void *be_born(const struct trp_mail *mail)
{
	Troupe__Control__Birth *birth;
	struct trp_envelope envelope;
	const void *body;
	size_t size;

	if (trp_envelope_read(mail->bytes, mail->size, &envelope, &body,
			      &size) < 0 ||
	    trp_message_unpack(&troupe__control__birth__descriptor, body, size,
			       &trp_actor.scratch,
			       (ProtobufCMessage **)&birth) < 0)
		trp_actor_exit(TROUPE_ERROR, -EPROTO, "no birth certificate");
	snprintf(trp_actor.label, sizeof(trp_actor.label), "%s", birth->label);
	trp_process_name(trp_actor.label);
	trp_actor.parent = birth->parent;
	trp_actor.klass = find_class(birth);
	atomic_store_explicit(&trp_actor.box.front->limit,
			      trp_actor.klass->mailbox_limit,
			      memory_order_release);
	learn_handlers(trp_actor.klass);
	return unpack_arguments(birth);
}

static void enter(struct trp_node *node, uint32_t slot, uint32_t generation)
{
	int r = trp_arena_enter(&node->arena, slot);

	if (r == 0)
		r = trp_mailbox_init(&trp_actor.box, &node->arena, slot,
				     generation, 0);
	if (r < 0)
		_exit(EXIT_FAILURE);
	trp_actor.node = node;
	trp_actor.words = (struct trp_words *)trp_actor.box.front->user;
	memset(trp_actor.words, 0, sizeof(*trp_actor.words));
	trp_actor.self = trp_ref(slot, generation);
	trp_actor.rescan_at = troupe_in_ms(RESCAN_MS);
	trp_wait_init(&trp_actor.wait, node->wait, trp_actor.box.bell,
		      &trp_actor.box.front->sleeping, slot);
	trp_scratch_init(&trp_actor.scratch);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

void trp_actor_main(struct trp_node *node, uint32_t slot, uint32_t generation)
{
	const void *arguments;
	struct trp_mail mail;

	enter(node, slot, generation);
	/* It was sent before we were forked. */
	if (trp_mailbox_next_from(&trp_actor.box, TRP_SLOT_SUPERVISOR, &mail) !=
	    1)
		trp_actor_exit(TROUPE_ERROR, -EPROTO, "no birth certificate");
	arguments = be_born(&mail);
	trp_mailbox_done(&trp_actor.box, &mail);
	wind_up(run_class(arguments));
}

/* ---- public, about oneself ------------------------------------------------------ */

troupe_ref troupe_self(void)
{
	return trp_actor.self;
}

troupe_ref troupe_parent(void)
{
	return trp_actor.parent;
}

bool troupe_is_stopping(void)
{
	while (trp_actor_take_from(TRP_SLOT_SUPERVISOR) > 0)
		;
	return trp_actor.is_stopping;
}

void troupe_finish(int result)
{
	trp_actor.finish = result;
}

struct troupe_time troupe_now(void)
{
	return (struct troupe_time){ trp_now().ns };
}

struct troupe_time troupe_in_ms(int64_t milliseconds)
{
	return (struct troupe_time){ trp_now().ns + milliseconds * 1000000 };
}
