/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe_receive(): routes of a function actor. */

#include "runtime/actor/self.h"

/*
 * A message: for the waiting troupe_receive() (TRP_STEP_HELD), or kept for a
 * later one (TRP_STEP_DONE).  -ENOMEM.
 */
int trp_receive_offer(const struct trp_mail *mail,
		      const struct trp_envelope *envelope);

/* Keeps that copy, which is now its own.  0 or -ENOMEM. */
struct trp_saved_mail;
int trp_receive_adopt(struct trp_saved_mail *saved);

/* The same for an end.  True: it is consumed. */
bool trp_receive_offer_end(struct trp_exit_notice *notice);

/* At the end: the rest becomes dead letters. */
void trp_receive_end(void);
void trp_receive_check(void);

/* A guest leaves: drops kept messages. */
void trp_receive_leave(void);
