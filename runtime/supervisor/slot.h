/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The slots of the node as others see them: lines of its directory, which the
 * supervisor alone writes.
 *
 *	FREE -> LIVE	announced, when its child is ORDERED
 *	LIVE -> DEAD	closed: nobody sends there any more
 *	DEAD -> FREE	released, once all that it sent has been read
 */

#include <sys/types.h>
#include <stdint.h>

struct trp_supervisor;

/* From now on it can be sent to. */
void trp_slot_announce(struct trp_supervisor *supervisor, uint32_t slot,
		       uint32_t limit, uint32_t when_full);
void trp_slot_set_pid(struct trp_supervisor *supervisor, uint32_t slot,
		      pid_t pid);

/* Its process was never ordered: as if it had not been announced. */
void trp_slot_take_back(struct trp_supervisor *supervisor, uint32_t slot);

/* Its receivers are rung for.  How many have not read all it has sent. */
uint32_t trp_slot_close(struct trp_supervisor *supervisor, uint32_t slot);

/* At once when nothing is unread, else once a sweep finds it so. */
void trp_slot_release(struct trp_supervisor *supervisor, uint32_t slot,
		      uint32_t unread);

/* Releases those whose mail has been read; later again, if any are left. */
void trp_slot_sweep(struct trp_supervisor *supervisor);
