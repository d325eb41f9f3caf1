/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_ROUTER_H
#define TROUPE_ROUTER_H

/*
 * Routers: one target that spreads messages and calls over its members, without
 * a process in between.  A router is memory of the actor that sends by it.
 * Errors and ownership as in troupe.h.
 */

#include "troupe_call.h"
#include "troupe_class.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The member that gets a message or a call. */
enum troupe_routing {
	TROUPE_ROUND_ROBIN,
	TROUPE_LEAST_UNREAD, /* mail, from any sender; then least at work */
	TROUPE_RANDOM,
	TROUPE_BY_KEY,	  /* the same for the same key, as long as it lives */
	TROUPE_BROADCAST, /* all; a call completes with their last answer */
	TROUPE_FIRST_ANSWER, /* all; a call completes with their first answer */
};

/*
 * Zeroed, with the members down to idle_ms set as wanted, before
 * troupe_router_open(); it stays in place until troupe_router_close().
 *
 * Calls go by &router.proxy.base, and complete as those of any proxy; so
 * troupe_await(&router.proxy) waits for them.
 *
 * A member that has ended is none any more, and its mail that it has not taken,
 * messages and calls, goes to the others; it waits for one if there is none.
 * Not so of mail to all, of which each of the others has its own.
 * Members may be of other nodes: they leave when their node is lost, and what
 * they had not taken is not given to others.
 * A member that is being restarted is passed over while another is up.  One
 * with a full mailbox is passed over as well, but not by key: its messages
 * would overtake each other.  So -EAGAIN means that all are full.
 */
struct troupe_router {
	struct troupe_proxy proxy; /* timeout_ms: 0: 5,000 */
	enum troupe_routing by;
	uint64_t (*key)(const ProtobufCMessage *message);

	/*
	 * A pool: children of this actor, of that class and with those
	 * arguments, which stay in place.  There are at least `least`; one more
	 * is started, up to `most`, when all have something to do, and one that
	 * has had nothing to do for idle_ms (0: 60,000) is closed.  One that
	 * has ended is replaced, after pauses from 0.1 to 15 s.
	 */
	const struct troupe_class *each;
	const ProtobufCMessage *arguments;
	uint32_t least, most;
	int32_t idle_ms;

	size_t count;	/* of members, at the last send */
	size_t reached; /* members that got the last message */
	struct trp_router *private_router;
};

/*
 * service: of the calls, or NULL.  0; -EINVAL: by key without a key, a pool
 * whose most is 0 or below its least; -EMFILE: this actor has 63 routers open
 * that do not broadcast; -EALREADY; -ENOMEM; of a pool also as troupe_spawn().
 */
TROUPE_API int troupe_router_open(struct troupe_router *router,
				  const ProtobufCServiceDescriptor *service);

/*
 * Calls that are pending are abandoned: their closures do not run.  A pool is
 * closed: its members end when they have handled what they got.  Mail that
 * waits for a member is lost, and is a dead letter.
 */
TROUPE_API void troupe_router_close(struct troupe_router *router);

/*
 * add: 0; -EALREADY; -ESRCH: it is gone; -EINVAL: no reference; -ENOMEM.
 * remove: 0, -ENOENT.  It handles what it got, but gets no more.
 */
TROUPE_API int troupe_router_add(struct troupe_router *router, troupe_ref ref);
TROUPE_API int troupe_router_remove(struct troupe_router *router,
				    troupe_ref ref);

/* The first `room` members; returns how many there are. */
TROUPE_API size_t troupe_router_members(struct troupe_router *router,
					troupe_ref *ret_refs, size_t room);

/*
 * Sends a message, as troupe_send(), and sets `reached`.  To all, it is packed
 * once.  0, if one got it, and for a broadcast without members; -EAGAIN: all
 * are full; -ESRCH: there are no members; or as troupe_send().
 */
TROUPE_API int troupe_route(struct troupe_router *router,
			    const ProtobufCMessage *message);

#ifdef __cplusplus
}
#endif

#endif
