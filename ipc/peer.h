/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * All that a mailbox knows of one other slot; private to mailbox.c,
 * mailbox_receive.c and peer.c.
 * Each peer belongs to one endpoint of this process, and never moves or goes
 * away.
 */

#include "ipc/incoming.h"
#include "ipc/mailbox.h"
#include "ipc/outgoing.h"

struct trp_peer {
	uint32_t slot;
	uint32_t target; /* the generation that out[] lead to */
	uint32_t source; /* the one that in[] come from */
	uint32_t limit;	 /* of target's mailbox; 0: not known yet */
	uint64_t life;	 /* of target, when it was aimed at */
	struct trp_endpoint *endpoint;
	const struct trp_slot *entry;
	const struct trp_front *front; /* of its region, then or later */
	struct trp_doorbell *doorbell;
	struct trp_outgoing out[TRP_STREAMS];
	struct trp_incoming in[TRP_STREAMS];
	struct trp_peer *next[TRP_STREAMS]; /* in a queue of ready lanes */
	bool is_ready[TRP_STREAMS];
	int64_t look_at; /* when a send may ring it again */
};

static inline uint64_t trp_peer_life(const struct trp_peer *peer)
{
	return trp_load_acquire(&peer->entry->life);
}

/* Is the target alive? */
static inline bool trp_peer_is_live(const struct trp_peer *peer)
{
	return trp_peer_life(peer) == peer->life;
}

/* The peer of that slot, or NULL when there is none. */
struct trp_peer *trp_peer_find(struct trp_mailbox *box, uint32_t slot);

/* The same by the number of its endpoint, which must exist. */
struct trp_peer *trp_peer_at(struct trp_mailbox *box, uint32_t number);

/* Makes it if need be, with its endpoint.  0, -ENOMEM, -ENOBUFS. */
int trp_peer_make(struct trp_mailbox *box, uint32_t slot,
		  struct trp_peer **ret_peer);

void trp_peer_check(const struct trp_peer *peer);

/* Sending: starts anew, to the process that has that life; 0: none. */
void trp_peer_aim(struct trp_mailbox *box, struct trp_peer *peer,
		  uint64_t life);

/* Sending: checks whether the target has seen us, if it had not yet. */
void trp_peer_meet(struct trp_mailbox *box, struct trp_peer *peer);

/*
 * Receiving: starts anew, from that generation, whose endpoint is `theirs` in
 * that region; 0, NULL: none.
 */
void trp_peer_adopt(struct trp_mailbox *box, struct trp_peer *peer,
		    uint32_t generation, const struct trp_endpoint *theirs,
		    uint32_t region);

/* Sets its doorbell, and wakes it if it sleeps. */
void trp_peer_ring(struct trp_mailbox *box, struct trp_peer *peer);

/*
 * The same if it has not read all of our records, though its doorbell says that
 * it was rung or woken: all can write there.  True: it slept, and was woken.
 */
bool trp_peer_ring_again(struct trp_mailbox *box, struct trp_peer *peer);

void trp_peer_fini(struct trp_mailbox *box);
