/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_DEAD_LETTERS_H
#define TROUPE_DEAD_LETTERS_H

/*
 * Dead letters: messages, calls and answers that nobody will handle.  The
 * process that notices one counts it, logs it at a bounded rate, and sends it
 * to the subscribers.  See troupe(7).  Errors and ownership as in troupe.h.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Noticed by the sender (S), the receiver (R) or the supervisor. */
enum troupe_dead_cause {
	TROUPE_DEAD_TARGET,	/* S: no such actor; the send failed */
	TROUPE_DEAD_REFUSED,	/* S: no room; the send failed */
	TROUPE_DEAD_DROPPED,	/* S or R: no room, and the class drops; or
				   R: no memory to unpack it */
	TROUPE_DEAD_UNREADABLE, /* R: not a message, or not of its type */
	TROUPE_DEAD_UNHANDLED,	/* R: no handler or method for it */
	TROUPE_DEAD_EXPIRED, /* R: a call, an answer, or mail for an alias: too
				late */
	TROUPE_DEAD_CLOSED,  /* R: sent after the receiver was closed */
	TROUPE_DEAD_UNREAD,  /* the receiver ended before it handled it */
	TROUPE_DEAD_CRASHED, /* its handler died of it; R: a successor */
	TROUPE_DEAD_UNREACHABLE, /* S: no way to its node; or the mail actor:
				    none any more, and it may have arrived */
	TROUPE_DEAD_CAUSES
};

/* A dead letter; its pointers are valid as long as the message it is from. */
struct troupe_dead_letter {
	enum troupe_dead_cause cause;
	troupe_ref sender; /* 0: not known */
	troupe_ref target;
	const ProtobufCMessageDescriptor *type; /* NULL: not known here */
	struct troupe_time created;		/* ns 0: not known */
	size_t size;				/* bytes of the packed body */
	const void *start; /* of the packed body; at most 128 bytes */
	size_t start_size;
};

/* The type of the messages to a subscriber. */
extern TROUPE_API const ProtobufCMessageDescriptor
	troupe__dead_letter__descriptor;

/*
 * From now on the caller gets each dead letter of its node, as a message of the
 * type above, until it ends or unsubscribes.  These are ordinary mail: one that
 * finds the mailbox full is counted as untold.  A dead letter of a dead letter
 * is counted and not sent.
 * subscribe: 0, also if repeated; -ENOSPC: 8 actors have subscribed.
 * unsubscribe: 0; -ENOENT: the caller had not subscribed.
 */
TROUPE_API int troupe_dead_letters_subscribe(void);
TROUPE_API int troupe_dead_letters_unsubscribe(void);

/* Reads a message to a subscriber.  0; -EINVAL: another type. */
TROUPE_API int troupe_dead_letter_read(const struct troupe_message *message,
				       struct troupe_dead_letter *ret_letter);

/* "no such actor", "no room"; for people. */
TROUPE_API const char *troupe_dead_letter_text(enum troupe_dead_cause cause);

/*
 * The counts of one actor, as sender or receiver; 0: of the whole node, with
 * ended actors and the supervisor.  0 or -ESRCH.
 */
struct troupe_dead_counts {
	uint64_t by_cause[TROUPE_DEAD_CAUSES];
	uint64_t untold; /* sends to a subscriber that failed */
};
TROUPE_API int troupe_dead_letters_count(troupe_ref ref,
					 struct troupe_dead_counts *ret_counts);

#ifdef __cplusplus
}
#endif

#endif
