/* SPDX-License-Identifier: MIT */
/* Every way out of an actor: envelopes, packing, requests. */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/actor.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/actor/guest.h"
#include "runtime/node/post.h"
#include "runtime/node/trace.h"

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
		.flow = trp_actor.handled.flow,
		.hop = trp_envelope_next_hop(trp_actor.handled.hop),
		.kind = (uint8_t)kind,
		.cpu = (uint16_t)sched_getcpu(),
	};

	if (!envelope.flow) {
		envelope.flow = trp_actor.self << 32 | (uint32_t)trp_actor_id();
		envelope.hop = 0;
	}
	if (trp_trace_is_on && kind != TRP_CONTROL &&
	    (trp_actor.handled.is_traced || !trp_actor.handled.flow) &&
	    trp_trace_may(envelope.created))
		envelope.flags = TRP_TRACED;
	return envelope;
}

int trp_actor_post(troupe_ref to, enum trp_stream stream,
		   struct trp_envelope *envelope,
		   const ProtobufCMessage *message,
		   const struct trp_extent *attachment)
{
	int r;

	if (!trp_actor.self || trp_actor.is_guest) {
		r = trp_guest_check();
		if (r < 0)
			return r;
	}
	if (!trp_ref_is_here(to))
		return to ? -ESRCH : -EINVAL;
	r = trp_node_post(&trp_actor.box, to, stream, envelope, message,
			  attachment);
	if (r < 0) {
		trp_status_count(&trp_actor.status->refused);
		return r;
	}
	trp_status_count(&trp_actor.status->sent);
	if (envelope->flags)
		trp_trace_sent(envelope);
	return 0;
}

/* blank: where the answer goes. */
static int ask(const ProtobufCMessage *request, struct trp_open_request blank)
{
	struct trp_envelope envelope = trp_actor_envelope(TRP_CONTROL);
	struct trp_open_request *open = &trp_actor.request;
	int64_t begin = trp_trace_begin();
	int r;

	assert(!open->id);
	*open = blank;
	open->id = trp_actor_id();
	envelope.correlation = open->id;
	r = trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, request,
			   NULL);
	while (r >= 0 && !open->is_answered) {
		r = trp_actor_take(TRP_TAKE_CONTROL);
		if (r == 0)
			r = trp_actor_sleep(TRP_TAKE_CONTROL, TROUPE_NEVER);
		if (!trp_actor.self)
			r = -ESHUTDOWN;
	}
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
	int r = ask(request, (struct trp_open_request) { 0 });

	if (r >= 0 && ret_ref)
		*ret_ref = trp_actor.request.ref;
	return r;
}

int trp_actor_request_text(const ProtobufCMessage *request, char *buffer,
			   size_t size)
{
	return ask(request, (struct trp_open_request) { .text = buffer,
							.text_size = size });
}

int trp_actor_ask(const ProtobufCMessage *request,
		  ProtobufCBinaryData *ret_more)
{
	int r = ask(request, (struct trp_open_request) { 0 });

	if (r >= 0)
		*ret_more = trp_actor.request.more;
	return r;
}
