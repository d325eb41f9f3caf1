/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The list of nodes that take turns; its head pinged last, its tail has the
 * next turn.  Names in it are unique; each is pinned in the table of peers
 * while it is here.
 */

#include "runtime/election/peers.h"

struct trp_rotation {
	struct trp_beacon_peer **at;
	size_t count;
	size_t space;
	size_t bound; /* 0: none */
};

#define TRP_ROTATION_NOWHERE SIZE_MAX

/* Frees the list; the peers stay. */
void trp_rotation_fini(struct trp_rotation *rotation);
void trp_rotation_check(const struct trp_rotation *rotation);
void trp_rotation_clear(struct trp_rotation *rotation);

/* NULL: the list is empty. */
struct trp_beacon_peer *trp_rotation_head(const struct trp_rotation *rotation);

/* Counted from 0 at the head; TRP_ROTATION_NOWHERE: not listed. */
size_t trp_rotation_place(const struct trp_rotation *rotation,
			  const struct trp_beacon_peer *peer);

/*
 * Puts a peer in front.  In a bounded list the last one drops out if the peer
 * was before the last place, or is new in a full list.
 * So a turn in order keeps the length, and jumping the queue shortens it:
 * a, b, a, c, d, c with bound 3 gives [a] [ba] [ab] [cab] [dca] [cd].
 * Returns 0 or -ENOMEM (nothing changed).
 */
int trp_rotation_insert(struct trp_rotation *rotation,
			struct trp_beacon_peer *peer);

/* Sets the bound, 0 for none; the last drop out as far as they must. */
void trp_rotation_limit(struct trp_rotation *rotation, int64_t bound);

/* Makes room for `count`, so that as many pushes cannot fail. 0 or -ENOMEM. */
int trp_rotation_reserve(struct trp_rotation *rotation, size_t count);

/* Adds a peer behind the last, unless it is listed or the list is full. */
void trp_rotation_push(struct trp_rotation *rotation,
		       struct trp_beacon_peer *peer);
