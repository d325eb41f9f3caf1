/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/mailbox.h"

/* Records that are still unread, as a third process sees them. */

/* Unread bytes that `slot` sent to us. For people (ps, dumps). */
uint64_t trp_mailbox_unread_bytes(const struct trp_arena *arena,
				  uint32_t receiver, uint32_t sender);

/* Of these, the bytes of replies; exact while both of them sleep. */
uint64_t trp_mailbox_unread_replies(const struct trp_arena *arena,
				    uint32_t receiver, uint32_t sender);

/* Of all that it has met, or that have rung, except one sender and the
 * supervisor: it visits each. */
uint64_t trp_mailbox_unread_of_others(const struct trp_arena *arena,
				      uint32_t receiver, uint32_t sender);

/*
 * The record of a lane that the live process `receiver` has in its hands: by
 * its at_work, which the caller compares again afterwards, as the record may
 * have been overwritten if that has changed.  The record is valid only within
 * visit(), and checked only as far as its lane.  False: not found.
 */
bool trp_mailbox_unread_at_work(
	const struct trp_arena *arena, uint32_t receiver, uint64_t at_work,
	void (*visit)(const struct trp_mail *mail, void *data), void *data);

/*
 * Each record that a live process has not begun, of other senders than the
 * supervisor, by sender; takes nothing.  The record is valid only within
 * visit(), and may be overwritten there.
 */
void trp_mailbox_unread_look(const struct trp_arena *arena, uint32_t receiver,
			     void (*visit)(const struct trp_mail *mail,
					   void *data),
			     void *data);

/*
 * For the process that reaped `dead`: rings every live receiver that has unread
 * records of any incarnation of it.  Returns their number; 0: the slot can be
 * reused.  The other: of the holder of that region alone.
 */
uint32_t trp_mailbox_unread_ring(struct trp_mailbox *box, uint32_t dead);
uint32_t trp_mailbox_unread_ring_of(struct trp_mailbox *box, uint32_t region);

/*
 * For the process that reaped `dead`, while the directory still says that it
 * lives, so that no sender reuses the memory: each unfinished record from other
 * senders than the supervisor, by sender in the order of sending.  meet():
 * first, for each live process that has ever sent to it, with the position
 * below which its mail was handed out; or NULL.
 * The record is valid only within visit(), and checked only as far as its lane.
 * Takes the dead process's doorbell.  Records sent meanwhile may be missed.
 */
void trp_mailbox_unread_each(
	const struct trp_arena *arena, uint32_t dead,
	void (*meet)(uint32_t sender, uint64_t taken, void *data),
	void (*visit)(const struct trp_mail *mail, void *data), void *data);

/*
 * For the process that reaped an incarnation of `dead` which is to have a
 * successor: by each live process that it knows, the position in the mail of
 * that one below which records were handed out.  The others wait for the
 * successor.
 */
void trp_mailbox_unread_taken(const struct trp_arena *arena, uint32_t dead,
			      void (*meet)(uint32_t sender, uint64_t taken,
					   void *data),
			      void *data);
