/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_ASK_H
#define TROUPE_ASK_H

/*
 * Plain messages that are asked and forwarded, without a service.
 *
 *	r = troupe_ask(shop, &order.base, troupe_in_ms(1000), &answer);
 *
 *	return troupe_send(message->sender, &bill.base);  // the handler there
 */

#include "troupe_send.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sends `message` with a temporary reference of this actor as its sender, and
 * waits for the first message that anybody sends to that; no handler runs
 * meanwhile.  ret_answer is valid until the next troupe_ask(), or NULL.  Later
 * answers are dead letters.  `to` may be an alias (troupe_monitor.h): one that
 * has ended takes no question, which waits for its deadline or the end of that
 * actor.  A temporary reference is for sends alone, as an alias.
 * Returns 0; -ETIMEDOUT; -ESRCH: `to` is gone, or ends first, and -EHOSTDOWN:
 * the same, and it is restarted; -ECANCELED: told to stop; -EDEADLK: oneself;
 * -EAGAIN: its mailbox is full, whatever its policy; -EBADMSG or -ENOMEM: of
 * the answer; or as troupe_send().
 */
TROUPE_API int troupe_ask(troupe_ref to, const ProtobufCMessage *message,
			  struct troupe_time deadline,
			  struct troupe_message *ret_answer);

/*
 * Sends a received message on to another actor, as if its sender had: that
 * actor's answers go to it.  As troupe_send(); also -EINVAL: a message of a
 * type that is not known here.
 */
TROUPE_API int troupe_forward_message(const struct troupe_message *message,
				      troupe_ref to);

#ifdef __cplusplus
}
#endif

#endif
