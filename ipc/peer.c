/* SPDX-License-Identifier: MIT */
#include "ipc/peer.h"

#include <errno.h>
#include <stdlib.h>
#include "ipc/first_blocks.h"
#include "ipc/relay.h"

static_assert((TRP_PEERS_FIRST << TRP_PEER_CHUNKS) - TRP_PEERS_FIRST >=
		      TRP_SLOTS_MAX,
	      "one for each slot");

void trp_peer_check(const struct trp_peer *peer)
{
	const struct trp_endpoint *endpoint = peer->endpoint;

	assert(trp_load_relaxed(&endpoint->peer) == peer->slot);
	assert(trp_load_relaxed(&endpoint->target) == peer->target);
	assert(trp_load_relaxed(&endpoint->source) == peer->source);
	assert(trp_life_generation(peer->life) == peer->target);
	assert(!peer->life || trp_life_state(peer->life) == TRP_LIVE);
	for (int i = 0; i < TRP_STREAMS; i++) {
		assert(peer->target || !peer->out[i].theirs);
		assert(peer->source || !peer->in[i].theirs);
		assert(peer->in[i].sender == peer->slot &&
		       peer->in[i].stream == (enum trp_stream)i);
		trp_outgoing_check(&peer->out[i]);
		trp_incoming_check(&peer->in[i]);
	}
}

/*
 * Chunk k holds TRP_PEERS_FIRST << k, so a process with few peers does not
 * touch memory for many.
 */
static struct trp_peer **chunk_of(struct trp_mailbox *box, uint32_t number,
				  uint32_t *ret_nth, uint32_t *ret_room)
{
	uint32_t place = number - 1 + TRP_PEERS_FIRST;
	unsigned k = 31 - (unsigned)__builtin_clz(place / TRP_PEERS_FIRST);

	assert(number > 0 && k < TRP_PEER_CHUNKS);
	*ret_room = TRP_PEERS_FIRST << k;
	*ret_nth = place - *ret_room;
	return &box->peer[k];
}

struct trp_peer *trp_peer_at(struct trp_mailbox *box, uint32_t number)
{
	uint32_t nth, room;
	struct trp_peer **chunk = chunk_of(box, number, &nth, &room);

	return *chunk ? &(*chunk)[nth] : NULL;
}

struct trp_peer *trp_peer_find(struct trp_mailbox *box, uint32_t slot)
{
	uint32_t number =
		trp_endpoint_number(box->arena, box->region.number, slot);
	struct trp_peer *peer = number ? trp_peer_at(box, number) : NULL;

	return peer && peer->endpoint ? peer : NULL;
}

/* The region is that of `life`, or of a later one; whose is looked at later. */
static void look(struct trp_mailbox *box, struct trp_peer *peer, uint64_t life)
{
	peer->view = life;
	peer->region = trp_arena_region(box->arena, peer->slot);
	peer->whose = trp_load_acquire(
		&trp_arena_holder(box->arena, peer->region)->whose);
	peer->front = trp_arena_front(box->arena, peer->region);
}

bool trp_peer_follow(struct trp_mailbox *box, struct trp_peer *peer)
{
	uint64_t life = trp_peer_life(peer);

	if (life == peer->view)
		return false;
	look(box, peer, life);
	if (!peer->target || !trp_peer_is_live(peer))
		return true;
	peer->life = life;
	peer->limit = 0;
	for (int i = 0; i < TRP_STREAMS; i++)
		peer->out[i].theirs = NULL;
	return true;
}

static void set_up(struct trp_mailbox *box, struct trp_peer *peer,
		   uint32_t slot, struct trp_endpoint *endpoint)
{
	assert(!peer->endpoint && endpoint->peer == slot);
	peer->slot = slot;
	peer->endpoint = endpoint;
	peer->entry = trp_arena_slot(box->arena, slot);
	look(box, peer, trp_peer_life(peer));
	peer->doorbell = trp_arena_doorbell(box->arena, slot);
	for (int i = 0; i < TRP_STREAMS; i++) {
		peer->out[i].mine = &endpoint->out[i];
		peer->in[i].mine = &endpoint->in[i];
		peer->in[i].moving = &box->front->moving;
		peer->in[i].stream = i;
		peer->in[i].peer = peer;
		peer->in[i].sender = slot;
	}
	if (slot != TRP_SLOT_SUPERVISOR && box->slot != TRP_SLOT_SUPERVISOR)
		peer->in[TRP_MAIL].limit = box->limit;
}

void trp_peer_prepare(void)
{
	trp_first_blocks_add(TRP_PEERS_FIRST * sizeof(struct trp_peer));
}

int trp_peer_make(struct trp_mailbox *box, uint32_t slot,
		  struct trp_peer **ret_peer)
{
	struct trp_peer *peer = trp_peer_find(box, slot);
	struct trp_peer **chunk;
	uint32_t number, nth, room;
	int r;

	if (peer) {
		*ret_peer = peer;
		return 0;
	}
	r = trp_endpoint_make(&box->region, slot, &number);
	if (r < 0)
		return r;
	chunk = chunk_of(box, number, &nth, &room);
	if (!*chunk)
		*chunk = trp_first_blocks_take(room * sizeof(**chunk));
	if (!*chunk)
		return -ENOMEM;
	peer = &(*chunk)[nth];
	set_up(box, peer, slot, trp_endpoint_own(&box->region, number));
	*ret_peer = peer;
	return 0;
}

struct dropping {
	const struct trp_mailbox *box;
	const struct trp_peer *peer;
};

static void drop(const struct trp_mail *mail, void *data)
{
	const struct dropping *dropping = data;

	dropping->box->dropped(dropping->peer->slot, dropping->peer->target,
			       mail);
}

/*
 * Readers ignore the endpoint while its target is 0, and a reader that sees the
 * new target sees the rest as well.
 */
void trp_peer_aim(struct trp_mailbox *box, struct trp_peer *peer, uint64_t life)
{
	struct trp_endpoint *endpoint = peer->endpoint;

	if (box->reserved == peer)
		box->reserved = NULL;
	if (box->dropped && peer->target)
		trp_outgoing_each(&peer->out[TRP_MAIL], &box->region, drop,
				  &(struct dropping) { box, peer });
	trp_store_relaxed(&endpoint->target, 0);
	for (int i = 0; i < TRP_STREAMS; i++)
		trp_outgoing_reset(&peer->out[i], &box->region,
				   trp_lane_base(box->incarnation));
	peer->life = life;
	peer->target = trp_life_generation(life);
	peer->limit = 0;
	look(box, peer, life);
	/* T1: pairs with T2 in endpoint_for_us(). */
	trp_store_release(&endpoint->target, peer->target);
	TRP_CHECK(trp_peer_check(peer));
}

void trp_peer_meet(struct trp_mailbox *box, struct trp_peer *peer)
{
	const struct trp_endpoint *theirs;

	/* Its last process has left an event, and no other will be there. */
	if (trp_life_is_relayed(peer->view) ||
	    trp_load_acquire(&peer->front->generation) != peer->target ||
	    !trp_whose_is_of(peer->whose, peer->slot, peer->target))
		return;
	theirs = trp_endpoint_find(box->arena, peer->region, box->slot);
	/* S2: pairs with S1; head and event are for us. */
	if (!theirs || trp_load_acquire(&theirs->source) != box->generation)
		return;
	for (int i = 0; i < TRP_STREAMS; i++) {
		struct trp_outgoing *out = &peer->out[i];

		/* J5, A9: pairs with R8. */
		if (out->theirs ||
		    trp_load_acquire(&theirs->in[i].at) != box->incarnation)
			continue;
		out->theirs = &theirs->in[i];
		out->holder =
			&trp_arena_holder(box->arena, peer->region)->whose;
		out->whose = peer->whose;
	}
}

void trp_peer_adopt(struct trp_mailbox *box, struct trp_peer *peer,
		    uint32_t generation, uint32_t incarnation)
{
	trp_store_relaxed(&peer->endpoint->source, 0);
	for (int i = 0; i < TRP_STREAMS; i++) {
		if (box->unpublished == &peer->in[i])
			box->unpublished = NULL;
		trp_incoming_reset(&peer->in[i], incarnation);
	}
	/* S1: pairs with S2 in trp_peer_meet(). */
	trp_store_release(&peer->endpoint->source, generation);
	peer->source = generation;
	TRP_CHECK(trp_peer_check(peer));
}

const struct trp_endpoint *trp_peer_endpoint_for_us(
	const struct trp_mailbox *box, uint32_t region)
{
	const struct trp_endpoint *endpoint =
		trp_endpoint_find(box->arena, region, box->slot);

	/* T2: pairs with T1 in trp_peer_aim(). */
	return endpoint && trp_load_acquire(&endpoint->target) ==
				       box->generation
		       ? endpoint
		       : NULL;
}

bool trp_peer_find_lane(struct trp_mailbox *box, struct trp_peer *peer,
			int stream)
{
	struct trp_incoming *in = &peer->in[stream];
	const struct trp_endpoint *theirs;
	uint32_t region;

	if (in->theirs)
		return true;
	region = trp_arena_region_of(box->arena, peer->slot, peer->source,
				     in->incarnation);
	theirs = region == TRP_NO_REGION
			 ? NULL
			 : trp_peer_endpoint_for_us(box, region);
	if (!theirs || !trp_arena_is_held(box->arena, region, peer->slot,
					  peer->source, in->incarnation))
		return false;
	trp_incoming_attach(
		in, &theirs->out[stream], region,
		&trp_arena_holder(box->arena, region)->whose,
		trp_whose(peer->slot, peer->source, in->incarnation));
	return true;
}

void trp_peer_inherit(struct trp_mailbox *box, struct trp_peer *peer,
		      uint32_t generation,
		      const struct trp_place place[TRP_STREAMS])
{
	assert(!trp_load_relaxed(&peer->endpoint->source));
	peer->source = generation;
	for (int i = 0; i < TRP_STREAMS; i++) {
		trp_incoming_reset(&peer->in[i], place[i].incarnation);
		trp_peer_find_lane(box, peer, i);
		trp_incoming_inherit(&peer->in[i], box->arena, place[i].head,
				     place[i].ring, place[i].base);
	}
	/* S1. */
	trp_store_release(&peer->endpoint->source, generation);
	TRP_CHECK(trp_peer_check(peer));
}

void trp_peer_ring(struct trp_mailbox *box, struct trp_peer *peer)
{
	uint32_t how;

	box->rings++;
	if (!trp_doorbell_set(peer->doorbell, box->slot))
		trp_doorbell_mend(peer->doorbell, box->slot);
	atomic_thread_fence(memory_order_seq_cst);
	trp_peer_follow(box, peer);
	if (trp_life_is_relayed(peer->view)) {
		box->wakes += trp_relay_ring(box->arena, peer->slot);
		return;
	}
	how = trp_load_acquire(&peer->front->sleeping);
	if (how != TRP_AWAKE &&
	    trp_doorbell_wake(peer->doorbell, how, peer->slot))
		box->wakes++;
}

static bool has_read_all(struct trp_mailbox *box, struct trp_peer *peer)
{
	trp_peer_follow(box, peer);
	if (!peer->out[TRP_MAIL].theirs || !peer->out[TRP_REPLY].theirs)
		trp_peer_meet(box, peer);
	for (int i = 0; i < TRP_STREAMS; i++) {
		const struct trp_outgoing *out = &peer->out[i];
		uint64_t head = trp_lane_base(box->incarnation);

		if (out->theirs)
			head = trp_load_relaxed(&out->theirs->head);
		if (head != out->tail)
			return false;
	}
	return true;
}

bool trp_peer_ring_again(struct trp_mailbox *box, struct trp_peer *peer)
{
	uint32_t how;

	if (!peer->target || !trp_peer_is_live(peer) || has_read_all(box, peer))
		return false;
	trp_doorbell_set_again(peer->doorbell, box->slot);
	atomic_thread_fence(memory_order_seq_cst);
	if (trp_life_is_relayed(peer->view))
		return trp_relay_ring(box->arena, peer->slot);
	how = trp_load_acquire(&peer->front->sleeping);
	trp_doorbell_wake_again(peer->doorbell, how, peer->slot);
	return how != TRP_AWAKE;
}

void trp_peer_fini(struct trp_mailbox *box)
{
	uint32_t endpoints = trp_load_relaxed(&box->front->endpoints);

	for (uint32_t number = 1; number <= endpoints; number++) {
		struct trp_peer *peer = trp_peer_at(box, number);

		for (int i = 0; peer && i < TRP_STREAMS; i++)
			free(peer->out[i].debt);
	}
	for (int k = 0; k < TRP_PEER_CHUNKS; k++)
		free(box->peer[k]);
}
