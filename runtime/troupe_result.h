/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_RESULT_H
#define TROUPE_RESULT_H

/*
 * Ends with a result, and with a reason of one's own.
 *
 *	return troupe_end_with(0, NULL, &sum.base);	// from run(), a handler
 *
 *	troupe_wait_all(worker, count, TROUPE_NEVER, end);
 *	total += ((const Sum *)end[i].message->body)->value;
 */

#include "troupe_actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most bytes of text, message and attachment together. */
enum { TROUPE_RESULT_SIZE = 65536 };

/*
 * For `return troupe_end_with(...)` in run(), a handler or another callback; a
 * method passes it to troupe_finish().  code: 0 ends cleanly, a negative one is
 * a failure.  text: its reason, or NULL; message: the result, or NULL; both are
 * copied.  Each who is told of the end gets them (struct troupe_end), whatever
 * ends the actor: the code is that of the end, text and message are those of
 * the last call, such as in stop(), which returns none.  An actor that is
 * killed has no result.
 * Returns TROUPE_STOP or `code`.  Otherwise nothing has changed, and this is
 * the reason if it is returned: -EMSGSIZE (above that size, or nested too
 * deep), -EINVAL (code above 0, or not a message), -ENOBUFS or -ENOMEM.
 */
TROUPE_API int troupe_end_with(int code, const char *text,
			       const ProtobufCMessage *message);

/*
 * Waits as troupe_wait() for all of them: ret_end[i] is the end of ref[i], in
 * whatever order they end.  After -ETIMEDOUT or -ECANCELED the `ref` is 0 in
 * the ends of those that have not ended.  ret_end may be NULL.  Otherwise 0,
 * -EDEADLK, -EINVAL, -ENOMEM.
 */
TROUPE_API int troupe_wait_all(const troupe_ref *ref, size_t count,
			       struct troupe_time deadline,
			       struct troupe_end *ret_end);

/*
 * As troupe_stop(), with a reason and a time-out.  The end is TROUPE_SHUTDOWN
 * with `code` and `text` (or NULL; at most 127 bytes); a text of the actor's
 * troupe_end_with() goes first, and a failure that it returns.  grace_ms: until
 * SIGKILL; 0: that of its class, -1: for ever. For an actor that was told to
 * stop before only that changes. 0, -ESRCH, -EINVAL.
 */
TROUPE_API int troupe_stop_with(troupe_ref ref, int code, const char *text,
				int32_t grace_ms);

/* The same within the actor that was told to stop.  False: it was not.
 * ret_reason may be NULL. */
TROUPE_API bool troupe_stop_reason(struct troupe_reason *ret_reason);

#ifdef __cplusplus
}
#endif

#endif
