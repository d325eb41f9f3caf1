/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/mailbox.h"

/*
 * Receiving takes lanes in turn, the supervisor's first, then replies (but no
 * more than TRP_TURN while mail waits: a receiver that asks again for each
 * reply never runs out of them), then mail, at most TRP_TURN records of a lane
 * before the next one has its turn.
 */

/* Which lanes trp_mailbox_receive() may take from. */
enum {
	TRP_TAKE_CONTROL = 1, /* all that the supervisor (slot 0) sent */
	TRP_TAKE_REPLY = 2,
	TRP_TAKE_MAIL = 4,
	TRP_TAKE_ALL = 7,
};

/*
 * The next record from a lane in `take`.  1 with *ret_mail set, borrowed until
 * trp_mailbox_receive_done(); 0: nothing there; -EBADMSG: a sender lied,
 * ret_mail names it, its lane is closed.
 */
int trp_mailbox_receive(struct trp_mailbox *box, unsigned take,
			struct trp_mail *ret_mail);

/*
 * The same from one sender alone, whatever it has: before its death is told.
 * Also -ENOMEM, -ENOBUFS, when it was never heard of and there is no room for
 * its endpoint.
 */
int trp_mailbox_receive_from(struct trp_mailbox *box, uint32_t slot,
			     struct trp_mail *ret_mail);

/*
 * In any order, inner ones before outer ones; the space is the sender's again
 * when no record of that lane is held.
 */
void trp_mailbox_receive_done(struct trp_mailbox *box,
			      const struct trp_mail *mail);

/*
 * Makes heads visible and says whether there is nothing to do but sleep.
 * Takes the doorbell.
 */
bool trp_mailbox_receive_is_empty(struct trp_mailbox *box, unsigned take);

/* Looks at every endpoint: a successor's first act, and the slow rescan. */
void trp_mailbox_receive_rescan(struct trp_mailbox *box);

/*
 * For who has waited for that slot for TRP_LOOK_NS: looks for what came from
 * there, and rings it again where it has not read all that it was sent.
 */
void trp_mailbox_receive_look_again(struct trp_mailbox *box, uint32_t slot);
