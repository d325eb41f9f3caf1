/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The actor's side of a mailbox of another kind (troupe_mailbox.h): what of
 * the lanes is put there, and what is handed out; README.md says in which
 * order.  Mail that was put, and calls behind it, are *held* in their lanes
 * until the kind has kept it:
 *
 *	held[0].put < held[1].put < ...,	kept < put of each put
 */

#include <stdbool.h>
#include <stdint.h>
#include "ipc/mailbox.h"
#include "serialize/envelope.h"

/* Before init(): 0, or why the actor cannot live. */
int trp_custom_mailbox_open(void);
/* After stop(). */
void trp_custom_mailbox_close(void);

/* It takes mail now.  True where there is none. */
bool trp_custom_mailbox_has_room(void);

/* Nothing is held, and nothing in it is left to handle. */
bool trp_custom_mailbox_is_done(void);

/*
 * Mail off a lane.  TRP_STEP_IDLE: it is not for it, and nobody is before
 * it: to be handled now; DONE: it was put; HELD: it waits in its lane.
 */
int trp_custom_mailbox_offer(const struct trp_mail *mail,
			     const struct trp_envelope *envelope);

/* Lets go of what is kept by now.  As a turn. */
int trp_custom_mailbox_settle(void);
/* Mail may be put there, before anything is handed out. */
bool trp_custom_mailbox_wants_mail(void);
/* Has one that was put handled.  As a turn. */
int trp_custom_mailbox_hand_out(void);

/*
 * Has mail handled as trp_dispatch_mail().  Mail that was handed out (entry !=
 * 0) is acknowledged, unless it was stashed.
 */
int trp_custom_mailbox_handle(const struct trp_mail *mail,
			      const struct trp_envelope *envelope,
			      uint64_t entry);
