/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Noticing dead letters (README.md).  Nothing of this is on the way of mail
 * that arrives.
 */

#include <stdatomic.h>
#include "ipc/mailbox.h"
#include "runtime/node/timers.h"
#include "runtime/troupe_dead_letters.h"
#include "serialize/envelope.h"

/*
 * Where this process sends from, and whose timers end its silence.  offset: of
 * its counts in its region, to be told there once there are any; NULL: it is
 * the supervisor, whose are in its front.
 */
void trp_dead_letter_begin(struct trp_mailbox *mailbox,
			   struct trp_timers *timers, _Atomic uint64_t *offset);
/* Says what was not said yet; at the end of the process. */
void trp_dead_letter_end(void);
/* The same of a guest that leaves: nothing is noticed any more. */
void trp_dead_letter_leave(void);

struct trp_dead {
	enum troupe_dead_cause cause;
	troupe_ref sender, target;
	uint64_t type;
	int64_t created;
	uint64_t
		flow; /* of what is handled here, and goes on with the letter */
	uint16_t hop;
	size_t size;
	const void *body;		 /* packed; or NULL, then of */
	const ProtobufCMessage *message; /* this one; or NULL: not known */
	bool is_quiet;			 /* not for the log */
};
void trp_dead_letter_notice(const struct trp_dead *dead);

/* ---- the supervisor's ------------------------------------------------- */

/* An actor is told of each.  0; -ENOSPC; -ENOENT: it had not subscribed. */
int trp_dead_letter_subscribe(troupe_ref ref);
int trp_dead_letter_unsubscribe(troupe_ref ref);

/* The node ends: every log keeps silent about them. */
void trp_dead_letter_silence(void);

/* One that has ended had not read this record. */
void trp_dead_letter_unread(const struct trp_mail *mail, troupe_ref target,
			    bool is_quiet);

/*
 * Takes over the counts of one that has ended, and counts as unread what it had
 * put aside and did not tell of, which is returned.
 */
uint32_t trp_dead_letter_inherit(troupe_ref ref);
