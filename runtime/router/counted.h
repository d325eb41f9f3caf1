/* SPDX-License-Identifier: MIT */
#pragma once

/* Calls to one member, where the router wants to know how many each has. */

#include "runtime/router/table.h"

/* Does it? */
bool trp_counted_is_on(const struct trp_router *router);

/*
 * Makes a call by invoke(), with a closure that runs `closure`.
 */
void trp_counted_call(struct trp_router *router, unsigned method,
		      const ProtobufCMessage *input, ProtobufCClosure closure,
		      void *data);

/* The call that is being made has gone to that member. */
void trp_counted_sent(struct trp_router *router, troupe_ref to);
/* The call whose closure has that data has gone there. */
void trp_counted_moved(struct trp_router *router, void *data, troupe_ref to);

/* The router is closed: their closures do not run. */
void trp_counted_forget(struct trp_router *router);
