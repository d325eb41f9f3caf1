/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_DEAD_LETTER_H
#define TRP_RUNTIME_DEAD_LETTER_H

/*
 * Noticing dead letters (README.md).  Nothing of this is on the way of mail
 * that arrives.
 */

#include <stdatomic.h>
#include "ipc/mailbox.h"
#include "runtime/node/timers.h"
#include "runtime/troupe_dead_letters.h"
#include "serialize/envelope.h"

enum { TRP_SUBSCRIBERS = 8 };

/* A count for each cause, and of those untold. */
struct trp_letters {
	_Atomic uint64_t count[TROUPE_DEAD_CAUSES + 1];
};

/* In the supervisor's front, for everybody to read; written by it alone. */
struct trp_notices {
	struct trp_letters letters; /* its own, and those of the dead */
	_Atomic uint64_t subscriber[TRP_SUBSCRIBERS];
	_Atomic uint32_t is_ending; /* the node: the log keeps silent */
};
static_assert(sizeof(struct trp_notices) <=
		      sizeof(((struct trp_front *)NULL)->user),
	      "fits into a front");

/*
 * Where this process sends from, and whose timers end its silence.  offset: of
 * its counts in its region, to be told there once there are any; NULL: it is
 * the supervisor, whose are in its notices.
 */
void trp_dead_letter_begin(struct trp_mailbox *box, struct trp_timers *timers,
			   _Atomic uint64_t *offset);
/* Says what was not said yet; at the end of the process. */
void trp_dead_letter_end(void);
/* The same of a guest that leaves: nothing is noticed any more. */
void trp_dead_letter_leave(void);

struct trp_dead {
	enum troupe_dead_cause cause;
	troupe_ref sender, target;
	uint64_t type;
	int64_t created;
	size_t size;
	const void *body;		 /* packed; or NULL, then of */
	const ProtobufCMessage *message; /* this one; or NULL: not known */
	bool is_quiet;			 /* not for the log */
};
void trp_dead_letter_notice(const struct trp_dead *dead);

/* Of this actor's own send, which has failed with r. */
void trp_dead_letter_sent(int r, troupe_ref to,
			  const struct trp_envelope *envelope,
			  const ProtobufCMessage *message);

/* Of what was sent to this actor. */
void trp_dead_letter_received(enum troupe_dead_cause cause,
			      const struct trp_envelope *envelope,
			      const void *body, size_t size);

/* The supervisor's: one that has ended had not read this record. */
void trp_dead_letter_unread(const struct trp_mail *mail, troupe_ref target,
			    bool is_quiet);

/*
 * The supervisor's: takes over the counts of one that has ended, and counts as
 * unread what it had put aside and did not tell of, which is returned.
 */
uint32_t trp_dead_letter_inherit(uint32_t slot);

#endif
