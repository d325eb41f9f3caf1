/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_BOX_H
#define TRP_RUNTIME_BOX_H

/*
 * The actor's side of a mailbox of another kind (troupe_mailbox.h): what of
 * the lanes is put there, and what is handed out; README.md says in which
 * order.  Mail that was put, and calls behind it, are *held* in their lanes
 * until the kind has kept it:
 *
 *	held[0].put < held[1].put < ...,	kept < put of each, or it is a
 *call
 */

#include <stdbool.h>
#include <stdint.h>
#include "ipc/mailbox.h"
#include "serialize/envelope.h"

/* Before init(): 0, or why the actor cannot live. */
int trp_custom_mailbox_open(void);
/* After stop(). */
void trp_custom_mailbox_close(void);

/* This actor has one, and it is open. */
bool trp_custom_mailbox_is_open(void);

/* It takes mail now.  True where there is none. */
bool trp_custom_mailbox_has_room(void);

/* Nothing is held, and nothing in it is left to handle. */
bool trp_custom_mailbox_is_done(void);

/*
 * Mail off a lane.  0: it is not for the box, and nobody is before it: to be
 * handled now; 1: it was put and is done with; TRP_HELD: it is held.
 */
int trp_custom_mailbox_offer(const struct trp_mail *mail,
			     const struct trp_envelope *envelope,
			     const void *body, size_t size);

/* Puts, lets go and hands out, one at a time; as trp_actor_turn(). */
int trp_custom_mailbox_turn(void);

/* What was handed out has been handled; result: of the handler. */
void trp_custom_mailbox_acknowledge(uint64_t entry, int result);

#endif
