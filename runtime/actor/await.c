/* SPDX-License-Identifier: MIT */
/* Waiting for answers: of one target, and of many. */
#include "runtime/actor/await.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "ipc/mailbox_receive.h"
#include "runtime/actor/call.h"
#include "runtime/actor/deadlock.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/take.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"
#include "serialize/message.h"

void trp_await_take_ends(void)
{
	struct trp_exit_notice **link = &trp_self.exits.first;
	struct trp_exit_notice *notice;

	for (notice = *link; notice; notice = *link) {
		if (trp_watch_kind(notice->watch) != TRP_WATCH_TARGET) {
			link = &notice->next;
			continue;
		}
		trp_exit_queue_take(&trp_self.exits, notice->watch, 0);
		/* An answer comes before the death of its sender. */
		while (trp_take(TRP_TAKE_REPLY) == TRP_STEP_DONE)
			;
		trp_target_watch_ended(&notice->end, notice->taken);
		trp_exit_queue_free(notice);
		link = &trp_self.exits.first;
	}
}

/* Takes an answer, or sleeps for one unless it could never come. */
static int block(const struct troupe_proxy *first, size_t count)
{
	const unsigned take = TRP_TAKE_CONTROL | TRP_TAKE_REPLY;
	troupe_ref sole;
	int64_t since = 0;
	char path[TROUPE_TEXT_SIZE];
	int r;

	if (!trp_self.ref) { /* No member: all are refused. */
		trp_call_run_refused();
		return 0;
	}
	r = trp_take(take);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!trp_mailbox_receive_is_empty(&trp_self.mailbox, take))
		return 0;
	sole = trp_call_sole(first, count, &since);
	if (sole && trp_deadlock_begin(sole, since, path)) {
		trp_call_fail(first, count, -EDEADLK, path);
		return 0;
	}
	if (!sole)
		trp_status_wait(trp_self.status,
				&(struct trp_wait_note) {
					.what = TROUPE_WAITS_ANSWER,
					.type = trp_status_read(
						&trp_self.status->called),
					.since = since });
	r = trp_loop_sleep(take, TROUPE_NEVER);
	if (sole)
		trp_deadlock_end();
	else
		trp_status_go_on(trp_self.status);
	if (r == 0)
		trp_call_expire(troupe_now());
	return r;
}

/* Blocks until `pending`, the calls of those proxies, is 0.  0; -ECANCELED. */
static int await(const struct troupe_proxy *first, size_t count,
		 const unsigned *pending)
{
	int64_t begin = *pending ? trp_trace_begin() : 0;
	int r = 0;

	trp_call_run_refused(); /* also when told to stop */
	trp_await_take_ends();
	while (*pending && r == 0) {
		r = trp_self.is_stopping ? -ECANCELED : block(first, count);
		if (r == 0)
			trp_await_take_ends();
	}
	trp_trace_span("wait", "await", begin);
	return r;
}

int troupe_await(struct troupe_proxy *proxy)
{
	int r = await(proxy, 1, &proxy->pending);

	if (r < 0)
		return r;
	r = proxy->private_failure;
	proxy->private_failure = 0;
	return r;
}

/* ---- one question to many ------------------------------------------------ */

/*
 * Each target has its own proxy; the answers are copied, as they outlive the
 * closures that get them.  `pending` counts the targets without result, and one
 * more while the question is asked.  One more proxy has the questions that are
 * refused meanwhile.
 */

/* The closure data of one target, behind the answers. */
struct place {
	struct troupe_gather *gather;
	size_t index;
};

static struct place *places_of(const struct troupe_gather *gather)
{
	return (struct place *)(gather->answer + gather->count);
}

static void clear(struct troupe_gather *gather)
{
	for (size_t i = 0; i < gather->count; i++) {
		if (gather->answer[i])
			protobuf_c_message_free_unpacked(gather->answer[i],
							 NULL);
		gather->answer[i] = NULL;
	}
	gather->failed = 0;
}

static unsigned unanswered(const struct troupe_gather *gather)
{
	unsigned count = 0;

	for (size_t i = 0; i < gather->count; i++)
		count += gather->proxy[i].pending;
	return count;
}

static void settle(struct troupe_gather *gather)
{
	ProtobufCClosure closure = gather->private_closure;

	TRP_CHECK(assert(gather->pending > 0));
	if (--gather->pending)
		return;
	gather->error = 0;
	for (size_t i = 0; i < gather->count; i++) {
		if (!gather->proxy[i].error)
			continue;
		gather->failed++;
		if (!gather->error)
			gather->error = gather->proxy[i].error;
	}
	gather->private_closure = NULL;
	if (closure)
		closure(NULL, gather->private_data);
}

static void take(const ProtobufCMessage *answer, void *data)
{
	const struct place *place = data;
	struct troupe_gather *gather = place->gather;

	TRP_CHECK(assert(!gather->answer[place->index]));
	if (answer) {
		gather->answer[place->index] = trp_message_copy(answer);
		if (!gather->answer[place->index])
			gather->proxy[place->index].error = -ENOMEM;
	}
	settle(gather);
}

static void invoke(ProtobufCService *service, unsigned method,
		   const ProtobufCMessage *input, ProtobufCClosure closure,
		   void *data)
{
	struct troupe_gather *gather = (struct troupe_gather *)service;
	int64_t deadline = gather->timeout_ms < 0
				   ? INT64_MAX
				   : troupe_in_ms(gather->timeout_ms).ns;

	if (gather->pending || gather->timeout_ms < -1) {
		gather->error = gather->pending ? -EBUSY : -EINVAL;
		if (closure)
			trp_call_refuse(&gather->proxy[gather->count], closure,
					data, gather->error, &gather->error);
		return;
	}
	clear(gather);
	gather->private_closure = closure;
	gather->private_data = data;
	gather->pending = closure ? (unsigned)gather->count + 1 : 1;
	for (size_t i = 0; i < gather->count; i++)
		trp_call_start(&gather->proxy[i], method, input,
			       closure ? take : NULL, &places_of(gather)[i],
			       closure ? deadline : INT64_MAX);
	TRP_CHECK(
		assert(!closure || gather->pending == 1 + unanswered(gather)));
	settle(gather);
}

int troupe_gather_init(struct troupe_gather *gather, const troupe_ref *targets,
		       size_t count, const ProtobufCServiceDescriptor *service)
{
	struct troupe_proxy *proxy;
	ProtobufCMessage **answer;

	if (!count)
		return -EINVAL;
	proxy = calloc(count + 1, sizeof(*proxy));
	answer = calloc(count, sizeof(*answer) + sizeof(struct place));
	if (!proxy || !answer) {
		free(proxy);
		free(answer);
		return -ENOMEM;
	}
	*gather = (struct troupe_gather) {
		.base = { .descriptor = service, .invoke = invoke },
		.timeout_ms = 5000,
		.count = count,
		.proxy = proxy,
		.answer = answer,
	};
	for (size_t i = 0; i < count; i++) {
		troupe_proxy_init(&proxy[i], targets[i], service);
		places_of(gather)[i] = (struct place) { gather, i };
	}
	return 0;
}

int troupe_gather_await(struct troupe_gather *gather)
{
	int r = await(gather->proxy, gather->count, &gather->pending);

	return r < 0 ? r : gather->error;
}

void troupe_gather_fini(struct troupe_gather *gather)
{
	if (!gather->count)
		return;
	trp_call_forget(gather->proxy, gather->count + 1);
	clear(gather);
	free(gather->proxy);
	free(gather->answer);
	*gather = (struct troupe_gather) { 0 };
}
