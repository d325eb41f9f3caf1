/* SPDX-License-Identifier: MIT */
#pragma once

/* A message of another node, into the mailbox of an actor of this one. */

#include "runtime/mail/post.h"

struct trp_mail_content {
	const void *body, *attachment; /* NULL: none */
	size_t length, size;
};

/* Returns 0; -EAGAIN: its mailbox is full; -ESRCH: it is gone; -EBADMSG ... */
int trp_mail_deliver(troupe_ref to, const struct trp_envelope *envelope,
		     const struct trp_mail_content *content);

/* A dead letter, and the news for one that awaits an answer. */
void trp_mail_deliver_refuse(troupe_ref to, const struct trp_envelope *envelope,
			     const void *body, size_t length, int error);

/* Answers pass mail, also those to a question, whose kind is still a message's.
 */
bool trp_mail_deliver_is_reply(troupe_ref to,
			       const struct trp_envelope *envelope);
