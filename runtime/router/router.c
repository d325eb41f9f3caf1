/* SPDX-License-Identifier: MIT */
#include "runtime/troupe_router.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include "runtime/actor/call.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/memory_policy.h"
#include "runtime/actor/post.h"
#include "runtime/actor/send.h"
#include "runtime/actor/target_watch.h"
#include "runtime/router/counted.h"
#include "runtime/router/deliver.h"
#include "runtime/router/follow.h"
#include "runtime/router/pool.h"
#include "runtime/router/rescue.h"
#include "runtime/router/spread.h"

/* ---- one member ---------------------------------------------------------- */

/* The policy of the class decides where all are full. */
static int send_one(struct trp_router *router, struct trp_envelope *envelope,
		    const ProtobufCMessage *message, troupe_ref *ret_to)
{
	struct trp_delivery parcel = { .envelope = envelope,
				       .message = message };
	int r = trp_memory_policy_check(0, message, envelope);

	router->user->reached = 0;
	if (r < 0)
		return r;
	if (router->held)
		trp_rescue_again(router);
	*ret_to = 0;
	r = trp_deliver(router, &parcel, ret_to);
	if (r == -EAGAIN)
		r = trp_send_mail(*ret_to, envelope, message, NULL);
	else if (r == -ESRCH)
		trp_dead_letters_sent(TROUPE_DEAD_TARGET, 0, envelope, message);
	router->user->reached = r == 0;
	router->user->count = router->members.count;
	return r;
}

/* Without an envelope: a call waits that could not be sent again. */
static int send_call(struct troupe_proxy *proxy, struct trp_envelope *envelope,
		     const ProtobufCMessage *input, troupe_ref *ret_target)
{
	struct trp_router *router =
		((struct troupe_router *)proxy)->private_router;
	int r;

	if (!envelope) {
		trp_rescue_again(router);
		return 0;
	}
	r = send_one(router, envelope, input, ret_target);
	if (r == 0)
		trp_counted_sent(router, *ret_target);
	return r;
}

static bool is_to_all(const struct troupe_router *user)
{
	return user->by == TROUPE_BROADCAST || user->by == TROUPE_FIRST_ANSWER;
}

static void invoke(ProtobufCService *service, unsigned method,
		   const ProtobufCMessage *input, ProtobufCClosure closure,
		   void *data)
{
	struct troupe_router *user = (struct troupe_router *)service;
	struct trp_router *router = user->private_router;

	trp_follow_catch_up(router);
	trp_pool_prepare(router);
	if (is_to_all(user))
		trp_spread_call(router, method, input, closure, data);
	else if (closure && trp_counted_is_on(router))
		trp_counted_call(router, method, input, closure, data);
	else
		router->invoke(service, method, input, closure, data);
	user->count = router->members.count;
}

int troupe_route(struct troupe_router *user, const ProtobufCMessage *message)
{
	struct trp_router *router = user ? user->private_router : NULL;
	struct trp_envelope envelope;
	troupe_ref to;
	int r;

	if (!router || !trp_message_is_valid(message))
		return -EINVAL;
	trp_follow_catch_up(router);
	trp_pool_prepare(router);
	if (is_to_all(user)) {
		r = trp_spread_message(router, message);
		user->count = router->members.count;
		return r;
	}
	envelope = trp_actor_post_envelope(TRP_MESSAGE);
	return send_one(router, &envelope, message, &to);
}

/* ---- its life ------------------------------------------------------------ */

static void set_up(struct trp_router *router, struct troupe_router *user,
		   const ProtobufCServiceDescriptor *service)
{
	int64_t timeout_ms = user->proxy.timeout_ms;

	router->user = user;
	router->held_last = &router->held;
	if (getrandom(&router->random, sizeof(router->random), GRND_NONBLOCK) <
		    0 ||
	    !router->random)
		router->random = (uint64_t)troupe_now().ns;
	troupe_proxy_init(&user->proxy, 0, service);
	if (timeout_ms)
		user->proxy.timeout_ms = timeout_ms;
	router->invoke = user->proxy.base.invoke;
	user->proxy.base.invoke = invoke;
	if (!is_to_all(user))
		user->proxy.private_send = send_call;
	user->private_router = router;
}

int troupe_router_open(struct troupe_router *user,
		       const ProtobufCServiceDescriptor *service)
{
	struct trp_router *router;
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (!user || (unsigned)user->by > TROUPE_FIRST_ANSWER ||
	    (user->by == TROUPE_BY_KEY && !user->key))
		return -EINVAL;
	if (user->private_router)
		return -EALREADY;
	router = calloc(1, sizeof(*router));
	if (!router)
		return -ENOMEM;
	router->user = user;
	r = trp_router_table_add(router, !is_to_all(user));
	if (r < 0) {
		free(router);
		return r;
	}
	trp_rescue_begin();
	set_up(router, user, service);
	r = trp_pool_open(router);
	if (r < 0)
		troupe_router_close(user);
	return r;
}

void troupe_router_close(struct troupe_router *user)
{
	struct trp_router *router = user ? user->private_router : NULL;

	if (!router)
		return;
	trp_pool_close(router);
	trp_follow_end(router);
	trp_call_forget(&user->proxy, 1);
	trp_counted_forget(router);
	trp_spread_forget(router);
	trp_rescue_give_up(router);
	trp_router_table_remove(router);
	trp_router_members_fini(&router->members);
	trp_router_members_fini(&router->former);
	free(router);
	user->private_router = NULL;
	user->proxy = (struct troupe_proxy) { 0 };
}

/* ---- members ------------------------------------------------------------- */

int troupe_router_add(struct troupe_router *user, troupe_ref ref)
{
	struct trp_router *router = user ? user->private_router : NULL;
	int r;

	if (!router || !(trp_ref_is_here(ref) || trp_ref_is_elsewhere(ref)))
		return -EINVAL;
	if (!trp_router_table_lives(ref))
		return -ESRCH;
	r = trp_router_members_add(&router->members, ref);
	if (r < 0)
		return r;
	trp_router_members_remove(&router->former, ref);
	trp_target_watch(ref);
	user->count = router->members.count;
	trp_rescue_again(router);
	return 0;
}

int troupe_router_remove(struct troupe_router *user, troupe_ref ref)
{
	struct trp_router *router = user ? user->private_router : NULL;

	if (!router || !trp_router_members_find(&router->members, ref))
		return -ENOENT;
	trp_router_table_leave(router, ref);
	user->count = router->members.count;
	return 0;
}

size_t troupe_router_members(struct troupe_router *user, troupe_ref *ret_refs,
			     size_t room)
{
	struct trp_router *router = user ? user->private_router : NULL;

	if (!router)
		return 0;
	trp_follow_catch_up(router);
	trp_router_table_prune(router);
	for (size_t i = 0; i < router->members.count && i < room; i++)
		ret_refs[i] = router->members.at[i].ref;
	return user->count = router->members.count;
}
