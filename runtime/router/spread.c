/* SPDX-License-Identifier: MIT */
#include "runtime/router/spread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/backtrace.h"
#include "runtime/actor/call.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/memory_policy.h"
#include "runtime/actor/overflow.h"
#include "runtime/actor/post.h"
#include "runtime/troupe_backtrace.h"
#include "serialize/type.h"

/* ---- messages ------------------------------------------------------------ */

/* To each, in the order of joining.  Those that are gone leave. */
static int post_all(struct trp_router *router, struct trp_envelope *envelope,
		    const ProtobufCMessage *message,
		    const ProtobufCBinaryData *body)
{
	int r, result = 0;
	size_t i = 0;

	router->user->reached = 0;
	while (i < router->members.count) {
		troupe_ref to = router->members.at[i].ref;

		r = trp_actor_post_packed(to, envelope, body->data, body->len);
		if (r == -ESRCH || r == -EHOSTUNREACH) {
			trp_router_table_leave(router, to);
			continue;
		}
		i++;
		if (r == 0) {
			router->user->reached++;
			continue;
		}
		result = r;
		if (r == -EAGAIN)
			trp_dead_letters_sent(
				trp_overflow_is_dropped(to, envelope)
					? TROUPE_DEAD_DROPPED
					: TROUPE_DEAD_REFUSED,
				to, envelope, message);
	}
	return router->user->reached ? 0 : result;
}

static int spread(struct trp_router *router, struct trp_envelope *envelope,
		  const ProtobufCMessage *message)
{
	ProtobufCBinaryData body = { 0 };
	int r;

	if (!trp_message_is_valid(message))
		return -EINVAL;
	r = trp_memory_policy_check(0, message, envelope);
	if (r == 0)
		r = trp_message_to_bytes(message, &body);
	if (r < 0)
		return r;
	envelope->type = trp_type_of(message->descriptor);
	r = post_all(router, envelope, message, &body);
	free(body.data);
	return r;
}

int trp_spread_message(struct trp_router *router,
		       const ProtobufCMessage *message)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_MESSAGE);

	return spread(router, &envelope, message);
}

/* ---- calls --------------------------------------------------------------- */

/*
 * Each member has a proxy of its own, for its error.  The call is over for the
 * user's proxy when `is_done`; the rest, which the first answer has overtaken,
 * stays until it has come, as late answers are dead letters.
 */
struct trp_spread {
	struct trp_spread *next, **link;
	struct trp_router *router; /* NULL: it was closed */
	ProtobufCClosure closure;
	void *data;
	bool is_first; /* that counts */
	bool is_done;
	bool is_running;		   /* its closure */
	const struct troupe_proxy *failed; /* the first that has; or NULL */
	size_t left, count;
	struct trp_asked {
		struct troupe_proxy proxy;
		struct trp_spread *spread;
	} asked[];
};

static void unlink_spread(struct trp_spread *spread)
{
	if (spread->failed)
		trp_backtrace_keep(spread->failed, NULL);
	*spread->link = spread->next;
	if (spread->next)
		spread->next->link = spread->link;
	free(spread);
}

static void finish(struct trp_spread *spread, const ProtobufCMessage *answer)
{
	struct troupe_proxy *proxy = &spread->router->user->proxy;
	const struct troupe_proxy *failed = answer ? NULL : spread->failed;

	spread->is_done = true;
	assert(proxy->pending > 0);
	proxy->pending--;
	proxy->error = failed ? failed->error : 0;
	proxy->reason = failed ? failed->reason : (struct troupe_reason) { 0 };
	if (!proxy->private_failure)
		proxy->private_failure = proxy->error;
	trp_backtrace_keep(proxy, troupe_proxy_backtrace(failed));
	spread->is_running = true;
	spread->closure(answer, spread->data);
	spread->is_running = false;
}

static void take(const ProtobufCMessage *answer, void *data)
{
	struct trp_asked *asked = data;
	struct trp_spread *spread = asked->spread;

	spread->left--;
	if (!answer && !spread->failed)
		spread->failed = &asked->proxy;
	else
		trp_backtrace_keep(&asked->proxy, NULL);
	if (!spread->is_done && ((answer && spread->is_first) || !spread->left))
		/* Of all that are to answer, one has failed. */
		finish(spread,
		       spread->is_first || !spread->failed ? answer : NULL);
	if (!spread->left || !spread->router)
		unlink_spread(spread);
}

static struct trp_spread *begin(struct trp_router *router,
				ProtobufCClosure closure, void *data)
{
	size_t count = router->members.count;
	struct trp_spread *spread =
		calloc(1, sizeof(*spread) + count * sizeof(*spread->asked));

	if (!spread)
		return NULL;
	spread->router = router;
	spread->closure = closure;
	spread->data = data;
	spread->is_first = router->user->by == TROUPE_FIRST_ANSWER;
	spread->left = spread->count = count;
	spread->next = router->asked;
	spread->link = &router->asked;
	if (spread->next)
		spread->next->link = &spread->next;
	router->asked = spread;
	return spread;
}

static void send_one_way(struct trp_router *router, unsigned method,
			 const ProtobufCMessage *input)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CALL);
	struct troupe_proxy *proxy = &router->user->proxy;

	envelope.service = trp_type_of_service(proxy->base.descriptor);
	envelope.method = (uint16_t)method;
	proxy->error = spread(router, &envelope, input);
}

void trp_spread_call(struct trp_router *router, unsigned method,
		     const ProtobufCMessage *input, ProtobufCClosure closure,
		     void *data)
{
	struct troupe_proxy *proxy = &router->user->proxy;
	int64_t deadline = proxy->timeout_ms < 0
				   ? INT64_MAX
				   : troupe_in_ms(proxy->timeout_ms).ns;
	struct trp_spread *spread;

	if (!closure) {
		send_one_way(router, method, input);
		return;
	}
	trp_router_table_prune(router);
	spread = router->members.count ? begin(router, closure, data) : NULL;
	if (!spread) {
		trp_call_refuse(proxy, closure, data,
				router->members.count ? -ENOMEM : -ESRCH,
				&proxy->error);
		return;
	}
	proxy->pending++;
	for (size_t i = 0; i < spread->count; i++) {
		struct trp_asked *asked = &spread->asked[i];

		asked->proxy.base.descriptor = proxy->base.descriptor;
		asked->proxy.target = router->members.at[i].ref;
		asked->spread = spread;
		trp_call_start(&asked->proxy, method, input, take, asked,
			       deadline);
	}
}

void trp_spread_forget(struct trp_router *router)
{
	struct trp_spread *spread;

	while ((spread = router->asked)) {
		for (size_t i = 0; i < spread->count; i++)
			trp_call_forget(&spread->asked[i].proxy, 1);
		router->asked = spread->next;
		if (!spread->is_running) {
			free(spread);
			continue;
		}
		/* Its closure closes the router; take() frees it. */
		spread->router = NULL;
		spread->next = NULL;
		spread->link = &spread->next;
	}
}
