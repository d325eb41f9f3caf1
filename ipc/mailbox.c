/* SPDX-License-Identifier: MIT */
#include "ipc/mailbox.h"

#include <errno.h>
#include <sched.h>

#include "ipc/peer.h"
#include "ipc/relay.h"

/* The sending half; the receiving one is mailbox_receive.c. */

static uint32_t bounded(uint32_t limit)
{
	if (limit == 0)
		return TRP_LIMIT_DEFAULT;
	if (limit < TRP_LIMIT_MIN)
		return TRP_LIMIT_MIN;
	return limit < TRP_LIMIT_MAX ? limit : TRP_LIMIT_MAX;
}

int trp_mailbox_init(struct trp_mailbox *box, const struct trp_arena *arena,
		     uint32_t slot, uint32_t generation, uint32_t limit)
{
	const struct trp_slot *entry = trp_arena_slot(arena, slot);
	uint32_t incarnation =
		trp_life_incarnation(trp_load_acquire(&entry->life));
	struct trp_front *front = trp_arena_front(arena, arena->entered);
	int r;

	if (!trp_arena_is_held(arena, arena->entered, slot, generation,
			       incarnation))
		return -ESRCH;
	if (limit == 0)
		limit = trp_load_relaxed(&entry->limit);

	*box = (struct trp_mailbox) {
		.arena = arena,
		.slot = slot,
		.generation = generation,
		.incarnation = incarnation,
		.limit = bounded(limit),
		.front = front,
		.doorbell = trp_arena_doorbell(arena, slot),
		.sender_cpu = -1,
	};
	for (int i = 0; i < TRP_READY_KINDS; i++)
		box->ready[i].turn = TRP_TURN;
	r = trp_region_init(&box->region, arena, slot);
	if (r < 0)
		return r;
	trp_endpoint_init(&box->region);
	front->magic = TRP_ARENA_MAGIC;
	front->version = 1;
	trp_store_relaxed(&front->sleeping, TRP_AWAKE);
	trp_store_relaxed(&front->handling, 0);
	trp_store_relaxed(&front->incarnation, incarnation);
	trp_store_relaxed(&front->imported, !incarnation);
	trp_store_relaxed(&front->limit, box->limit);
	/* G1: pairs with G2 in limit_of() and in trp_peer_meet(). */
	trp_store_release(&front->generation, generation);
	return 0;
}

void trp_mailbox_fini(struct trp_mailbox *box)
{
	if (!box->arena)
		return;
	trp_peer_fini(box);
	trp_region_fini(&box->region);
	*box = (struct trp_mailbox) { 0 };
}

static uint32_t limit_of(const struct trp_mailbox *box, struct trp_peer *peer,
			 enum trp_stream stream)
{
	if (stream == TRP_REPLY)
		return 0;
	if (peer->limit)
		return peer->limit;
	if (box->slot == TRP_SLOT_SUPERVISOR ||
	    peer->slot == TRP_SLOT_SUPERVISOR)
		return 0;
	/* G2: pairs with G1. */
	if (trp_load_acquire(&peer->front->generation) != peer->target)
		return bounded(trp_load_relaxed(&peer->entry->limit));
	peer->limit = bounded(trp_load_relaxed(&peer->front->limit));
	return peer->limit;
}

/* Its receiver is gone: the rest will not be read, when it was counted. */
static void let_go(struct trp_mailbox *box, struct trp_peer *peer)
{
	uint64_t life = trp_peer_life(peer);

	if (peer->target && !trp_peer_is_live(peer) &&
	    (trp_life_state(life) != TRP_ENDING ||
	     trp_life_generation(life) != peer->target))
		trp_peer_aim(box, peer, 0);
}

/* 0 with a peer whose out[] lead to that generation; -ESRCH, -ENOMEM. */
static int find_receiver(struct trp_mailbox *box, uint32_t slot,
			 uint32_t generation, struct trp_peer **ret_peer)
{
	struct trp_peer *peer = box->last;
	uint64_t life;
	int r;

	if (peer && peer->slot == slot && peer->target == generation &&
	    trp_peer_life(peer) == peer->life) {
		*ret_peer = peer;
		return 0;
	}
	if (slot >= box->arena->slots || generation == 0)
		return -ESRCH;
	life = trp_load_acquire(&trp_arena_slot(box->arena, slot)->life);
	if (trp_life_generation(life) != generation ||
	    trp_life_state(life) != TRP_LIVE) {
		peer = trp_peer_find(box, slot);
		if (peer)
			let_go(box, peer);
		return -ESRCH;
	}
	if (!peer || peer->slot != slot) {
		r = trp_peer_make(box, slot, &peer);
		if (r < 0)
			return r;
		box->last = peer;
	}
	if (peer->target != generation)
		trp_peer_aim(box, peer, life);
	else
		trp_peer_follow(box, peer);
	*ret_peer = peer;
	return 0;
}

void trp_mailbox_tidy(struct trp_mailbox *box)
{
	uint32_t endpoints = trp_load_relaxed(&box->front->endpoints);

	for (uint32_t number = 1; number <= endpoints; number++) {
		struct trp_peer *peer = trp_peer_at(box, number);

		if (!peer || !peer->target || peer == box->reserved)
			continue;
		let_go(box, peer);
		if (!peer->target)
			continue;
		trp_peer_follow(box, peer);
		/* To close its lane would be news for it. */
		if (trp_life_is_relayed(peer->view))
			continue;
		trp_peer_meet(box, peer);
		/* A receiver that has never heard of us cannot find it by
		 * itself. */
		if (!peer->out[TRP_MAIL].theirs)
			trp_peer_ring_again(box, peer);
		for (int i = 0; i < TRP_STREAMS; i++)
			if (trp_outgoing_retire(&peer->out[i], &box->region))
				trp_peer_ring(box, peer);
	}
}

/*
 * A large ring that is full: a receiver that is reading makes room in less time
 * than a larger ring takes to populate, and the small one stays in the cache.
 * So it gets a moment, or the processor, as long as its head moves.
 */
static void await_reader(struct trp_mailbox *box, struct trp_peer *peer,
			 struct trp_outgoing *out, uint32_t size)
{
	enum { PATIENCE_NS = 50000, LOOKS = 32 };
	const int64_t patience = PATIENCE_NS + 2 * (int64_t)size;
	int64_t now = trp_time_machine().ns, end = now + 10 * patience;
	int64_t until = now + patience;
	uint64_t head = out->head_seen;

	while (trp_outgoing_reclaim(out, &box->region) > out->block.size / 2) {
		now = trp_time_machine().ns;
		if (out->head_seen != head)
			until = now + patience;
		head = out->head_seen;
		if (now >= until || now >= end)
			return;
		for (int look = 0; look < LOOKS; look++)
			trp_relax();
		sched_yield();
		if (!out->theirs)
			trp_peer_meet(box, peer);
	}
}

static int reserve(struct trp_mailbox *box, struct trp_peer *peer,
		   enum trp_stream stream, uint32_t size,
		   const struct trp_extent *attachment, void **ret_bytes)
{
	struct trp_outgoing *out = &peer->out[stream];
	uint32_t limit = limit_of(box, peer, stream);

	if (!out->theirs)
		trp_peer_meet(box, peer);
	if (box->slot != TRP_SLOT_SUPERVISOR && peer->slot != box->slot &&
	    trp_outgoing_would_grow(out, &box->region, size, limit))
		await_reader(box, peer, out, size);
	return trp_outgoing_reserve(out, &box->region, size, attachment, limit,
				    ret_bytes);
}

int trp_mailbox_reserve(struct trp_mailbox *box, uint32_t slot,
			uint32_t generation, enum trp_stream stream,
			uint32_t size, const struct trp_extent *attachment,
			void **ret_bytes)
{
	struct trp_peer *peer;
	int r;

	box->reserved = NULL;
	r = find_receiver(box, slot, generation, &peer);
	if (r < 0)
		return r;
	r = reserve(box, peer, stream, size, attachment, ret_bytes);
	if (r == -ENOBUFS) {
		trp_mailbox_tidy(box);
		r = reserve(box, peer, stream, size, attachment, ret_bytes);
	}
	if (r < 0)
		return r;
	box->reserved = peer;
	box->reserved_stream = stream;
	return 0;
}

uint64_t trp_mailbox_commit(struct trp_mailbox *box, uint32_t size)
{
	struct trp_peer *peer = box->reserved;
	uint64_t position;

	assert(peer);
	position = peer->out[box->reserved_stream].open.position;

	box->reserved = NULL;
	box->quiet = peer;
	/* J6: after F1, the event may be that of a dead process. */
	if (trp_outgoing_commit(&peer->out[box->reserved_stream], size) ||
	    trp_peer_life(peer) != peer->view) {
		box->quiet = NULL;
		trp_peer_ring(box, peer);
	}
	return position;
}

void trp_mailbox_check(struct trp_mailbox *box, int64_t now)
{
	struct trp_peer *peer = box->quiet;

	if (!peer || now < peer->look_at)
		return;
	peer->look_at = now + (trp_peer_ring_again(box, peer) ? TRP_LOOK_NS
							      : TRP_GLANCE_NS);
}

/*
 * A receiver that is reading an earlier loan soon returns a populated block;
 * that is worth a third of the time of populating a new one.
 */
static void await_warm_block(struct trp_mailbox *box, uint64_t size)
{
	enum { WORTH_NS_SHIFT = 2, LOOKS = 32 };
	struct trp_peer *peer = box->last;
	int64_t end = trp_time_machine().ns + (int64_t)(size >> WORTH_NS_SHIFT);

	while (peer && !trp_region_is_warm(&box->region, size)) {
		if (!peer->out[TRP_MAIL].theirs)
			trp_peer_meet(box, peer);
		trp_outgoing_reclaim(&peer->out[TRP_MAIL], &box->region);
		if (!peer->out[TRP_MAIL].debt_count ||
		    trp_time_machine().ns >= end)
			return;
		for (int look = 0; look < LOOKS; look++)
			trp_relax();
		sched_yield();
	}
}

int trp_mailbox_loan(struct trp_mailbox *box, uint64_t size,
		     struct trp_extent *ret_extent, void **ret_bytes)
{
	uint64_t offset;
	int r;

	if (size >= TRP_COOL_MIN)
		await_warm_block(box, size);
	r = trp_region_alloc(&box->region, size, &offset);
	if (r == -ENOBUFS) {
		trp_mailbox_tidy(box);
		r = trp_region_alloc(&box->region, size, &offset);
	}
	if (r < 0)
		return r;
	*ret_extent = (struct trp_extent) { offset, size };
	*ret_bytes = trp_region_at(&box->region, offset);
	return 0;
}

void trp_mailbox_unloan(struct trp_mailbox *box, struct trp_extent extent)
{
	trp_region_free(&box->region, extent.offset, extent.size);
}

int trp_mailbox_want_room(struct trp_mailbox *box, uint32_t slot,
			  uint32_t generation)
{
	struct trp_peer *peer;
	struct trp_outgoing *out;
	uint32_t limit;
	bool is_new;
	int r = find_receiver(box, slot, generation, &peer);

	if (r < 0)
		return r;
	out = &peer->out[TRP_MAIL];
	for (;;) {
		limit = limit_of(box, peer, TRP_MAIL);
		if (trp_outgoing_want_room(out, &box->region, limit))
			return 1;
		is_new = trp_peer_follow(box, peer);
		if (out->theirs)
			return 0;
		/* It may have met us, and read, before it could see that we
		 * wait. */
		trp_peer_meet(box, peer);
		if (!out->theirs && !is_new)
			return 0;
	}
}

void trp_mailbox_let_go(struct trp_mailbox *box, uint32_t slot,
			uint32_t generation)
{
	struct trp_peer *peer = trp_peer_find(box, slot);

	if (peer && peer->target == generation)
		let_go(box, peer);
}

uint64_t trp_mailbox_waiting(struct trp_mailbox *box, uint32_t slot,
			     uint32_t generation)
{
	struct trp_peer *peer = trp_peer_find(box, slot);

	if (!peer || peer->target != generation)
		return 0;
	trp_peer_follow(box, peer);
	if (!peer->out[TRP_MAIL].theirs)
		trp_peer_meet(box, peer);
	return trp_outgoing_reclaim(&peer->out[TRP_MAIL], &box->region);
}
