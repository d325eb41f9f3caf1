/* SPDX-License-Identifier: MIT */
#include "ipc/mailbox_unread.h"

#include "ipc/incoming.h"

/*
 * Records that are still unread, as a third process sees them.  The memory of
 * both sides is untrusted here, and may change or be reused meanwhile.
 */

static uint64_t life_of(const struct trp_arena *arena, uint32_t slot)
{
	return trp_load_acquire(&trp_arena_slot(arena, slot)->life);
}

static uint64_t tail_of(const struct trp_endpoint *endpoint, int stream)
{
	return trp_load_acquire(&endpoint->out[stream].tail);
}

static bool is_free(const struct trp_arena *arena, uint32_t slot)
{
	return trp_life_state(life_of(arena, slot)) == TRP_FREE;
}

static uint32_t generation_of(const struct trp_arena *arena, uint32_t slot)
{
	return trp_life_generation(life_of(arena, slot));
}

/* The endpoint of that slot for a peer. */
static const struct trp_endpoint *endpoint_of(const struct trp_arena *arena,
					      uint32_t slot, uint32_t peer)
{
	return trp_endpoint_find(arena, trp_arena_region(arena, slot), peer);
}

/* A receiver that has not seen this sender yet has read nothing of it. */
static uint64_t head_of(const struct trp_endpoint *endpoint, int stream,
			uint32_t source)
{
	if (!endpoint || trp_load_acquire(&endpoint->source) != source)
		return 0;
	return trp_load_acquire(&endpoint->in[stream].head);
}

/* Only the endpoint by which the receiver would find it counts. */
static uint64_t unread(const struct trp_arena *arena, uint32_t receiver,
		       uint32_t sender, int first_stream)
{
	uint64_t from = life_of(arena, sender);
	uint64_t to = life_of(arena, receiver);
	const struct trp_endpoint *sent, *read;
	uint64_t bytes = 0;

	if (trp_life_state(from) == TRP_FREE || trp_life_state(to) != TRP_LIVE)
		return 0;
	sent = endpoint_of(arena, sender, receiver);
	if (!sent || trp_load_acquire(&sent->target) != trp_life_generation(to))
		return 0;
	read = endpoint_of(arena, receiver, sender);
	for (int i = first_stream; i < TRP_STREAMS; i++)
		bytes += tail_of(sent, i) -
			 head_of(read, i, trp_life_generation(from));
	return bytes;
}

uint64_t trp_mailbox_unread_bytes(const struct trp_arena *arena,
				  uint32_t receiver, uint32_t sender)
{
	return unread(arena, receiver, sender, TRP_MAIL);
}

uint64_t trp_mailbox_unread_replies(const struct trp_arena *arena,
				    uint32_t receiver, uint32_t sender)
{
	return unread(arena, receiver, sender, TRP_REPLY);
}

/* All steps, whichever of them the dead process did. */
static void ring_again(struct trp_mailbox *box, uint32_t receiver,
		       uint32_t dead)
{
	struct trp_doorbell *doorbell =
		trp_arena_doorbell(box->arena, receiver);
	uint32_t how;

	trp_doorbell_set_again(doorbell, dead);
	atomic_thread_fence(memory_order_seq_cst);
	how = trp_load_acquire(
		&trp_arena_front(box->arena,
				 trp_arena_region(box->arena, receiver))
			 ->sleeping);
	box->rings++;
	if (how != TRP_AWAKE && trp_doorbell_wake(doorbell, how, receiver))
		box->wakes++;
}

uint32_t trp_mailbox_unread_ring(struct trp_mailbox *box, uint32_t dead)
{
	const struct trp_arena *arena = box->arena;
	const struct trp_endpoint *endpoint;
	uint32_t endpoints, receiver;
	uint32_t receivers = 0, region = trp_arena_region(arena, dead);

	if (is_free(arena, dead))
		return 0;
	endpoints =
		trp_load_acquire(&trp_arena_front(arena, region)->endpoints);
	if (endpoints > arena->slots)
		endpoints = arena->slots;
	for (uint32_t number = 1; number <= endpoints; number++) {
		endpoint = trp_endpoint_at(arena, region, number);
		if (!endpoint)
			continue;
		receiver = trp_load_relaxed(&endpoint->peer);
		if (receiver >= arena->slots ||
		    endpoint != trp_endpoint_find(arena, region, receiver) ||
		    !unread(arena, receiver, dead, TRP_MAIL))
			continue;
		ring_again(box, receiver, dead);
		receivers++;
	}
	return receivers;
}

/* ---- unread mail of a dead process --------------------------------------- */

struct walk {
	const struct trp_arena *arena;
	uint32_t dead, region;
	void (*meet)(uint32_t sender, void *data);
	void (*visit)(const struct trp_mail *mail, void *data);
	void *data;
};

/* Its progress in a lane: records that begin below `done` are finished. */
struct place {
	uint64_t head, ring, base, done;
};

static struct place place_of(const struct walk *walk, uint32_t sender,
			     const struct trp_endpoint *endpoint, int stream)
{
	const struct trp_front *front =
		trp_arena_front(walk->arena, walk->region);
	const struct trp_moving *moving = &front->moving;
	const struct trp_endpoint_in *in = &endpoint->in[stream];
	bool is_moving = trp_load_acquire(&moving->lane) ==
			 ((uint64_t)sender << 8 | (unsigned)stream << 1 | 1);
	uint64_t handling = trp_load_acquire(&front->handling);
	struct place place = {
		.head = trp_load_acquire(is_moving ? &moving->head : &in->head),
		.ring = trp_load_acquire(is_moving ? &moving->ring : &in->ring),
		.base = trp_load_acquire(is_moving ? &moving->base : &in->base),
	};

	/* The positions between are whole rings apart: near head is right. */
	if (trp_handling_is_of(handling, sender, stream == TRP_REPLY))
		place.done = ((place.head & ~(UINT64_MAX >> 16)) |
			      (handling & (UINT64_MAX >> 16) & ~UINT64_C(7))) +
			     !!(handling & TRP_HANDLING_DONE);
	return place;
}

static void read_lane(const struct walk *walk, uint32_t sender,
		      const struct trp_endpoint_out *theirs, int stream,
		      struct place place)
{
	enum { MOST = 1 << 20 }; /* records; more is invalid */
	uint64_t tail = trp_load_acquire(&theirs->tail);
	struct trp_endpoint_in mine = { 0 };
	struct trp_moving moving = { 0 };
	struct trp_incoming in = { .mine = &mine,
				   .moving = &moving,
				   .stream = stream,
				   .sender = sender,
				   .region = trp_arena_region(walk->arena,
							      sender) };
	struct trp_mail mail = { .stream = stream };

	trp_incoming_reset(&in, theirs);
	if (place.head && trp_incoming_resume(&in, walk->arena, place.head,
					      place.ring, place.base) < 0)
		return;
	for (int i = 0; i < MOST && in.cursor < tail; i++) {
		if (trp_incoming_next(&in, walk->arena, &mail) != 1)
			return;
		if (mail.position >= place.done)
			walk->visit(&mail, walk->data);
	}
}

/* read: the endpoint of the dead, or NULL: it had not seen that sender. */
static void read_sender(const struct walk *walk, uint32_t sender,
			const struct trp_endpoint *read)
{
	const struct trp_endpoint *sent;
	struct place place = { 0 };

	if (sender == TRP_SLOT_SUPERVISOR || sender >= walk->arena->slots ||
	    is_free(walk->arena, sender))
		return;
	sent = endpoint_of(walk->arena, sender, walk->dead);
	if (!sent || trp_load_acquire(&sent->target) !=
			     generation_of(walk->arena, walk->dead))
		return;
	if (walk->meet)
		walk->meet(sender, walk->data);
	for (int i = 0; i < TRP_STREAMS; i++) {
		if (read)
			place = place_of(walk, sender, read, i);
		read_lane(walk, sender, &sent->out[i], i, place);
	}
}

/* Whether it had seen the present owner of that slot; then by its endpoint. */
static bool had_seen(const struct walk *walk, uint32_t sender,
		     const struct trp_endpoint *endpoint)
{
	return endpoint && trp_load_acquire(&endpoint->source) ==
				   generation_of(walk->arena, sender);
}

static void read_stranger(uint32_t sender, void *data)
{
	const struct walk *walk = data;
	const struct trp_front *front =
		trp_arena_front(walk->arena, walk->region);
	bool has_endpoints = trp_load_acquire(&front->generation) ==
			     generation_of(walk->arena, walk->dead);

	if (!has_endpoints ||
	    !had_seen(walk, sender,
		      trp_endpoint_find(walk->arena, walk->region, sender)))
		read_sender(walk, sender, NULL);
}

static void read_known(const struct walk *walk)
{
	const struct trp_front *front =
		trp_arena_front(walk->arena, walk->region);
	const struct trp_endpoint *endpoint;
	uint32_t endpoints, sender;

	if (trp_load_acquire(&front->generation) !=
	    generation_of(walk->arena, walk->dead))
		return; /* it never began */
	endpoints = trp_load_acquire(&front->endpoints);
	for (uint32_t number = 1;
	     number <= endpoints && number < walk->arena->slots; number++) {
		endpoint = trp_endpoint_at(walk->arena, walk->region, number);
		if (!endpoint)
			continue;
		sender = trp_load_relaxed(&endpoint->peer);
		if (sender < walk->arena->slots &&
		    endpoint == trp_endpoint_find(walk->arena, walk->region,
						  sender) &&
		    had_seen(walk, sender, endpoint))
			read_sender(walk, sender, endpoint);
	}
}

void trp_mailbox_unread_each(const struct trp_arena *arena, uint32_t dead,
			     void (*meet)(uint32_t sender, void *data),
			     void (*visit)(const struct trp_mail *mail,
					   void *data),
			     void *data)
{
	struct walk walk = { arena, dead,  trp_arena_region(arena, dead),
			     meet,  visit, data };
	struct trp_doorbell *doorbell = trp_arena_doorbell(arena, dead);

	read_known(&walk);
	if (trp_doorbell_is_set(doorbell))
		trp_doorbell_take(doorbell, arena->slots, read_stranger, &walk);
}
