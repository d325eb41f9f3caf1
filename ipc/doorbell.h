/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The slots that have something for this process: README.md, "The doorbell".
 * All processes can write the doorbell, so it is only a hint; a slot read from
 * it is checked.
 */

#include "ipc/arena.h"

/* Sets all levels for `sender`.  False: it was still set, nothing to do. */
bool trp_doorbell_set(struct trp_doorbell *doorbell, uint32_t sender);

/*
 * After a `false` of that: sets the missing bits above it.  The receiver may be
 * on its way; or the sender never set the bit, as all can write here.
 */
void trp_doorbell_mend(struct trp_doorbell *doorbell, uint32_t sender);

/* The same, all levels whatever they were: for a sender that died half-way. */
void trp_doorbell_set_again(struct trp_doorbell *doorbell, uint32_t sender);

/*
 * For the successor of a receiver, before it first sleeps: the next
 * trp_doorbell_take() finds what its predecessor had half taken.  Without it a
 * sender whose bit was left set would never ring again.
 */
void trp_doorbell_recover(struct trp_doorbell *doorbell);

/*
 * While nobody has the slot: nobody has rung.  The word stays as it is, for a
 * waker of the last sleeper may still be about to change it.
 */
void trp_doorbell_clear(struct trp_doorbell *doorbell);

bool trp_doorbell_is_set(const struct trp_doorbell *doorbell);

/*
 * Takes all that is set; calls visit() for each slot below `slots`.  *taking
 * names the word of the bottom whose slots are being visited, if not NULL: a
 * successor finds there what this process has taken, and whom it has not met.
 */
void trp_doorbell_take(struct trp_doorbell *doorbell, uint32_t slots,
		       _Atomic uint32_t *taking,
		       void (*visit)(uint32_t sender, void *data), void *data);

/* Calls visit() for each slot below `slots` that is set, and takes none. */
void trp_doorbell_each(const struct trp_doorbell *doorbell, uint32_t slots,
		       void (*visit)(uint32_t sender, void *data), void *data);

/* Sets all slots of the word that `taking` names, unless it is 0. */
void trp_doorbell_ring_taken(struct trp_doorbell *doorbell, uint32_t taking);

/*
 * `sleeping` in a front: an enum trp_sleep, and for a sleeper on a
 * socket the number of that socket (wake_socket.h) above it.
 */
static inline uint32_t trp_sleep_socket(uint32_t number)
{
	return number << 8 | TRP_ASLEEP_SOCKET;
}

static inline uint32_t trp_sleep_kind(uint32_t how)
{
	return how & 0xff;
}

static inline uint32_t trp_sleep_number(uint32_t how)
{
	return how >> 8;
}

/*
 * The sleeper's side.  trp_doorbell_arm() starts a fresh sequence and returns
 * the value of the word to wait on.
 */
uint32_t trp_doorbell_arm(struct trp_doorbell *doorbell);

/*
 * The waker's side, after trp_doorbell_set() and a seq_cst fence.  `how` is
 * from the sleeper's front, loaded with acquire and not trusted: 0 is awake, an
 * unknown value is a futex.  Returns whether a system call was made.  A sleeper
 * on a socket is sent an empty datagram.
 */
bool trp_doorbell_wake(struct trp_doorbell *doorbell, uint32_t how,
		       uint32_t slot);

/* The same, whatever the word says: for a receiver that is long overdue. */
void trp_doorbell_wake_again(struct trp_doorbell *doorbell, uint32_t how,
			     uint32_t slot);
