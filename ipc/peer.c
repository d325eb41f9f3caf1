/* SPDX-License-Identifier: MIT */
#include "ipc/peer.h"

#include <errno.h>
#include <stdlib.h>

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
	for (int i = 0; i < TRP_STREAMS; i++) {
		assert(peer->target ||
		       (!peer->out[i].theirs && !peer->out[i].tail));
		assert(!peer->source == !peer->in[i].theirs);
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

static void find_front(struct trp_mailbox *box, struct trp_peer *peer)
{
	peer->front = trp_arena_front(box->arena,
				      trp_arena_region(box->arena, peer->slot));
}

static void set_up(struct trp_mailbox *box, struct trp_peer *peer,
		   uint32_t slot, struct trp_endpoint *endpoint)
{
	assert(!peer->endpoint && endpoint->peer == slot);
	peer->slot = slot;
	peer->endpoint = endpoint;
	peer->entry = trp_arena_slot(box->arena, slot);
	find_front(box, peer);
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
		*chunk = calloc(room, sizeof(**chunk));
	if (!*chunk)
		return -ENOMEM;
	peer = &(*chunk)[nth];
	set_up(box, peer, slot, trp_endpoint_own(&box->region, number));
	*ret_peer = peer;
	return 0;
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
	trp_store_relaxed(&endpoint->target, 0);
	for (int i = 0; i < TRP_STREAMS; i++) {
		trp_outgoing_reset(&peer->out[i], &box->region);
		trp_store_release(&endpoint->out[i].tail, 0);
		trp_store_relaxed(&endpoint->out[i].room, UINT64_MAX);
		trp_store_relaxed(&endpoint->out[i].ring, 0);
	}
	peer->life = life;
	peer->target = trp_life_generation(life);
	peer->limit = 0;
	find_front(box, peer);
	/* T1: pairs with T2 in endpoint_for_us(). */
	trp_store_release(&endpoint->target, peer->target);
	TRP_CHECK(trp_peer_check(peer));
}

void trp_peer_meet(struct trp_mailbox *box, struct trp_peer *peer)
{
	const struct trp_endpoint *theirs;

	if (trp_load_acquire(&peer->front->generation) != peer->target)
		return;
	theirs = trp_endpoint_find(box->arena,
				   trp_arena_region(box->arena, peer->slot),
				   box->slot);
	/* S2: pairs with S1; head and event are for us. */
	if (!theirs || trp_load_acquire(&theirs->source) != box->generation)
		return;
	for (int i = 0; i < TRP_STREAMS; i++)
		peer->out[i].theirs = &theirs->in[i];
}

void trp_peer_adopt(struct trp_mailbox *box, struct trp_peer *peer,
		    uint32_t generation, const struct trp_endpoint *theirs,
		    uint32_t region)
{
	assert(!generation == !theirs);
	trp_store_relaxed(&peer->endpoint->source, 0);
	for (int i = 0; i < TRP_STREAMS; i++) {
		if (box->unpublished == &peer->in[i])
			box->unpublished = NULL;
		trp_incoming_reset(&peer->in[i],
				   theirs ? &theirs->out[i] : NULL);
		peer->in[i].region = region;
	}
	find_front(box, peer);
	/* S1: pairs with S2 in trp_peer_meet(). */
	trp_store_release(&peer->endpoint->source, generation);
	peer->source = generation;
	TRP_CHECK(trp_peer_check(peer));
}

void trp_peer_ring(struct trp_mailbox *box, struct trp_peer *peer)
{
	uint32_t how;

	box->rings++;
	if (!trp_doorbell_set(peer->doorbell, box->slot))
		trp_doorbell_mend(peer->doorbell, box->slot);
	atomic_thread_fence(memory_order_seq_cst);
	how = trp_load_acquire(&peer->front->sleeping);
	if (how != TRP_AWAKE &&
	    trp_doorbell_wake(peer->doorbell, how, peer->slot))
		box->wakes++;
}

static bool has_read_all(struct trp_mailbox *box, struct trp_peer *peer)
{
	if (!peer->out[TRP_MAIL].theirs)
		trp_peer_meet(box, peer);
	for (int i = 0; i < TRP_STREAMS; i++) {
		const struct trp_outgoing *out = &peer->out[i];
		uint64_t head = 0;

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
