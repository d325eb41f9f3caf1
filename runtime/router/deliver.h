/* SPDX-License-Identifier: MIT */
#pragma once

/* A message or a call to one member. */

#include "runtime/router/table.h"
#include "serialize/envelope.h"

/* A message, or a body that is packed already. */
struct trp_delivery {
	struct trp_envelope *envelope;
	const ProtobufCMessage *message;
	const void *body; /* where there is no message */
	size_t size;
};

/*
 * 0 and the member; -EAGAIN: all are full, and *ret_to is the first of them;
 * -ESRCH: there are no members; or as troupe_send().  Those that are gone
 * leave.
 */
int trp_deliver(struct trp_router *router, const struct trp_delivery *parcel,
		troupe_ref *ret_to);
