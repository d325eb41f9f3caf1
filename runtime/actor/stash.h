/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The stash of a class: mail put aside by its handler, and what of it was
 * taken back and is handled again before anything newer.
 *
 *	again is not empty <=> TRP_HOLD_STASH: no mail is taken off the lanes
 *
 * A handler may stash what it is given again; it then lies behind what was
 * stashed before.
 */

#include "runtime/actor/self.h"

/* Handles one again; as a turn. */
int trp_stash_turn(void);

/* Mail that is none of the lanes', to be handled in a turn. */
int trp_stash_later(const struct trp_mail *mail,
		    const struct trp_envelope *envelope);

/* At the end: what is left is a dead letter. */
void trp_stash_end(void);
