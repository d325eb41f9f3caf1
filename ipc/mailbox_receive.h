/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/mailbox.h"

/*
 * Receiving takes lanes in turn, the supervisor's first, then replies (but no
 * more than TRP_TURN while mail waits: a receiver that asks again after each
 * reply never runs out of them), then mail, at most TRP_TURN records of a lane
 * before the next one has its turn.
 */

/* Which lanes trp_mailbox_receive() may take from. */
enum {
	TRP_TAKE_CONTROL = 1, /* from the supervisor (slot 0) */
	TRP_TAKE_REPLY = 2,
	TRP_TAKE_MAIL = 4,
	TRP_TAKE_ALL = 7,
};

/*
 * The next record from a lane in `take`.  1 with *ret_mail set, borrowed until
 * trp_mailbox_receive_done(); 0: there is none; -EBADMSG: invalid data,
 * ret_mail names the sender, and its lane is closed.
 */
int trp_mailbox_receive(struct trp_mailbox *box, unsigned take,
			struct trp_mail *ret_mail);

/*
 * The same from one sender, any record of its incarnations up to `last`: before
 * the death of that one is reported.  Also -ENOMEM, -ENOBUFS, if the sender is
 * new and there is no room for its endpoint.
 */
int trp_mailbox_receive_from(struct trp_mailbox *box, uint32_t slot,
			     uint32_t last, struct trp_mail *ret_mail);

/* The same of its mail alone, of any incarnation. */
int trp_mailbox_receive_mail_of(struct trp_mailbox *box, struct trp_peer *peer,
				struct trp_mail *ret_mail);

/*
 * In any order, inner ones before outer ones; the space is the sender's again
 * when no record of that lane is held.
 */
void trp_mailbox_receive_done(struct trp_mailbox *box,
			      const struct trp_mail *mail);

/*
 * Makes heads visible.  True: there is nothing to do but sleep.
 * Takes the doorbell.
 */
bool trp_mailbox_receive_is_empty(struct trp_mailbox *box, unsigned take);

/* All lanes in and out; for one that is not in the middle of something. */
void trp_mailbox_receive_check(struct trp_mailbox *box);

/* Checks every endpoint: a successor's first act, and the slow rescan. */
void trp_mailbox_receive_rescan(struct trp_mailbox *box);

/*
 * After a wait of TRP_LOOK_NS for that slot: checks for records from it, and
 * rings it again if it has not read all of its mail.
 */
void trp_mailbox_receive_look_again(struct trp_mailbox *box, uint32_t slot);
