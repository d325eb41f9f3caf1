/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail of other nodes that waits for room in a mailbox, in order, and only mail
 * for that actor.  A peer's `held` is what all of its own takes here; beyond
 * the bound nothing more of the peer is taken.
 */

#include "runtime/mail/deliver.h"

/* Mail for it waits: what comes now must wait behind that. */
bool trp_mail_held_has(troupe_ref to);

/* Keeps it; its node is told to refuse senders.  0; -ESRCH: it is gone, or no
 * memory. */
int trp_mail_held_keep(uint32_t number, troupe_ref to,
		       const struct trp_envelope *envelope,
		       const struct trp_mail_content *content);

/* No more of its mail is taken; and again, when half of that is left. */
bool trp_mail_held_is_much(const struct trp_mail_peer *peer);
bool trp_mail_held_has_room(const struct trp_mail_peer *peer);

/* The session with that node has ended, 0: with all.  Monitors and links hear
 * that behind the mail that has arrived. */
void trp_mail_held_tell_lost(uint32_t number);

/* Nothing is kept any more. */
void trp_mail_held_fini(void);
