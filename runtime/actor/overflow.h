/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail for a mailbox that is full, by the policy of its class, and the handlers
 * that are told when there is room again.  All of this runs only after a send
 * found no room.
 */

#include "runtime/troupe.h"
#include "serialize/envelope.h"

/* Else it is refused, as a call is always: that is owed an answer. */
bool trp_overflow_is_dropped(troupe_ref to,
			     const struct trp_envelope *envelope);

/* Tells one handler that its target has room, or is gone.  As a turn. */
int trp_overflow_turn(void);

/* Whether that has something to tell. */
bool trp_overflow_is_due(void);

/* A guest leaves: nobody waits for room any more. */
void trp_overflow_leave(void);
