/* SPDX-License-Identifier: MIT */
#pragma once

/* Messages and calls to all members. */

#include "runtime/router/table.h"

/* As troupe_route(). */
int trp_spread_message(struct trp_router *router,
		       const ProtobufCMessage *message);

/*
 * Asks each member; the closure runs once, with the last or the first answer.
 * A call without closure is one message to each.
 */
void trp_spread_call(struct trp_router *router, unsigned method,
		     const ProtobufCMessage *input, ProtobufCClosure closure,
		     void *data);

/* The router is closed: their closures do not run. */
void trp_spread_forget(struct trp_router *router);
