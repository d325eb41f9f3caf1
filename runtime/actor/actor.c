/* SPDX-License-Identifier: MIT */
#include "runtime/actor/actor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/actor/custom_mailbox.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/log.h"
#include "runtime/node/process.h"
#include "runtime/actor/saved_mail.h"
#include "runtime/node/trace.h"
#include "serialize/message.h"

enum {
	LOOK_EVERY = 16,      /* turns between looks at time and descriptors */
	RESCAN_MS = 30 * 1000 /* the slow look at every lane */
};

struct trp_actor trp_actor;

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

/* ---- turns --------------------------------------------------------------- */

static int call_with_end(int (*callback)(const struct troupe_end *end),
			 const struct troupe_end *end)
{
	int64_t begin = trp_trace_begin();
	int r;

	trp_actor.is_busy = true;
	r = callback(end);
	trp_actor.is_busy = false;
	trp_trace_span("callback", "end of another", begin);
	return trp_actor_result(r);
}

/*
 * What an actor sent is handled before the report of its death: one record of
 * it, or of the stash that was taken back before; 0: there is none left.  While
 * no more work may be begun, or put aside, mail waits, and the report does not;
 * but answers are taken, which are no work.
 */
static int drain(uint32_t slot)
{
	int r;

	if (trp_actor.is_full || !trp_custom_mailbox_has_room())
		return trp_actor_take(TRP_TAKE_REPLY);
	r = trp_stash_turn();
	return r ? r : trp_actor_take_from(slot);
}

/* For troupe_receive(), or troupe_wait(). */
static int claim_later(struct trp_exit_notice *news)
{
	enum { MOST = 16384 };

	if (trp_receive_offer_end(news))
		return 1;
	news->number = trp_saved_mail_number();
	trp_exit_queue_push(&trp_actor.unclaimed, news);
	if (trp_actor.unclaimed.count > MOST)
		free(trp_exit_queue_pop(&trp_actor.unclaimed));
	return 1;
}

static int turn_news(void)
{
	const struct troupe_class *klass = trp_actor.klass;
	int (*callback)(const struct troupe_end *end) = NULL;
	struct trp_exit_notice *news;
	int r = drain(trp_ref_slot(trp_actor.news.first->end.ref));

	if (r != 0)
		return r;
	news = trp_exit_queue_pop(&trp_actor.news);
	r = 1;
	switch (trp_watch_kind(news->watch)) {
	case TRP_WATCH_CHILD:
		callback = klass->child_stopped;
		break;
	case TRP_WATCH_MONITOR:
		callback = klass->down;
		break;
	case TRP_WATCH_TARGET:
		trp_call_target_ended(&news->end);
		goto out;
	case TRP_WATCH_WAIT: /* it waits no more */
	case TRP_WATCH_KINDS:
		goto out;
	}
	if (callback)
		r = call_with_end(callback, &news->end);
	else if (klass->run)
		return claim_later(news);
out:
	free(news);
	return r;
}

static int turn_timers(void)
{
	struct troupe_time now = { trp_now().ns };
	struct troupe_timer *timer = trp_timers_due(&trp_actor.timers, now);
	int64_t begin;
	int r;

	trp_call_expire(now);
	if (!timer)
		return 0;
	begin = trp_trace_begin();
	trp_actor.is_busy = true;
	r = timer->fired(timer);
	trp_actor.is_busy = false;
	trp_trace_span("callback", "timer", begin);
	return trp_actor_result(r);
}

/* In turns, or a timer that is always due would keep the others waiting. */
static int turn_others(void)
{
	enum { OTHERS = 3 };
	static int (*const other[OTHERS])(void) = { turn_timers, trp_input_turn,
						    trp_overflow_turn };
	static unsigned next;
	int i, r = 0;

	for (i = 0; i < OTHERS && r == 0; i++)
		r = other[next++ % OTHERS]();
	return r;
}

void trp_actor_open(void)
{
	trp_actor.open = trp_actor.is_full || trp_stash_is_again() ||
					 trp_custom_mailbox_is_open() ||
					 trp_actor.klass->when_full ==
						 TROUPE_FULL_DROP_OLD
				 ? TRP_TAKE_CONTROL | TRP_TAKE_REPLY
				 : TRP_TAKE_ALL;
}

/* What may be taken now of that which is not taken straight off the lanes. */
static int take_slowly(void)
{
	int r = trp_stash_turn();

	if (r != 0 || trp_actor.is_full)
		return r;
	return trp_custom_mailbox_is_open() ? trp_custom_mailbox_turn()
					    : trp_actor_take_young();
}

uint32_t trp_actor_limit(const struct troupe_class *klass)
{
	return klass->mailbox_limit ? klass->mailbox_limit : TRP_LIMIT_DEFAULT;
}

unsigned trp_actor_heeds(void)
{
	return trp_actor.is_full || !trp_custom_mailbox_has_room()
		       ? TRP_TAKE_CONTROL | TRP_TAKE_REPLY
		       : TRP_TAKE_ALL;
}

/*
 * What was sent before the close has been handled: nothing is there, or, for
 * there may be no end of what is sent after it, a turn of each lane brought
 * nothing else.
 */
static bool is_closed(void)
{
	return trp_actor.is_closing && trp_custom_mailbox_is_done() &&
	       !trp_stash_is_again() &&
	       (trp_actor.late / TRP_TURN > trp_actor.box.ready_lanes ||
		trp_mailbox_is_empty(&trp_actor.box, TRP_TAKE_ALL));
}

static int turn(void)
{
	int r;

	if (trp_actor.news.first)
		return turn_news();
	if (trp_actor.is_stopping || trp_actor.is_finished)
		return TRP_END;
	if (++trp_actor.turns % LOOK_EVERY == 0) {
		if (trp_actor.late > TRP_TURN && is_closed())
			return TRP_END;
		r = trp_wait_poll(&trp_actor.wait);
		if (r == 0)
			r = turn_others();
		if (r != 0)
			return r;
	}
	/* There may be no end of answers, for who asks again for each. */
	r = trp_actor.open != TRP_TAKE_ALL &&
			    trp_actor.turns % LOOK_EVERY == LOOK_EVERY / 2
		    ? take_slowly()
		    : 0;
	if (r == 0)
		r = trp_actor_take(trp_actor.open);
	if (r == 0 && trp_actor.open != TRP_TAKE_ALL)
		r = take_slowly();
	if (r != 0)
		return r;
	if (is_closed())
		return TRP_END;
	return turn_others();
}

/* A closure may have said troupe_finish(), and returns nothing. */
int trp_actor_turn(void)
{
	int r = turn();

	if (r >= 0 && trp_actor.finish)
		r = trp_actor_result(r);
	if (r == TRP_END)
		trp_actor.is_finished = true;
	return r;
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
	deadline = earlier(deadline, trp_trace_flush_at());
	r = trp_wait_sleep(&trp_actor.wait, (struct trp_time) { deadline.ns });
	if (deadline.ns == trp_trace_flush_at().ns &&
	    trp_now().ns >= deadline.ns)
		trp_trace_flush();
	if (deadline.ns == trp_actor.rescan_at.ns &&
	    trp_now().ns >= deadline.ns) {
		trp_mailbox_rescan(&trp_actor.box);
		trp_mailbox_tidy(&trp_actor.box);
		trp_region_cool(&trp_actor.box.region);
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
	trp_call_expire((struct troupe_time) { trp_now().ns });
	return 0;
}

void trp_actor_on_term(int number)
{
	trp_actor.is_stopping = true;
	/* It may be on its way to sleep: it looks at its bell once more. */
	if (trp_actor.box.bell)
		trp_doorbell_set(trp_actor.box.bell, trp_actor.box.slot);
}

/* ---- birth and end ------------------------------------------------------- */

void trp_actor_exit(enum troupe_cause cause, int code, const char *text)
{
	trp_dead_letter_end();
	trp_trace_flush();
	if (trp_actor.status)
		trp_status_write_exit(trp_actor.status, cause, code, text);
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
	struct trp_exit_notice *news;

	if (trp_actor.children > 0)
		trp_actor_request(&request.base, NULL);
	while ((news = trp_exit_queue_pop(&trp_actor.news))) {
		if (news->watch == 0 && klass->child_stopped)
			call_with_end(klass->child_stopped, &news->end);
		free(news);
	}
}

static _Noreturn void fail(int r)
{
	char text[TRP_STATUS_TEXT];

	if (!trp_actor.unhandled)
		trp_actor_exit(TROUPE_ERROR, r, strerror(-r));
	snprintf(text, sizeof(text), "%s: unhandled %s", strerror(-r),
		 trp_actor.unhandled);
	trp_actor_exit(TROUPE_ERROR, r, text);
}

/* r: negative, or a clean end. */
static _Noreturn void wind_up(int r)
{
	int64_t begin = trp_trace_begin();

	if (trp_actor.klass->stop) {
		trp_actor.is_busy = true;
		trp_actor.klass->stop();
		trp_actor.is_busy = false;
		trp_trace_span("callback", "stop", begin);
	}
	trp_custom_mailbox_close();
	trp_actor.is_ending = true;
	stop_children();
	trp_receive_end();
	trp_stash_end();
	trp_saved_mail_told();
	if (r < 0)
		fail(r);
	trp_actor_exit(trp_actor.is_stopping ? TROUPE_SHUTDOWN : TROUPE_NORMAL,
		       0, NULL);
}

static int run_class(const void *arguments)
{
	const struct troupe_class *klass = trp_actor.klass;
	int64_t begin;
	int r = trp_custom_mailbox_open();

	if (r < 0)
		return r;
	trp_actor_open();
	r = 1;
	begin = trp_trace_begin();
	if (klass->init) {
		trp_actor.is_busy = true;
		r = klass->init(arguments);
		trp_actor.is_busy = false;
		trp_trace_span("callback", "init", begin);
		r = trp_actor_result(r);
	}
	if (r == 1 && klass->run) {
		r = klass->run(arguments);
		/* Which is what it was told by troupe_receive() or a spawn. */
		if (r == -ECANCELED &&
		    (troupe_is_stopping() || trp_actor.is_finished))
			r = 0;
		return r < 0 ? r : TRP_END;
	}
	while (r == 1 || r == 0) {
		r = trp_actor_turn();
		if (r != 0)
			continue;
		trp_idle_timeout_begin();
		r = trp_actor_sleep(trp_actor_heeds(),
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

static const struct troupe_class *find_class(
	const Troupe__Control__Birth *birth)
{
	if (birth->klass)
		return (const struct troupe_class *)(uintptr_t)birth->klass;
	if (!birth->run)
		return &root_class;
	function_class.run = (int (*)(const void *))(uintptr_t)birth->run;
	return &function_class;
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
	memcpy(trp_actor.label, birth->label,
	       strnlen(birth->label, sizeof(trp_actor.label) - 1));
	trp_log_set_title(birth->title);
	trp_process_name(trp_actor.label);
	trp_actor.parent = birth->parent;
	trp_actor.fence = birth->fence;
	trp_actor.klass = find_class(birth);
	trp_actor_open();
	if (trp_dispatch_learn(trp_actor.klass) < 0)
		trp_actor_exit(TROUPE_ERROR, -EEXIST,
			       "two handlers for one type");
	return unpack_arguments(birth);
}

int trp_actor_enter(struct trp_node *node, uint32_t slot, uint32_t generation)
{
	int r = trp_arena_enter(&node->arena, slot);

	if (r == 0)
		r = trp_mailbox_init(&trp_actor.box, &node->arena, slot,
				     generation, 0);
	if (r < 0)
		return r;
	trp_actor.node = node;
	trp_actor.status = trp_status_begin(trp_actor.box.front);
	trp_actor.self = trp_ref(slot, generation);
	trp_actor.open = TRP_TAKE_ALL;
	trp_actor.rescan_at = troupe_in_ms(RESCAN_MS);
	trp_wait_init(&trp_actor.wait, node->wait, trp_actor.box.bell,
		      &trp_actor.box.front->sleeping, slot);
	trp_scratch_init(&trp_actor.scratch, 0);
	if (trp_trace_is_on) {
		trp_trace_enter();
		atexit(trp_trace_flush); /* for one that calls exit() */
	}
	trp_dead_letter_begin(&trp_actor.box, &trp_actor.timers,
			      &trp_actor.status->letters);
	return 0;
}

void trp_actor_main(struct trp_node *node, uint32_t slot, uint32_t generation)
{
	const void *arguments;
	struct trp_mail mail;

	if (trp_actor_enter(node, slot, generation) < 0)
		_exit(EXIT_FAILURE);
	/* It was sent before we were forked. */
	if (trp_mailbox_next_from(&trp_actor.box, TRP_SLOT_SUPERVISOR, &mail) !=
	    1)
		trp_actor_exit(TROUPE_ERROR, -EPROTO, "no birth certificate");
	arguments = be_born(&mail);
	trp_mailbox_done(&trp_actor.box, &mail);
	wind_up(run_class(arguments));
}

/* ---- public, about oneself ----------------------------------------------- */

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
	while (trp_actor.self && trp_actor_take(TRP_TAKE_CONTROL) > 0)
		;
	return trp_actor.is_stopping || !trp_actor.self;
}

void troupe_finish(int result)
{
	trp_actor.finish = result;
}

int troupe_count(troupe_ref ref, struct troupe_counters *ret_counters)
{
	const struct trp_status *status =
		trp_actor.self ? trp_status_of(&trp_actor.node->arena, ref)
			       : NULL;

	if (!status)
		return -ESRCH;
	*ret_counters = (struct troupe_counters) {
		.received = atomic_load_explicit(&status->received,
						 memory_order_relaxed),
		.sent = atomic_load_explicit(&status->sent,
					     memory_order_relaxed),
		.refused = atomic_load_explicit(&status->refused,
						memory_order_relaxed),
		.dropped = atomic_load_explicit(&status->dropped,
						memory_order_relaxed),
	};
	return 0;
}
