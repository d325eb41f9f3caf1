/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The inheritance of a successor beside its lanes: mail that its predecessors
 * had put aside, and messages of the supervisor.  It is collected before the
 * class is known, and then handed to the stash or the save queue.
 */

#include "runtime/actor/self.h"

/* In a successor, first of all.  0 or -errno: it must end, and leaves all to
 * the next one. */
int trp_inheritance_begin(void);

/* A message of the supervisor, from before the birth. */
void trp_inheritance_add(const struct trp_mail *mail,
			 const struct trp_envelope *envelope);

/* Hands it out. */
void trp_inheritance_settle(void);
