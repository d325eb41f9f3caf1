/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Mail that an actor had put aside, as it is found in its region after its end:
 * by a successor, which gets it, and by the supervisor, which reports it where
 * none follows.  actor/shelf.h has how it comes there.
 */

#include <stdatomic.h>
#include "ipc/mailbox.h"

struct trp_shelved {
	_Atomic uint64_t older; /* offset, or 0 */
	uint64_t number;
	uint64_t position;
	uint32_t sender, generation;
	uint32_t size, deaths;
	uint64_t attachment, attachment_size; /* offset, or 0 */
	unsigned char bytes[];
};

/*
 * Visits what the newest of them that has taken over all had left, from that
 * region back; the oldest message first.  deaths: so many in a row have died of
 * it.  0; a negative result of visit; -ENOMEM.
 */
int trp_shelved_each(const struct trp_arena *arena, uint32_t region,
		     int (*visit)(const struct trp_mail *mail, uint32_t deaths,
				  void *data),
		     void *data);
