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
#include "ipc/progress.h"

struct trp_peer {
	uint32_t slot;
	uint32_t target; /* the generation that out[] lead to */
	uint32_t source; /* the one that in[] come from */
	uint32_t limit;	 /* of target's mailbox; 0: not known yet */
	uint32_t region; /* its current one, when its life was `view`, */
	uint64_t whose;	 /* and whose that was */
	uint64_t view;
	uint64_t life; /* of target, likewise; 0: there is none */
	struct trp_endpoint *endpoint;
	const struct trp_slot *entry;
	const struct trp_front *front; /* of that region */
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

/* Is the target alive, in any incarnation? */
static inline bool trp_peer_is_live(const struct trp_peer *peer)
{
	uint64_t life = trp_peer_life(peer);

	return trp_life_generation(life) == peer->target &&
	       trp_life_state(life) == TRP_LIVE;
}

/* Before a fork: as ipc/first_blocks.h says. */
void trp_peer_prepare(void);

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

/*
 * After a fence: has its life changed since the last look?  Then its region is
 * another one, in which the target has not met us yet.
 */
bool trp_peer_follow(struct trp_mailbox *box, struct trp_peer *peer);

/* Sending: checks whether the target has met us, if it had not yet. */
void trp_peer_meet(struct trp_mailbox *box, struct trp_peer *peer);

/* Receiving: starts anew, with that incarnation; generation 0: from nobody. */
void trp_peer_adopt(struct trp_mailbox *box, struct trp_peer *peer,
		    uint32_t generation, uint32_t incarnation);

/* The endpoint for us in the region of one that sends here, or NULL. */
const struct trp_endpoint *trp_peer_endpoint_for_us(
	const struct trp_mailbox *box, uint32_t region);

/* Receiving: has its sender made the lane of that incarnation? */
bool trp_peer_find_lane(struct trp_mailbox *box, struct trp_peer *peer,
			int stream);

/* Receiving: goes on where a predecessor was, in each stream. */
void trp_peer_inherit(struct trp_mailbox *box, struct trp_peer *peer,
		      uint32_t generation,
		      const struct trp_place place[TRP_STREAMS]);

/* Sets its doorbell, and wakes it if it sleeps. */
void trp_peer_ring(struct trp_mailbox *box, struct trp_peer *peer);

/*
 * The same if it has not read all of our records, though its doorbell says that
 * it was rung or woken: all can write there.  True: it slept, and was woken.
 */
bool trp_peer_ring_again(struct trp_mailbox *box, struct trp_peer *peer);

void trp_peer_fini(struct trp_mailbox *box);
