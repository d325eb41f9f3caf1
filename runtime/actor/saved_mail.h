/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail that was taken off its lane and is not handled yet: a copy in private
 * memory, so that the lane goes on.  Both the save queue of troupe_receive()
 * and the stash of a class are lists of these.  That memory dies with a process
 * that crashes; the status block says how many there were.
 */

#include "ipc/mailbox.h"
#include "serialize/envelope.h"

struct trp_saved_mail {
	struct trp_saved_mail *next;
	uint64_t number; /* rising in the order of saving */
	uint64_t entry;	 /* in the custom mailbox that handed it out, or 0 */
	bool is_counted; /* in the status block: it would be lost */
	struct trp_envelope envelope;
	struct trp_mail mail; /* of no lane: bytes and attachment are ours */
	unsigned char bytes[];
};

/* The next in the order of saving. */
uint64_t trp_saved_mail_number(void);

/* NULL: no memory. */
struct trp_saved_mail *trp_saved_mail_new(const struct trp_mail *mail,
					  const struct trp_envelope *envelope);
void trp_saved_mail_free(struct trp_saved_mail *saved);

/* A custom mailbox has it as that entry, unless 0: it would not be lost. */
void trp_saved_mail_is_of(struct trp_saved_mail *saved, uint64_t entry);

/* At an end in order each is told of, so none is left to be counted. */
void trp_saved_mail_told(void);
