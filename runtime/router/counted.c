/* SPDX-License-Identifier: MIT */
#include "runtime/router/counted.h"

#include <stdlib.h>

struct trp_counted {
	struct trp_counted *next, **link;
	struct trp_router *router;
	troupe_ref to; /* 0: it was not sent (yet) */
	ProtobufCClosure closure;
	void *data;
};

static struct trp_counted *sending;

bool trp_counted_is_on(const struct trp_router *router)
{
	return router->user->each || router->user->by == TROUPE_LEAST_UNREAD;
}

static void release(struct trp_counted *one)
{
	*one->link = one->next;
	if (one->next)
		one->next->link = one->link;
	free(one);
}

/* From `one` to that member. */
static void move(struct trp_counted *one, troupe_ref to)
{
	const struct trp_router_members *members = &one->router->members;
	struct trp_router_member *member =
		trp_router_members_find(members, one->to);

	if (member)
		member->calls--;
	member = trp_router_members_find(members, to);
	if (member)
		member->calls++;
	one->to = to;
}

static void completed(const ProtobufCMessage *answer, void *data)
{
	struct trp_counted done = *(struct trp_counted *)data;

	move(data, 0);
	release(data);
	done.closure(answer, done.data);
}

void trp_counted_call(struct trp_router *router, unsigned method,
		      const ProtobufCMessage *input, ProtobufCClosure closure,
		      void *data)
{
	ProtobufCService *service = &router->user->proxy.base;
	struct trp_counted *one = malloc(sizeof(*one));

	if (!one) { /* It goes all the same. */
		router->invoke(service, method, input, closure, data);
		return;
	}
	*one = (struct trp_counted) { .next = router->counted,
				      .link = &router->counted,
				      .router = router,
				      .closure = closure,
				      .data = data };
	if (one->next)
		one->next->link = &one->next;
	router->counted = one;
	sending = one;
	router->invoke(service, method, input, completed, one);
	sending = NULL;
}

void trp_counted_sent(struct trp_router *router, troupe_ref to)
{
	if (sending)
		move(sending, to);
	sending = NULL;
}

void trp_counted_moved(struct trp_router *router, void *data, troupe_ref to)
{
	struct trp_counted *one = router->counted;

	/* One that found no memory is not counted, and data is not ours. */
	while (one && one != data)
		one = one->next;
	if (one)
		move(one, to);
}

void trp_counted_forget(struct trp_router *router)
{
	struct trp_counted *one;

	while ((one = router->counted)) {
		router->counted = one->next;
		free(one);
	}
}
