/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The runs of nodes that this one has mail for, or of which it holds mail.
 * Pure.  A peer's parcels lie one behind the other:
 *
 *	head <= tail <= space, and whole parcels lie in [head, tail)
 *	a peer is in the table as long as something is kept for it,
 *	and TRP_MAIL_PEERS_KEPT more, with the space for their next parcels
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/mail/bulk.h"

enum { TRP_MAIL_BUCKETS = 1024, TRP_MAIL_PEERS_KEPT = 64 };

struct trp_mail_peer {
	struct trp_mail_peer *next;	      /* in its bucket */
	struct trp_mail_peer *before, *after; /* among all */
	uint32_t number;
	bool is_waiting; /* for room in its session */
	bool is_refused; /* its payloads, until less is held */
	bool has_room;	 /* told, and not acted upon yet */
	bool has_ended;	 /* its session, by `error` */
	bool is_choked;	 /* senders are refused */
	int error;
	uint8_t *bytes;
	size_t head, tail, space;
	struct trp_mail_bulks bulks; /* go in pieces, after the parcels */
	struct trp_mail_assembly assembly;
	size_t held;	  /* bytes of its mail that wait for room here */
	uint32_t watches; /* of actors here by its own */
};

struct trp_mail_peers {
	struct trp_mail_peer *bucket[TRP_MAIL_BUCKETS];
	struct trp_mail_peer *first; /* of all */
	size_t count;
};

struct trp_mail_peer *trp_mail_peers_find(const struct trp_mail_peers *peers,
					  uint32_t number);
/* NULL: no memory. */
struct trp_mail_peer *trp_mail_peers_make(struct trp_mail_peers *peers,
					  uint32_t number);
/* Its parcels are dropped. */
void trp_mail_peers_remove(struct trp_mail_peers *peers,
			   struct trp_mail_peer *peer);
/* Nothing is kept for it. */
bool trp_mail_peers_is_idle(const struct trp_mail_peer *peer);
/* Removes it if it is idle, and one too many. */
void trp_mail_peers_trim(struct trp_mail_peers *peers,
			 struct trp_mail_peer *peer);
void trp_mail_peers_fini(struct trp_mail_peers *peers);
void trp_mail_peers_check(const struct trp_mail_peers *peers);

/* Puts a parcel behind the others.  0, or as trp_mail_parcel_write(), or
 * -ENOMEM. */
int trp_mail_peers_append(struct trp_mail_peer *peer,
			  const struct trp_mail_parcel *parcel,
			  struct trp_time now);

/* How many bytes of whole parcels are at the front, `most` at most. */
size_t trp_mail_peers_fit(const struct trp_mail_peer *peer, size_t most);
void trp_mail_peers_drop(struct trp_mail_peer *peer, size_t bytes);
