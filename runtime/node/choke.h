/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Actors of other nodes that have no room, and nodes that have none or cannot
 * be reached: words of the arena, which the mail actor writes and all senders
 * read.
 *
 *	words[0]	how many words follow, beyond TRP_CHOKES_MOST: all away
 *			mail is choked
 *	a word		a reference, or a node (trp_choke_of_node() ...)
 *
 * A sender that looks while a word moves may miss it, or find it once more.
 */

#include "ipc/arena.h"
#include "runtime/node/ref.h"

enum { TRP_CHOKES_MOST = TRP_WORDS - 1 };

/* Words that no actor has as its reference. */
static inline uint64_t trp_choke_of_node(uint32_t node)
{
	return (uint64_t)node << TRP_REF_NODE | 2;
}
static inline uint64_t trp_choke_unreachable(uint32_t node)
{
	return (uint64_t)node << TRP_REF_NODE | 3;
}

/* 0; -EAGAIN: that actor or its node has no room; -EHOSTUNREACH. */
int trp_choke_find(const struct trp_arena *arena, troupe_ref to);
static inline int trp_choke_look(const struct trp_arena *arena, troupe_ref to)
{
	return trp_load_relaxed(trp_arena_words(arena))
		       ? trp_choke_find(arena, to)
		       : 0;
}

/* ---- by the mail actor --------------------------------------------------- */

void trp_choke_set(const struct trp_arena *arena, uint64_t word);
/* Whether it was there. */
bool trp_choke_clear(const struct trp_arena *arena, uint64_t word);
/* All of that node; 0: of all. */
void trp_choke_clear_node(const struct trp_arena *arena, uint32_t node);
