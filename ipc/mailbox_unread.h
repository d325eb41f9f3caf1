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

/*
 * For the one that reaped `dead`: rings every living receiver that has unread
 * records of it.  Returns how many there are; 0: the slot can be given away.
 */
uint32_t trp_mailbox_unread_ring(struct trp_mailbox *box, uint32_t dead);

/*
 * For the one that reaped `dead`, while the directory still says that it lives,
 * so that no sender reuses the memory: each record of others than the
 * supervisor that it had not done with, by sender in the order of sending.
 * meet(): first, for each that has ever sent to it and lives; or NULL.
 * The record is valid within visit() alone; it is not checked beyond its lane.
 * Takes the dead one's doorbell.  Records sent meanwhile may be missed.
 */
void trp_mailbox_unread_each(const struct trp_arena *arena, uint32_t dead,
			     void (*meet)(uint32_t sender, void *data),
			     void (*visit)(const struct trp_mail *mail,
					   void *data),
			     void *data);
