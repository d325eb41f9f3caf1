/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_BELL_H
#define TRP_IPC_BELL_H

/*
 * Who has something for me: README.md, "The bell".  The bell is writable by
 * everybody and therefore only a hint; a slot read from it is checked.
 */

#include "ipc/arena.h"

/* Sets the three levels for `sender`.  False: it was still set, nothing to do. */
bool trp_bell_set(struct trp_bell *bell, uint32_t sender);

/* The same, all levels whatever they were: for a sender that died half-way. */
void trp_bell_set_again(struct trp_bell *bell, uint32_t sender);

bool trp_bell_is_set(const struct trp_bell *bell);

/* Takes all that is set; calls visit() for each slot below `slots`. */
void trp_bell_take(struct trp_bell *bell, uint32_t slots,
		   void (*visit)(uint32_t sender, void *data), void *data);

/*
 * The sleeper's side.  trp_bell_arm() starts a fresh sequence and returns the
 * value of the word to wait on.
 */
uint32_t trp_bell_arm(struct trp_bell *bell);

/*
 * The waker's side, after trp_bell_set() and a seq_cst fence.  `how` is what
 * the sleeper's front says (enum trp_sleep, not trusted).  Returns whether a
 * system call was made.  A sleeper on a socket is sent an empty datagram.
 */
bool trp_bell_wake(struct trp_bell *bell, uint32_t how, uint32_t slot);

#endif
