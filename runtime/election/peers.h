/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The nodes that a beacon has heard of, by name.  Bounded: when the table is
 * full, the unpinned node (pins == 0) that was silent longest makes room.
 */

#include "ipc/time.h"
#include "serialize/beacon/scalar.h"

struct trp_beacon_peer {
	struct trp_scalar value; /* the last one heard */
	struct trp_scalar note;	 /* if it came after the value */
	bool is_heard;		 /* a ping or hist about it was heard */
	unsigned int pins;
	struct trp_time heard;	   /* when anything about it was heard last */
	struct trp_time pinged;	   /* when it was last accepted as head */
	struct trp_time told;	   /* when a hist about it was last heard or
				    * sent */
	struct trp_time recovered; /* when its side was met last */
	char name[];
};

struct trp_peers {
	struct trp_beacon_peer **at; /* sorted by name */
	size_t count;
	size_t space;
	size_t limit;
	size_t heard; /* how many have is_heard */
};

void trp_peers_init(struct trp_peers *peers, size_t limit);
void trp_peers_fini(struct trp_peers *peers);
void trp_peers_check(const struct trp_peers *peers);

/* NULL: the name is not known. */
struct trp_beacon_peer *trp_peers_find(const struct trp_peers *peers,
				       const char *name);

/*
 * Finds the name or adds it.  A pointer is valid until a later make, and as
 * long as it is pinned.  Returns 0, -ENOMEM, or -ENOBUFS (full of pinned ones).
 */
int trp_peers_make(struct trp_peers *peers, const char *name,
		   struct trp_beacon_peer **ret_peer);

/* Stores a value that was heard.  Returns 0 or -ENOMEM (nothing changed). */
int trp_peers_hear(struct trp_peers *peers, struct trp_beacon_peer *peer,
		   const struct trp_scalar *value, struct trp_time now);

/* Stores what a node tells beside its value.  0, -ENOMEM. */
int trp_peers_note(struct trp_beacon_peer *peer, const struct trp_scalar *note);

/* All texts count as no value. */
void trp_peers_forget_texts(struct trp_peers *peers);

/* Which of two pings wins: the greater value, then the smaller name. */
bool trp_peers_has_priority(const struct trp_beacon_peer *a,
			    const struct trp_beacon_peer *b);
