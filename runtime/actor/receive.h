/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe_receive(): routes of a function actor. */

#include "runtime/actor/self.h"

/*
 * A message: given to the troupe_receive() that waits for it (TRP_STEP_HELD),
 * or kept for a later one (TRP_STEP_DONE).  -ENOMEM.
 */
int trp_receive_offer(const struct trp_mail *mail,
		      const struct trp_envelope *envelope);

/* The same for an end.  True: it is given, and no more the caller's. */
bool trp_receive_offer_end(struct trp_exit_notice *notice);

/* At the end: what is left is a dead letter. */
void trp_receive_end(void);

/* A guest leaves: what is kept is given up. */
void trp_receive_leave(void);
