/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of calls: proxies, and unanswered calls.  A call's
 * correlation is its place in the table and a number that is never reused, so a
 * late answer finds nothing and is dropped:
 *
 *	correlation = number << 20 | place
 *
 * Most answers come soon.  Only when one takes longer than PATIENCE_MS is the
 * target watched, so a short call costs the supervisor nothing.  Until then the
 * call is *unwatched*, which the status block shows: the supervisor then
 * reports the death of any actor that we ever sent to.  For a target that was
 * dead before the call, the directory gives -ESRCH at once.
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
#include "runtime/actor/backtrace.h"
#include "runtime/actor/call_number.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/post.h"
#include "runtime/actor/send.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/continued.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/trace.h"
#include "serialize/type.h"

enum { PATIENCE_MS = 20, PLACE_BITS = 20, PLACES_MAX = 1 << PLACE_BITS };

struct call {
	struct troupe_timer timer;  /* its deadline */
	struct troupe_proxy *proxy; /* the caller's memory; NULL: free */
	int *ret_error;		    /* where its result goes */
	troupe_ref target;
	const ProtobufCMessageDescriptor *output;
	ProtobufCClosure closure;
	void *data;
	uint64_t number;
	uint64_t position; /* of the question in the lane to the target */
	uint32_t place;
	uint64_t flow; /* of the question, or of its answer */
	uint16_t hop;
	bool is_traced;
	int64_t created, deadline;
	struct troupe_time watch_at;
	int refusal;	   /* why it was not sent, or 0 */
	struct line *line; /* that it is in, or NULL */
	struct call *next, **link;
	struct call *next_free;
};

/* In order of watch_at, or of refusal. */
struct line {
	struct call *first;
	struct call **last;
};

static struct call **table;
static uint32_t places, places_room;
static struct call *free_calls;
static TRP_HOT uint64_t last_number;
static TRP_HOT struct line unwatched = { .last = &unwatched.first };
static TRP_HOT struct line refused = { .last = &refused.first };
static TRP_HOT unsigned pending_calls; /* of all proxies */
static TRP_HOT struct trp_timers deadlines;
static const char *backtrace; /* of the call that fails now; or NULL */

/* ---- the table ----------------------------------------------------------- */

static uint32_t check_line(const struct line *line)
{
	struct call *const *link = &line->first;
	uint32_t count = 0;

	for (; *link; link = &(*link)->next, count++) {
		assert((*link)->link == link && (*link)->line == line);
		assert((*link)->proxy);
		assert(!(*link)->refusal == (line == &unwatched));
		assert(!(*link)->next ||
		       (*link)->watch_at.ns <= (*link)->next->watch_at.ns);
	}
	assert(line->last == link);
	return count;
}

void trp_call_check(void)
{
	uint32_t pending = 0, lined = 0, spare = 0;

	for (uint32_t place = 0; place < places; place++) {
		const struct call *call = table[place];

		assert(call->place == place && call->number <= last_number);
		assert(call->proxy || (!call->timer.place && !call->line));
		pending += call->proxy != NULL;
		lined += call->line != NULL;
	}
	for (const struct call *call = free_calls; call; call = call->next_free)
		spare += !call->proxy;
	assert(pending == pending_calls && pending + spare == places);
	assert(lined == check_line(&unwatched) + check_line(&refused));
	assert(!trp_self.status ||
	       !unwatched.first ==
		       !trp_load_relaxed(&trp_self.status->has_unwatched));
}

static struct call *add_place(void)
{
	struct call **grown;
	struct call *call;

	if (places == PLACES_MAX)
		return NULL;
	if (places == places_room) {
		uint32_t room = places_room ? 2 * places_room : 16;

		grown = reallocarray(table, room, sizeof(*table));
		if (!grown)
			return NULL;
		table = grown;
		places_room = room;
	}
	call = calloc(1, sizeof(*call));
	if (!call)
		return NULL;
	call->place = places;
	table[places++] = call;
	return call;
}

static struct call *call_new(struct troupe_proxy *proxy,
			     ProtobufCClosure closure, void *data,
			     const struct trp_envelope *envelope)
{
	struct call *call = free_calls;

	assert(!call || !call->proxy);
	if (call)
		free_calls = call->next_free;
	else
		call = add_place();
	if (!call)
		return NULL;
	call->proxy = proxy;
	call->ret_error = &proxy->error;
	call->target = proxy->target;
	call->closure = closure;
	call->data = data;
	call->number = last_number = trp_call_number_next();
	call->refusal = 0;
	call->flow = envelope->flow;
	call->hop = envelope->hop;
	call->is_traced = envelope->flags;
	proxy->pending++;
	pending_calls++;
	return call;
}

static struct call *call_find(uint64_t correlation)
{
	uint32_t place = correlation & (PLACES_MAX - 1);

	if (place >= places || !table[place]->proxy ||
	    table[place]->number != correlation >> PLACE_BITS)
		return NULL;
	return table[place];
}

/* ---- unwatched and refused calls ----------------------------------------- */

static void publish_unwatched(bool has_unwatched)
{
	if (!trp_self.status)
		return; /* no member of a node */
	/* Too late for a death at this moment, which the watch reports. */
	trp_store_relaxed(&trp_self.status->has_unwatched, has_unwatched);
}

static void leave_line(struct call *call)
{
	if (!call->line)
		return;
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	else
		call->line->last = call->link;
	call->line = NULL;
	if (!unwatched.first)
		publish_unwatched(false);
}

static void enter_line(struct line *line, struct call *call, int64_t at)
{
	assert(!call->line);
	call->watch_at.ns = at;
	call->next = NULL;
	call->link = line->last;
	call->line = line;
	if (line == &unwatched && !line->first)
		publish_unwatched(true);
	*line->last = call;
	line->last = &call->next;
}

/* ---- completion ---------------------------------------------------------- */

static void release(struct call *call)
{
	trp_timers_cancel(&deadlines, &call->timer);
	leave_line(call);
	assert(call->proxy && pending_calls > 0);
	call->proxy->pending--;
	pending_calls--;
	call->proxy = NULL;
	call->next_free = free_calls;
	free_calls = call;
}

/* Its sends continue the flow of the call. */
static void run_closure(const struct call *call, const ProtobufCMessage *answer)
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
static void complete(struct call *call, const ProtobufCMessage *answer,
		     int error, const struct troupe_reason *reason)
{
	struct troupe_proxy *proxy = call->proxy;
	const struct call done = *call;

	release(call);
	*done.ret_error = error;
	if (error < 0 && !proxy->private_failure)
		proxy->private_failure = error;
	proxy->reason = reason ? *reason : (struct troupe_reason) { 0 };
	if (backtrace || trp_backtrace_is_kept)
		trp_backtrace_keep(proxy, backtrace);
	backtrace = NULL;
	run_closure(&done, answer);
}

static void fail(struct call *call, int error, enum troupe_cause cause,
		 const char *text)
{
	struct troupe_reason reason = { .cause = cause, .code = error };

	snprintf(reason.text, sizeof(reason.text), "%s", text);
	complete(call, NULL, error, &reason);
}

void trp_call_run_refused(void)
{
	uint64_t newest = last_number;
	struct call *call;

	while ((call = refused.first) && call->number <= newest)
		fail(call, call->refusal,
		     call->refusal == -ESRCH ? TROUPE_NOPROC : TROUPE_ERROR,
		     strerror(-call->refusal));
}

static void take_failure(struct call *call, const struct trp_mail *mail)
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
	struct call *call = call_find(envelope->correlation);
	const ProtobufCMessageDescriptor *output;
	ProtobufCMessage *answer;
	int64_t begin;
	int r = -EBADMSG;

	if (!call &&
	    trp_call_number_is_old(envelope->correlation >> PLACE_BITS))
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
static bool is_kept(const struct call *call, const struct troupe_end *end,
		    uint64_t taken)
{
	return end->will_restart && call->position >= taken &&
	       !(call->proxy->fails_fast &&
		 trp_status_is_down(&trp_self.node->arena, end->ref));
}

static void target_ended(const struct troupe_end *end, uint64_t taken)
{
	uint64_t newest = last_number;

	for (uint32_t place = 0; pending_calls && place < places; place++) {
		struct call *call = table[place];

		if (call->proxy && call->target == end->ref &&
		    call->number <= newest && !is_kept(call, end, taken))
			complete(call, NULL,
				 end->will_restart ? -EHOSTDOWN : -ESRCH,
				 &end->reason);
	}
}

static struct trp_target_listener listener = { .ended = target_ended };

static void expire(struct call *call, struct troupe_time now)
{
	struct troupe_time until = { trp_continued_until(call->created,
							 call->deadline) };

	/* There is room for it, where it was. */
	if (until.ns > now.ns)
		trp_timers_start(&deadlines, &call->timer, until);
	else
		fail(call, -ETIMEDOUT, TROUPE_ERROR, "no answer in time");
}

void trp_call_expire(struct troupe_time now)
{
	struct troupe_timer *timer;

	trp_call_run_refused();
	while ((timer = trp_timers_due(&deadlines, now)))
		expire(timer->data, now);
	TRP_CHECK(trp_call_check());
	while (unwatched.first && unwatched.first->watch_at.ns <= now.ns) {
		struct call *call = unwatched.first;

		leave_line(call);
		trp_target_watch(call->target);
		trp_mailbox_receive_look_again(&trp_self.mailbox,
					       trp_ref_slot(call->target));
	}
}

struct troupe_time trp_call_next(void)
{
	struct troupe_time next = trp_timers_next(&deadlines);

	if (refused.first)
		return refused.first->watch_at;
	return unwatched.first && unwatched.first->watch_at.ns < next.ns
		       ? unwatched.first->watch_at
		       : next;
}

/* ---- completing several calls -------------------------------------------- */

static bool is_of(const struct call *call, const struct troupe_proxy *first,
		  size_t count)
{
	return call->proxy >= first && call->proxy < first + count;
}

const struct troupe_proxy *trp_call_sole(const struct troupe_proxy *first,
					 size_t count)
{
	for (size_t i = 0; i < count && !refused.first; i++)
		if (first[i].pending)
			return first[i].pending == pending_calls ? &first[i]
								 : NULL;
	return NULL;
}

void trp_call_forget(const struct troupe_proxy *first, size_t count)
{
	for (uint32_t place = 0; place < places; place++)
		if (is_of(table[place], first, count))
			release(table[place]);
}

void trp_call_fail(const struct troupe_proxy *first, size_t count, int error,
		   const char *text)
{
	uint64_t newest = last_number;

	for (uint32_t place = 0; place < places; place++)
		if (is_of(table[place], first, count) &&
		    table[place]->number <= newest)
			fail(table[place], error, TROUPE_ERROR, text);
}

void trp_call_leave(void)
{
	uint64_t newest = last_number;

	for (uint32_t place = 0; place < places; place++)
		if (table[place]->proxy && table[place]->number <= newest)
			fail(table[place], -ESHUTDOWN, TROUPE_NOCONNECTION,
			     "this guest has left");
	assert(!unwatched.first);
	if (pending_calls)
		return; /* Refused, they wait for an await. */
	for (uint32_t place = 0; place < places; place++)
		free(table[place]);
	trp_timers_fini(&deadlines);
	free(table);
	table = NULL;
	places = places_room = 0;
	free_calls = NULL;
}

/* ---- calling ------------------------------------------------------------- */

static int start(struct call *call, struct trp_envelope *envelope,
		 const ProtobufCMessage *input)
{
	int r = 0;

	envelope->correlation = call->number << PLACE_BITS | call->place;
	call->timer.data = call;
	call->created = envelope->created;
	call->deadline = envelope->deadline;
	if (envelope->deadline < INT64_MAX)
		r = trp_timers_start(
			&deadlines, &call->timer,
			(struct troupe_time) { envelope->deadline });
	if (r < 0)
		return r;
	if (call->proxy->fails_fast &&
	    trp_status_is_down(&trp_self.node->arena, call->target))
		return -EHOSTDOWN;
	trp_target_watch_listen(&listener);
	enter_line(&unwatched, call,
		   envelope->created + PATIENCE_MS * INT64_C(1000000));
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

static void refuse(struct call *call, int error, int64_t now)
{
	trp_timers_cancel(&deadlines, &call->timer);
	leave_line(call);
	call->refusal = error;
	enter_line(&refused, call, now);
}

static void ask(struct troupe_proxy *proxy, unsigned method_index,
		struct trp_envelope *envelope, const ProtobufCMessage *input,
		ProtobufCClosure closure, void *data)
{
	const ProtobufCServiceDescriptor *service = proxy->base.descriptor;
	struct call *call;
	int r;

	envelope->service = trp_type_of_service(service);
	envelope->method = (uint16_t)method_index;
	if (!closure) {
		proxy->error =
			trp_send_mail(proxy->target, envelope, input, NULL);
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
	if (proxy->pending == 1)
		proxy->private_since = envelope->created;
	call->output = service->methods[method_index].output;
	r = start(call, envelope, input);
	if (r < 0)
		refuse(call, r, envelope->created);
}

void trp_call_refuse(struct troupe_proxy *proxy, ProtobufCClosure closure,
		     void *data, int error, int *ret_error)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CALL);
	struct call *call = call_new(proxy, closure, data, &envelope);

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
	ask(proxy, method, &envelope, input, closure, data);
}

static void invoke(ProtobufCService *service, unsigned method_index,
		   const ProtobufCMessage *input, ProtobufCClosure closure,
		   void *data)
{
	struct troupe_proxy *proxy = (struct troupe_proxy *)service;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CALL);

	if (closure && proxy->timeout_ms < -1) {
		trp_call_refuse(proxy, closure, data, -EINVAL, &proxy->error);
		return;
	}
	if (closure && proxy->timeout_ms >= 0)
		envelope.deadline =
			trp_timers_after(envelope.created, proxy->timeout_ms);
	ask(proxy, method_index, &envelope, input, closure, data);
}

/*
 * `proxy` may hold anything: its pending calls are found in the table.  Their
 * closures may call by it again, or initialise it again.
 */
void troupe_proxy_init(struct troupe_proxy *proxy, troupe_ref target,
		       const ProtobufCServiceDescriptor *service)
{
	*proxy = (struct troupe_proxy) {
		.base = { .descriptor = service, .invoke = invoke },
		.target = target,
		.timeout_ms = 5000,
	};
	if (!pending_calls)
		return;
	for (uint32_t place = 0; place < places; place++)
		proxy->pending += table[place]->proxy == proxy;
	if (!proxy->pending)
		return;
	trp_call_fail(proxy, 1, -ECANCELED, "its proxy was initialised anew");
	proxy->error = proxy->private_failure = 0;
	proxy->reason = (struct troupe_reason) { 0 };
}
