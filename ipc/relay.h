/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A slot that is alive and has no process, whose rings go to slot 0 as well,
 * which starts the next process: README.md, "A slot without a process".
 */

#include "ipc/arena.h"

static inline bool trp_life_is_relayed(uint64_t life)
{
	return life & TRP_LIFE_RELAYED;
}

/* The sender's side, when it has set the doorbell of that slot.  Returns
 * whether a system call was made. */
bool trp_relay_ring(const struct trp_arena *arena, uint32_t slot);

/*
 * By slot 0, when the process of that slot has been reaped: from now on it is
 * rung for all that is sent there; what was sent before is unread mail.  The
 * second: no longer; a new life ends it as well.
 */
void trp_relay_begin(const struct trp_arena *arena, uint32_t slot);
void trp_relay_end(const struct trp_arena *arena, uint32_t slot);
