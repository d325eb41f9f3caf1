/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of calls.  Most answers come soon.  Only when one takes
 * longer than PATIENCE_MS is the target watched, so a short call costs the
 * supervisor nothing.  Until then the call is *unwatched*, which the status
 * block shows: the supervisor then reports the death of any actor that we ever
 * sent to.  For a target that was dead before the call, the directory gives
 * -ESRCH at once.
 *
 * A call that cannot be sent is *refused*: its closure runs from the loop or an
 * await as others do, so one that calls again does not nest.
 */
#include "runtime/actor/call.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/hot.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/away.h"
#include "runtime/actor/backtrace.h"
#include "runtime/actor/call_number.h"
#include "runtime/actor/call_table.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/post.h"
#include "runtime/actor/send.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/continued.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/trace.h"
#include "runtime/node/types.h"
#include "serialize/type.h"

enum { PATIENCE_MS = 20 };

static struct trp_call_table *const calls = &trp_call_table;
static TRP_HOT const char *backtrace; /* of the call that fails now; or NULL */

static struct trp_call *call_new(struct troupe_proxy *proxy,
				 ProtobufCClosure closure, void *data,
				 const struct trp_envelope *envelope)
{
	struct trp_call *call = trp_call_table_take();

	if (!call)
		return NULL;
	call->proxy = proxy;
	call->ret_error = &proxy->error;
	call->target = proxy->target;
	call->closure = closure;
	call->data = data;
	call->refusal = 0;
	call->flow = envelope->flow;
	call->hop = envelope->hop;
	call->is_traced = envelope->flags & TRP_TRACED;
	proxy->pending++;
	return call;
}

/* ---- completion ---------------------------------------------------------- */

static void release(struct trp_call *call)
{
	trp_timers_cancel(&calls->deadlines, &call->timer);
	trp_call_table_leave_line(call);
	assert(call->proxy && calls->pending > 0);
	call->proxy->pending--;
	trp_call_table_give_back(call);
}

/* Its sends continue the flow of the call. */
static void run_closure(const struct trp_call *call,
			const ProtobufCMessage *answer)
{
	const struct trp_handled was = trp_self.handled;
	bool was_busy = trp_self.is_busy, is_step = trp_self_begin_within();

	trp_self.handled.flow = call->flow;
	trp_self.handled.hop = call->hop;
	trp_self.handled.is_traced = call->is_traced;
	call->closure(answer, call->data);
	trp_self.handled.flow = was.flow;
	trp_self.handled.hop = was.hop;
	trp_self.handled.is_traced = was.is_traced;
	trp_self.is_busy = was_busy;
	if (is_step)
		trp_status_end_step(trp_self.status);
}

/*
 * The closure runs exactly once: the place is free before it does.  It is a
 * callback in any case: no other begins within it.
 */
static void complete(struct trp_call *call, const ProtobufCMessage *answer,
		     int error, const struct troupe_reason *reason)
{
	struct troupe_proxy *proxy = call->proxy;
	const struct trp_call done = *call;

	release(call);
	*done.ret_error = error;
	if (error < 0 && !proxy->private_failure)
		proxy->private_failure = error;
	proxy->reason = reason ? *reason : (struct troupe_reason) { 0 };
	if (backtrace || trp_backtrace_is_kept) {
		trp_backtrace_keep(proxy, backtrace);
		backtrace = NULL;
	}
	run_closure(&done, answer);
}

static void fail(struct trp_call *call, int error, enum troupe_cause cause,
		 const char *text)
{
	struct troupe_reason reason = { .cause = cause, .code = error };

	snprintf(reason.text, sizeof(reason.text), "%s", text);
	complete(call, NULL, error, &reason);
}

void trp_call_run_refused(void)
{
	uint64_t newest = calls->last_number;
	struct trp_call *call;

	while ((call = calls->refused.first) && call->number <= newest)
		fail(call, call->refusal,
		     call->refusal == -ESRCH	      ? TROUPE_NOPROC
		     : call->refusal == -EHOSTUNREACH ? TROUPE_NOCONNECTION
						      : TROUPE_ERROR,
		     strerror(-call->refusal));
}

static void take_failure(struct trp_call *call, const struct trp_mail *mail)
{
	Troupe__Control__Failure *failure;

	if (trp_self_unpack(mail, &troupe__control__failure__descriptor,
			    (ProtobufCMessage **)&failure) < 0) {
		fail(call, -EBADMSG, TROUPE_ERROR, "bad failure");
		return;
	}
	backtrace = *failure->backtrace ? failure->backtrace : NULL;
	fail(call, failure->code < 0 ? failure->code : -EREMOTEIO, TROUPE_ERROR,
	     failure->text);
}

void trp_call_answered(const struct trp_mail *mail,
		       const struct trp_envelope *envelope)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	struct trp_call *call = trp_call_table_find(envelope->correlation);
	const ProtobufCMessageDescriptor *output;
	ProtobufCMessage *answer;
	int64_t begin;
	int r = -EBADMSG;

	if (!call && trp_call_number_is_old(envelope->correlation >>
					    TRP_CALL_PLACE_BITS))
		return; /* it was a predecessor's */
	if (!call) {	/* too late: the call is gone */
		trp_dead_letters_received(TROUPE_DEAD_EXPIRED, mail, envelope);
		return;
	}
	begin = trp_trace_begin_of(envelope);
	output = call->output;
	call->hop = envelope->hop;
	call->is_traced = begin;
	if (envelope->kind == TRP_FAILURE)
		take_failure(call, mail);
	else if (envelope->type == trp_type_of(call->output))
		r = trp_self_unpack(mail, call->output, &answer);
	if (envelope->kind != TRP_FAILURE && r < 0)
		fail(call, r, TROUPE_ERROR,
		     r == -ENOMEM ? "no memory for the answer"
				  : "not the type of an answer");
	else if (envelope->kind != TRP_FAILURE)
		complete(call, answer, 0, NULL);
	if (begin)
		trp_trace_handled("answer", output->name, begin, envelope,
				  trp_status_pid(&trp_self.node->arena,
						 envelope->sender));
	trp_scratch_release(&trp_self.scratch, mark);
}

/* The successor of the target answers, and the proxy waits for it, or need not,
 * as the death is long past. */
static bool is_kept(const struct trp_call *call, const struct troupe_end *end,
		    uint64_t taken)
{
	return end->will_restart && call->position >= taken &&
	       !(call->proxy->fails_fast &&
		 trp_status_is_down(&trp_self.node->arena, end->ref));
}

static void target_ended(const struct troupe_end *end, uint64_t taken)
{
	uint64_t newest = calls->last_number;

	for (uint32_t place = 0; calls->pending && place < calls->places;
	     place++) {
		struct trp_call *call = calls->at[place];

		if (call->proxy && call->target == end->ref &&
		    call->number <= newest && !is_kept(call, end, taken))
			complete(call, NULL,
				 end->will_restart ? -EHOSTDOWN : -ESRCH,
				 &end->reason);
	}
}

void trp_call_lost(uint32_t node)
{
	uint64_t newest = calls->last_number;

	for (uint32_t place = 0; calls->pending && place < calls->places;
	     place++) {
		struct trp_call *call = calls->at[place];

		if (call->proxy && trp_ref_is_of_node(call->target, node) &&
		    call->number <= newest && !call->refusal)
			fail(call, -EHOSTUNREACH, TROUPE_NOCONNECTION,
			     "its node was lost");
	}
}

static struct trp_target_listener listener = { .ended = target_ended };

static void expire(struct trp_call *call, struct troupe_time now)
{
	struct troupe_time until = { trp_continued_until(call->created,
							 call->deadline) };

	/* There is room for it, where it was. */
	if (until.ns > now.ns)
		trp_timers_start(&calls->deadlines, &call->timer, until);
	else
		fail(call, -ETIMEDOUT, TROUPE_ERROR, "no answer in time");
}

void trp_call_expire(struct troupe_time now)
{
	struct troupe_timer *timer;

	trp_call_run_refused();
	while ((timer = trp_timers_due(&calls->deadlines, now)))
		expire(timer->data, now);
	TRP_CHECK(trp_call_table_check());
	while (calls->unwatched.first &&
	       calls->unwatched.first->watch_at.ns <= now.ns) {
		struct trp_call *call = calls->unwatched.first;

		trp_call_table_leave_line(call);
		if (!call->target) {
			trp_call_table_enter_line(&calls->unwatched, call,
						  troupe_in_ms(PATIENCE_MS).ns);
			call->proxy->private_send(call->proxy, NULL, NULL,
						  NULL);
			continue;
		}
		trp_target_watch(call->target);
		trp_mailbox_receive_look_again(&trp_self.mailbox,
					       trp_away_lane(call->target));
	}
}

struct troupe_time trp_call_next(void)
{
	struct troupe_time next = trp_timers_next(&calls->deadlines);

	if (calls->refused.first)
		return calls->refused.first->watch_at;
	return calls->unwatched.first &&
			       calls->unwatched.first->watch_at.ns < next.ns
		       ? calls->unwatched.first->watch_at
		       : next;
}

bool trp_call_moved(uint64_t correlation, troupe_ref to, uint64_t position,
		    void **ret_data)
{
	struct trp_call *call = trp_call_table_find(correlation);

	if (!call || call->refusal)
		return false;
	call->target = to;
	call->position = position;
	*ret_data = call->data;
	trp_call_table_leave_line(call);
	trp_call_table_enter_line(&calls->unwatched, call,
				  troupe_in_ms(PATIENCE_MS).ns);
	return true;
}

unsigned trp_call_count(const struct troupe_proxy *proxy)
{
	unsigned count = 0;

	for (uint32_t place = 0; calls->pending && place < calls->places;
	     place++)
		count += calls->at[place]->proxy == proxy;
	return count;
}

/* ---- completing several calls -------------------------------------------- */

static bool is_of(const struct trp_call *call, const struct troupe_proxy *first,
		  size_t count)
{
	return call->proxy >= first && call->proxy < first + count;
}

/* The one target of those of a proxy that spreads its calls; or 0. */
static troupe_ref one_target(const struct troupe_proxy *proxy)
{
	troupe_ref target = 0;

	for (uint32_t place = 0; place < calls->places; place++) {
		if (calls->at[place]->proxy != proxy)
			continue;
		if (!calls->at[place]->target ||
		    (target && target != calls->at[place]->target))
			return 0;
		target = calls->at[place]->target;
	}
	return target;
}

troupe_ref trp_call_sole(const struct troupe_proxy *first, size_t count,
			 int64_t *ret_since)
{
	for (size_t i = 0; i < count && !calls->refused.first; i++) {
		if (!first[i].pending)
			continue;
		*ret_since = first[i].private_since;
		if (first[i].pending != calls->pending)
			return 0;
		return first[i].private_send ? one_target(&first[i])
					     : first[i].target;
	}
	return 0;
}

void trp_call_forget(const struct troupe_proxy *first, size_t count)
{
	for (uint32_t place = 0; place < calls->places; place++)
		if (is_of(calls->at[place], first, count))
			release(calls->at[place]);
}

void trp_call_fail(const struct troupe_proxy *first, size_t count, int error,
		   const char *text)
{
	uint64_t newest = calls->last_number;

	for (uint32_t place = 0; place < calls->places; place++)
		if (is_of(calls->at[place], first, count) &&
		    calls->at[place]->number <= newest)
			fail(calls->at[place], error, TROUPE_ERROR, text);
}

void trp_call_leave(void)
{
	uint64_t newest = calls->last_number;

	for (uint32_t place = 0; place < calls->places; place++)
		if (calls->at[place]->proxy &&
		    calls->at[place]->number <= newest)
			fail(calls->at[place], -ESHUTDOWN, TROUPE_NOCONNECTION,
			     "this guest has left");
	if (!calls->pending) /* Refused, they wait for an await. */
		trp_call_table_leave();
}

/* ---- calling ------------------------------------------------------------- */

static int start(struct trp_call *call, struct trp_envelope *envelope,
		 const ProtobufCMessage *input)
{
	int r = 0;

	envelope->correlation =
		call->number << TRP_CALL_PLACE_BITS | call->place;
	call->timer.data = call;
	call->created = envelope->created;
	call->deadline = envelope->deadline;
	if (envelope->deadline < INT64_MAX)
		r = trp_timers_start(
			&calls->deadlines, &call->timer,
			(struct troupe_time) { envelope->deadline });
	if (r < 0)
		return r;
	if (call->proxy->fails_fast &&
	    trp_status_is_down(&trp_self.node->arena, call->target))
		return -EHOSTDOWN;
	trp_target_watch_listen(&listener);
	trp_call_table_enter_line(&calls->unwatched, call,
				  envelope->created +
					  PATIENCE_MS * INT64_C(1000000));
	if (call->proxy->private_send)
		r = call->proxy->private_send(call->proxy, envelope, input,
					      &call->target);
	else
		r = trp_send_mail(call->target, envelope, input, NULL);
	call->position = trp_self.posted;
	return r;
}

/*
 * Without memory even for a refusal it runs within the call; one that calls
 * again then would nest without end.
 */
static void refuse_at_once(struct troupe_proxy *proxy, ProtobufCClosure closure,
			   void *data)
{
	static bool is_within;

	if (is_within && trp_self.routes)
		trp_self.routes->lost(-ENOMEM, "no memory for a call");
	is_within = true;
	proxy->error = -ENOMEM;
	closure(NULL, data);
	is_within = false;
}

static void refuse(struct trp_call *call, int error, int64_t now)
{
	trp_timers_cancel(&calls->deadlines, &call->timer);
	trp_call_table_leave_line(call);
	call->refusal = error;
	trp_call_table_enter_line(&calls->refused, call, now);
}

static int send_one_way(struct troupe_proxy *proxy,
			struct trp_envelope *envelope,
			const ProtobufCMessage *input)
{
	troupe_ref to;

	if (proxy->private_send)
		return proxy->private_send(proxy, envelope, input, &to);
	return trp_send_mail(proxy->target, envelope, input, NULL);
}

void trp_call_ask(struct troupe_proxy *proxy, unsigned method_index,
		  struct trp_envelope *envelope, const ProtobufCMessage *input,
		  ProtobufCClosure closure, void *data)
{
	const ProtobufCServiceDescriptor *service = proxy->base.descriptor;
	struct trp_call *call;
	int r;

	envelope->service = trp_type_of_service(service);
	envelope->method = (uint16_t)method_index;
	if (!closure) {
		proxy->error = send_one_way(proxy, envelope, input);
		proxy->refused += proxy->error < 0;
		if (!proxy->private_failure)
			proxy->private_failure = proxy->error;
		return;
	}
	call = call_new(proxy, closure, data, envelope);
	if (!call) {
		refuse_at_once(proxy, closure, data);
		return;
	}
	if (proxy->pending == 1) {
		proxy->private_since = envelope->created;
		if (trp_self.status)
			trp_store_relaxed(&trp_self.status->called,
					  trp_types_method(envelope->service,
							   envelope->method));
	}
	call->output = service->methods[method_index].output;
	r = start(call, envelope, input);
	if (r < 0)
		refuse(call, r, envelope->created);
}

void trp_call_refuse(struct troupe_proxy *proxy, ProtobufCClosure closure,
		     void *data, int error, int *ret_error)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CALL);
	struct trp_call *call = call_new(proxy, closure, data, &envelope);

	if (!call) {
		refuse_at_once(proxy, closure, data);
		return;
	}
	call->ret_error = ret_error;
	refuse(call, error, envelope.created);
}

void trp_call_start(struct troupe_proxy *proxy, unsigned method,
		    const ProtobufCMessage *input, ProtobufCClosure closure,
		    void *data, int64_t deadline)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CALL);

	envelope.deadline = deadline;
	trp_call_ask(proxy, method, &envelope, input, closure, data);
}
