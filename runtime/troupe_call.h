/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_CALL_H
#define TROUPE_CALL_H

/* Asking and replying; as troupe.h. */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct trp_envelope;

/*
 * A proxy is a ProtobufCService whose calls are messages: pass &proxy.base to
 * the client stubs that protoc-c generates.  A NULL closure is a one-way call.
 * Every other closure runs exactly once, from the main loop or a function that
 * waits (troupe_receive(), troupe_await() ...), with the answer, or with NULL
 * and the reason in proxy.error.  It never runs within the call, also when that
 * cannot be sent, so it may call again at once:
 *
 *	-ETIMEDOUT  no answer in time
 *	-ESRCH      the target is gone; proxy.reason says of what
 *	-EHOSTDOWN  the same, and it is restarted (troupe_restart.h)
 *	-ENOSYS     it has no such method, or NULL for it
 *	-EDEADLK    awaiting it would close a cycle; reason.text is the path
 *	-EAGAIN     its mailbox is full	      (others as troupe_send())
 *	-ECANCELED  troupe_proxy_init() of this proxy
 *	code        of the method that failed, see proxy.reason.text
 *
 * A one-way call that is refused has its error in proxy.error when it returns,
 * is counted in proxy.refused, fails the next troupe_await(), and is a dead
 * letter (troupe_dead_letters.h).
 *
 * The caller owns the struct, which must live until no call is pending.  init
 * may be called at any time: closures of pending calls run before it returns.
 * When a target has ended, its closures run before child_stopped or down.
 */
struct troupe_proxy {
	ProtobufCService base;
	troupe_ref target;
	int64_t timeout_ms; /* of each call; 5,000 at first; -1: for ever;
			     * other negative ones: -EINVAL */
	int error;	    /* of the last call that completed, or 0 */
	struct troupe_reason reason;
	unsigned pending;
	unsigned refused; /* one-way calls that were not sent */
	int private_failure;
	int64_t private_since;
	/* Of a router's: it chooses the target; or NULL.  Without an
	 * envelope: a call of it still has none. */
	int (*private_send)(struct troupe_proxy *proxy,
			    struct trp_envelope *envelope,
			    const ProtobufCMessage *input,
			    troupe_ref *ret_target);
	bool fails_fast; /* -EHOSTDOWN for all calls while it is down */
};

TROUPE_API void troupe_proxy_init(struct troupe_proxy *proxy, troupe_ref target,
				  const ProtobufCServiceDescriptor *service);

/*
 * Waits until every call of this proxy has completed; no handler runs
 * meanwhile, but closures do.  The actor that would close a cycle of awaits
 * detects that before it blocks: its calls fail with -EDEADLK and the path,
 * "a[12] -> b[13] -> a[12]", and the others go on.  Returns 0; the first error
 * among the calls that completed since the last await; or -ECANCELED (told to
 * stop).
 */
TROUPE_API int troupe_await(struct troupe_proxy *proxy);

/*
 * A proxy to many: a call of &gather.base asks each of the targets, and its
 * closure runs once, with NULL, when all have answered, failed, or the one
 * deadline has passed.  Until the next call or fini, for each target i
 *
 *	answer[i]	 its answer, or NULL
 *	proxy[i].error	 0, or why there is none; also proxy[i].reason
 *
 * One question at a time: another meanwhile is not asked, error -EBUSY; its
 * closure runs later, as that of any call.
 * The struct must stay where it is until fini.
 */
struct troupe_gather {
	ProtobufCService base;
	int64_t timeout_ms; /* of all together; as in a proxy */
	int error;	    /* of the first target in order that failed, or 0 */
	unsigned pending;   /* targets */
	unsigned failed;
	size_t count;
	struct troupe_proxy *proxy;
	ProtobufCMessage **answer;
	ProtobufCClosure private_closure;
	void *private_data;
};

/* targets: copied.  0, -EINVAL (none), -ENOMEM. */
TROUPE_API int troupe_gather_init(struct troupe_gather *gather,
				  const troupe_ref *targets, size_t count,
				  const ProtobufCServiceDescriptor *service);
/* Waits as troupe_await().  Returns gather->error, or -ECANCELED. */
TROUPE_API int troupe_gather_await(struct troupe_gather *gather);
/* Abandons pending calls; their closures do not run. */
TROUPE_API void troupe_gather_fini(struct troupe_gather *gather);

/*
 * Inside a method, `call` is its closure_data: reply(&answer, call) answers,
 * now or in a later callback, exactly once; NULL for &answer is -EREMOTEIO.
 * Each returns -EINVAL for a call that is over, if that is still known.
 * fail answers with an error.  forward passes the call to an actor of the same
 * service, which answers the original caller; only before the method returns.
 * Returns 0, or as troupe_send(); then the call must still be answered (but not
 * after fail's -ESRCH: its caller is gone).
 */
TROUPE_API int troupe_fail(void *call, int code, const char *text);
TROUPE_API int troupe_forward(void *call, troupe_ref to);
TROUPE_API troupe_ref troupe_caller(const void *call);

/*
 * delegate turns a call into a ticket, and this actor no longer answers it: put
 * the ticket's bytes into a message, and any actor that has them answers the
 * caller, once.  The end of the actor that was asked ends the call; the end of
 * a holder of the ticket or of a forwarded call does not, but the deadline
 * does.  delegate returns 0; the others -EBADMSG: no ticket; -EPROTOTYPE: not
 * the method's type of answer; or as troupe_send().  A second answer is
 * dropped.
 */
struct troupe_ticket {
	uint64_t private_words[5];
};
TROUPE_API int troupe_delegate(void *call, struct troupe_ticket *ret_ticket);
TROUPE_API int troupe_answer(const void *ticket, size_t size,
			     const ProtobufCMessage *message);
TROUPE_API int troupe_answer_failure(const void *ticket, size_t size, int code,
				     const char *text);

#ifdef __cplusplus
}
#endif

#endif
