/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Noticing dead letters (README.md).  Mail that arrives runs none of this code.
 */

#include <stdatomic.h>
#include "ipc/mailbox.h"
#include "runtime/node/timers.h"
#include "runtime/troupe_dead_letters.h"
#include "serialize/envelope.h"

/*
 * The mailbox that this process sends from, and the timers that end its
 * silence.  offset: where to store the offset of its counts once there are any;
 * NULL: it is the supervisor, whose counts are in its front.
 */
void trp_dead_letter_begin(struct trp_mailbox *mailbox,
			   struct trp_timers *timers, _Atomic uint64_t *offset);
/* Logs the pending lines at the end of the process. */
void trp_dead_letter_end(void);
/* The same for a guest that leaves: no dead letter is noticed any more. */
void trp_dead_letter_leave(void);

struct trp_dead {
	enum troupe_dead_cause cause;
	troupe_ref sender, target;
	uint64_t type;
	int64_t created;
	uint64_t flow; /* of the current message, passed on with the letter */
	uint16_t hop;
	size_t size;
	const void *body;		 /* packed; or NULL, then of */
	const ProtobufCMessage *message; /* this one; or NULL: not known */
	bool is_quiet;			 /* not for the log */
};
void trp_dead_letter_notice(const struct trp_dead *dead);

/* ---- the supervisor's ------------------------------------------------- */

/* Subscriptions of an actor.  0; -ENOSPC; -ENOENT: it had not subscribed. */
int trp_dead_letter_subscribe(troupe_ref ref);
int trp_dead_letter_unsubscribe(troupe_ref ref);

/* The node ends: no process logs them any more. */
void trp_dead_letter_silence(void);

/* An actor has ended with this record in its lane unread. */
void trp_dead_letter_unread(const struct trp_mail *mail, troupe_ref target,
			    bool is_quiet);

/*
 * Adds the counts of an actor that has ended.  Mail that it had put aside in
 * private memory, and not reported, counts as unread; returns its number.
 */
uint32_t trp_dead_letter_inherit(troupe_ref ref);

/* It had put that aside for a successor, and none follows. */
void trp_dead_letter_shelved(troupe_ref ref, bool is_quiet);

/* The supervisor's own, and of all that have ended. */
void trp_dead_letter_of_ended(struct troupe_dead_counts *ret_counts);
