/* SPDX-License-Identifier: MIT */
/* Proxies: services whose calls are messages to one target. */
#include <errno.h>
#include "runtime/actor/call.h"
#include "runtime/actor/post.h"

static void invoke(ProtobufCService *service, unsigned method,
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
	trp_call_ask(proxy, method, &envelope, input, closure, data);
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
		.pending = trp_call_count(proxy),
	};
	if (!proxy->pending)
		return;
	trp_call_fail(proxy, 1, -ECANCELED, "its proxy was initialised anew");
	proxy->error = proxy->private_failure = 0;
	proxy->reason = (struct troupe_reason) { 0 };
}
