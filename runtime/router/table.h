/* SPDX-License-Identifier: MIT */
#pragma once

/* The routers that are open in this actor. */

#include "runtime/router/members.h"
#include "runtime/troupe_router.h"
#include "runtime/troupe_send.h"

struct trp_router {
	struct trp_router *next;
	struct troupe_router *user;
	unsigned number; /* in envelopes; 0: it sends to all, or is closed */
	struct trp_router_members members;
	/* Those that may have mail of it, and get no more. */
	struct trp_router_members former;
	char group[TROUPE_NAME_SIZE]; /* that it follows, or "" */
	uint64_t choices;	      /* so many were made */
	uint64_t random;

	/* rescue.c: mail that waits for room, or for a member. */
	struct trp_rescued *held, **held_last;
	struct troupe_room room;
	struct troupe_timer later;

	struct trp_spread *asked; /* spread.c: calls to all */

	/* router.c: calls to one that are counted. */
	struct trp_counted *counted;
	void (*invoke)(ProtobufCService *service, unsigned method,
		       const ProtobufCMessage *input, ProtobufCClosure closure,
		       void *data);

	struct troupe_timer pool; /* pool.c */
	int64_t pause_ms, short_at;
	bool is_short; /* the timer is set to start others */
};

/* 0; -EMFILE: a number is wanted, and none is free. */
int trp_router_table_add(struct trp_router *router, bool wants_number);
void trp_router_table_remove(struct trp_router *router);

/* NULL: there is none (any more) that has sent to that actor. */
struct trp_router *trp_router_table_find(unsigned number, troupe_ref to);
void trp_router_table_each(void (*visit)(struct trp_router *router,
					 troupe_ref ref),
			   troupe_ref ref);

/* Does that actor live, in any incarnation? */
bool trp_router_table_lives(troupe_ref ref);
/* Members that have ended leave. */
void trp_router_table_prune(struct trp_router *router);

/* A member is none any more; it has mail. */
void trp_router_table_leave(struct trp_router *router, troupe_ref ref);
