/* SPDX-License-Identifier: MIT */
/* Calls of methods, by name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/test/failure.h"
#include "runtime/test/patience.h"
#include "runtime/test/told.h"
#include "runtime/troupe_test.h"
#include "serialize/message.h"

/* Static, as a call that is given up completes later. */
static struct {
	struct troupe_proxy proxy;
	bool is_done;

	ProtobufCMessage *answer;
} call;

/* It is valid during the closure alone. */
static void take(const ProtobufCMessage *answer, void *data)
{
	ProtobufCBinaryData bytes = { 0 };

	call.is_done = true;
	if (!answer || trp_message_to_bytes(answer, &bytes) < 0)
		return;
	call.answer = protobuf_c_message_unpack(answer->descriptor, NULL,
						bytes.len, bytes.data);
	free(bytes.data);
}

const void *(troupe_test_call)(troupe_ref to,
			       const ProtobufCServiceDescriptor *service,
			       const char *method,
			       const ProtobufCMessage *input, int64_t ms)
{
	const ProtobufCMethodDescriptor *called;
	char text[TRP_TOLD_SIZE];
	int r = -ENOSYS;

	if (!service || !method || !input) {
		trp_failure_tell("a call needs a service, a method and an "
				 "input");
		return NULL;
	}
	called = protobuf_c_service_descriptor_get_method_by_name(service,
								  method);
	if (call.answer)
		protobuf_c_message_free_unpacked(call.answer, NULL);
	call.answer = NULL;
	call.is_done = false;
	troupe_proxy_init(&call.proxy, to, service);
	call.is_done = false; /* The closure of one that was given up ran. */
	call.proxy.timeout_ms = -1;
	if (called) {
		call.proxy.base.invoke(&call.proxy.base,
				       (unsigned)(called - service->methods),
				       input, take, NULL);
		r = trp_patience_until(&call.is_done, ms);
	}
	if (r == 0 && call.answer)
		return call.answer;
	if (r == 0)
		trp_failure_tell("expected an answer of %s.%s; it failed: "
				 "error %d%s%s",
				 service->name, method, call.proxy.error,
				 *call.proxy.reason.text ? ", " : "",
				 call.proxy.reason.text);
	else if (r == -ETIMEDOUT)
		trp_failure_tell("expected an answer of %s.%s within %lld ms%s",
				 service->name, method,
				 (long long)trp_patience_ms(ms),
				 trp_told_state(to, text));
	else
		trp_failure_tell(
			"expected an answer of %s.%s: %s", service->name,
			method, r == -ENOSYS ? "no such method" : strerror(-r));
	return NULL;
}
