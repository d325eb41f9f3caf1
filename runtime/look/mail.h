/* SPDX-License-Identifier: MIT */
#pragma once

/* The mail that an actor has not begun to handle, as anybody may see it. */

#include "ipc/arena.h"
#include "runtime/troupe_types.h"

struct trp_look_mail {
	troupe_ref sender; /* 0: of all */
	uint64_t messages, bytes;
	int64_t oldest; /* when it was sent; CLOCK_MONOTONIC, ns; 0: none */
};

/*
 * Of all senders but the supervisor.  It takes nothing, and what is read while
 * it looks may be counted or not.
 */
struct trp_look_mail trp_look_mail(const struct trp_arena *arena,
				   uint32_t slot);

/* By sender, the most first: *ret_list for free(), or NULL.  0 or -ENOMEM. */
int trp_look_mail_by_sender(const struct trp_arena *arena, uint32_t slot,
			    struct trp_look_mail **ret_list, size_t *ret_count);
