/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The stash of a class: mail that a handler has put aside, and unstashed mail
 * that is handled again before anything newer: while there is some, no mail is
 * taken off the lanes (TRP_HOLD_STASH).  A handler may stash unstashed mail
 * again; it then lies behind earlier stashed mail.
 */

#include "runtime/actor/self.h"

/* Handles one again; as a turn. */
int trp_stash_turn(void);
void trp_stash_check(void);

/* That copy, now the stash's, is to be handled in a turn; or a copy of mail. */
struct trp_saved_mail;
void trp_stash_adopt(struct trp_saved_mail *saved);
int trp_stash_later(const struct trp_mail *mail,
		    const struct trp_envelope *envelope);

/* At the end: the rest becomes dead letters. */
void trp_stash_end(void);
