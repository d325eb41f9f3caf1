/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail that was taken off its lane and is not handled yet: a copy, so the lane
 * can go on.  Both the save queue of troupe_receive() and the stash of a class
 * are lists of these.  The copy is on the shelf for a successor, if the actor
 * may have one.  Otherwise it is in private memory, which a crash loses; the
 * status block has the number of messages.
 */

#include "ipc/mailbox.h"
#include "runtime/actor/shelf.h"
#include "serialize/envelope.h"

struct trp_saved_mail {
	struct trp_saved_mail *next;
	uint64_t number; /* rising in the order of saving */
	uint64_t entry;	 /* in the custom mailbox that it is from, or 0 */
	_Atomic uint32_t *counted; /* in the status block; or NULL */
	uint32_t deaths; /* in a row, of predecessors that handled it */
	struct trp_shelf shelf;
	struct trp_envelope envelope;
	struct trp_mail mail; /* of no lane: this owns bytes and attachment */
	unsigned char bytes[];
};

/* The next in the order of saving. */
uint64_t trp_saved_mail_number(void);

/* NULL: no memory. */
struct trp_saved_mail *trp_saved_mail_new(const struct trp_mail *mail,
					  const struct trp_envelope *envelope);
void trp_saved_mail_free(struct trp_saved_mail *saved);

/* It is in a handler, for a successor; NULL: it is no longer. */
void trp_saved_mail_work(const struct trp_saved_mail *saved);

/* entry: in a custom mailbox, which would not lose it; or 0. */
void trp_saved_mail_is_of(struct trp_saved_mail *saved, uint64_t entry);

/*
 * At an orderly end: reports it, unless somebody has it: a custom mailbox; or
 * the shelf, for a successor, or for the supervisor to report.  Then none is
 * left to be counted.
 */
void trp_saved_mail_unread(const struct trp_saved_mail *saved);
void trp_saved_mail_told(void);
