/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Requests of actors to the supervisor and its modules: tables, type of message
 * -> function (module.h).  A function returns 0 or a negative errno, which is
 * the answer, together with `answer`; or a positive value: the answer follows
 * by trp_notify_tell() with a control.Answer and the correlation.
 */

#include <protobuf-c/protobuf-c.h>
#include "runtime/node/ref.h"

struct trp_supervisor;
struct trp_child;

struct trp_request {
	struct trp_supervisor *supervisor;
	void *module; /* the state of the module */
	troupe_ref sender;
	uint32_t slot;		 /* its */
	struct trp_child *child; /* the same, alive */
	uint64_t correlation;	 /* 0: no answer is wanted */
	const void *message;	 /* of that type, until the function returns */
	troupe_ref answer;
	ProtobufCBinaryData more; /* freed after the answer */
};

/* Takes and answers one request.  1 or 0. */
int trp_supervisor_requests_turn(struct trp_supervisor *supervisor);
