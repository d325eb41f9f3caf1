/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail for a full mailbox, by the policy of its class, and the handlers that
 * run when there is room again.  All of this runs only after a send found no
 * room.
 */

#include "runtime/troupe.h"
#include "serialize/envelope.h"

/* Otherwise it is refused, as calls always are: they need an answer. */
bool trp_overflow_is_dropped(troupe_ref to,
			     const struct trp_envelope *envelope);

/* Runs one handler whose target has room, or is gone.  As a turn. */
int trp_overflow_turn(void);

/* True: a handler waits. */
bool trp_overflow_is_any(void);

/* True: it has a handler to run. */
bool trp_overflow_is_due(void);

/* A guest leaves: no handler waits for room any more. */
void trp_overflow_leave(void);
