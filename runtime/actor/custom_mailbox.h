/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The actor's side of a custom mailbox (troupe_mailbox.h): puts mail of the
 * lanes there, and handles mail from there; README.md has the order.  Mail that
 * was put, and calls behind it, are *held* in their lanes until the kind has
 * kept it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "ipc/mailbox.h"
#include "serialize/envelope.h"

/* Before init(): 0, or an error that ends the actor. */
int trp_custom_mailbox_open(void);
/* After stop(). */
void trp_custom_mailbox_close(void);

/* True: it takes mail now, or there is no custom mailbox. */
bool trp_custom_mailbox_has_room(void);

/* True: nothing is held, and nothing in it is left to handle. */
bool trp_custom_mailbox_is_done(void);

/*
 * Mail off a lane.  TRP_STEP_IDLE: it bypasses the mailbox, and none is before
 * it: handle it now; DONE: it was put; HELD: it waits in its lane.
 */
int trp_custom_mailbox_offer(const struct trp_mail *mail,
			     const struct trp_envelope *envelope);

/* Releases mail that is kept by now.  As a turn. */
int trp_custom_mailbox_settle(void);
/* True: put more mail before anything is taken out. */
bool trp_custom_mailbox_wants_mail(void);
/* Handles one message from it.  As a turn. */
int trp_custom_mailbox_hand_out(void);

/*
 * Handles mail as trp_dispatch_mail().  Mail from the mailbox (entry != 0) is
 * acknowledged, unless it was stashed.
 */
int trp_custom_mailbox_handle(const struct trp_mail *mail,
			      const struct trp_envelope *envelope,
			      uint64_t entry);
