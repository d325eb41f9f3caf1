/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The slots of the node as others see them: entries of its directory, which
 * only the supervisor writes.
 *
 *	FREE -> LIVE	announced, when its child is ORDERED
 *	LIVE -> DEAD	closed: nobody sends there any more
 *	DEAD -> FREE	released, once all that it sent has been read
 */

#include <sys/types.h>
#include <stdbool.h>
#include <stdint.h>

struct trp_supervisor;

/* From now on it can get mail. */
void trp_slot_announce(struct trp_supervisor *supervisor, uint32_t slot,
		       uint32_t limit, uint32_t when_full);
void trp_slot_set_pid(struct trp_supervisor *supervisor, uint32_t slot,
		      pid_t pid);

/* Its process has died, and another one will follow: life stays LIVE.  is_down:
 * as others see it. */
void trp_slot_down(struct trp_supervisor *supervisor, uint32_t slot,
		   bool is_down);
/* The next incarnation, in another region, of which there is one; not is_next:
 * the same, which had no process. */
void trp_slot_again(struct trp_supervisor *supervisor, uint32_t slot,
		    bool is_next);

/* Nobody sends to it from now on: its unread mail can be counted. */
void trp_slot_end(struct trp_supervisor *supervisor, uint32_t slot);

/* Its process was never ordered: undoes the announcement. */
void trp_slot_take_back(struct trp_supervisor *supervisor, uint32_t slot);

/* Rings its receivers.  Returns the number of those with unread mail of it. */
uint32_t trp_slot_close(struct trp_supervisor *supervisor, uint32_t slot);

/* At once if nothing is unread, otherwise when a sweep finds it so. */
void trp_slot_release(struct trp_supervisor *supervisor, uint32_t slot,
		      uint32_t unread);

/* False: nor is one after a sweep. */
bool trp_slot_is_any_free(struct trp_supervisor *supervisor);

/* Releases those whose mail has been read; later again, if any are left. */
void trp_slot_sweep(struct trp_supervisor *supervisor);
/* Its former incarnations have left so much mail that its next one has to wait
 * until receivers have read some: regions are few. */
bool trp_slot_is_unread(struct trp_supervisor *supervisor, uint32_t slot);
