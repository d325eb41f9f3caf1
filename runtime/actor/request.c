/* SPDX-License-Identifier: MIT */
#include "runtime/actor/request.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "ipc/mailbox_receive.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/post.h"
#include "runtime/actor/take.h"
#include "runtime/node/trace.h"

/*
 * Sleeps for the answer.  `again`: when to check whether a ring was lost on
 * either side; the pauses double, so a long wait costs few wakes.
 */
static int sleep_on(int64_t since, struct troupe_time *again)
{
	const struct trp_wait_note note = { .what = TROUPE_WAITS_SUPERVISOR,
					    .since = since };
	int64_t now;
	int r;

	trp_status_wait(trp_self.status, &note);
	r = trp_loop_sleep(TRP_TAKE_CONTROL, *again);
	trp_status_go_on(trp_self.status);
	now = trp_time_now().ns;

	if (now < again->ns)
		return r;
	trp_mailbox_receive_look_again(&trp_self.mailbox, TRP_SLOT_SUPERVISOR);
	again->ns = 2 * now - since;
	return r;
}

static int ask(const ProtobufCMessage *request, bool may_be_late)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);
	struct trp_open_request *open = &trp_self.request;
	struct troupe_time again = { envelope.created + TRP_LOOK_NS };
	int64_t begin = trp_trace_begin();
	int r;

	assert(!open->id);
	*open = (struct trp_open_request) { .id = trp_self_id() };
	envelope.correlation = open->id;
	r = trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, request,
			   NULL);
	while (r >= 0 && !open->is_answered) {
		r = trp_take(TRP_TAKE_CONTROL);
		if (r == TRP_STEP_IDLE)
			r = sleep_on(envelope.created, &again);
		if (may_be_late && trp_self.is_stopping && !open->is_answered)
			r = -ECANCELED;
		if (!trp_self.ref)
			r = -ESHUTDOWN;
	}
	assert(open->id == envelope.correlation);
	open->id = 0;
	trp_trace_span("wait", request->descriptor->short_name, begin);
	if (r >= 0)
		r = open->result;
	if (r < 0) {
		free(open->more.data);
		open->more = (ProtobufCBinaryData) { 0 };
	}
	return r;
}

int trp_actor_request(const ProtobufCMessage *request, troupe_ref *ret_ref)
{
	int r = ask(request, false);

	if (r >= 0 && ret_ref)
		*ret_ref = trp_self.request.ref;
	return r;
}

int trp_actor_request_late(const ProtobufCMessage *request, troupe_ref *ret_ref)
{
	int r = ask(request, true);

	if (r >= 0 && ret_ref)
		*ret_ref = trp_self.request.ref;
	return r;
}

int trp_actor_request_more(const ProtobufCMessage *request,
			   ProtobufCBinaryData *ret_more)
{
	int r = ask(request, false);

	if (r >= 0)
		*ret_more = trp_self.request.more;
	return r;
}
