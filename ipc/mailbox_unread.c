/* SPDX-License-Identifier: MIT */
#include "ipc/mailbox_unread.h"

#include "ipc/incoming.h"
#include "ipc/progress.h"
#include "ipc/relay.h"

/*
 * Records that are still unread, as a third process sees them.  The memory of
 * both sides is untrusted here, and may change or be reused meanwhile.
 */

static uint64_t life_of(const struct trp_arena *arena, uint32_t slot)
{
	return trp_load_acquire(&trp_arena_slot(arena, slot)->life);
}

/* Of what that region's holder sent; only endpoints that are found count. */
static uint64_t unread_of(const struct trp_arena *arena, uint32_t region,
			  uint32_t sender, uint64_t from, uint32_t receiver,
			  int first_stream)
{
	uint64_t to = life_of(arena, receiver), bytes = 0;
	const struct trp_endpoint *sent =
		trp_endpoint_find(arena, region, receiver);
	uint32_t incarnation =
		trp_load_relaxed(&trp_arena_holder(arena, region)->incarnation);
	struct trp_progress progress;

	if (!sent || trp_life_state(to) != TRP_LIVE ||
	    trp_load_acquire(&sent->target) != trp_life_generation(to))
		return 0;
	progress = trp_progress_find(arena, trp_arena_region(arena, receiver),
				     sender, trp_life_generation(from));
	for (int i = first_stream; i < TRP_STREAMS; i++) {
		struct trp_place place =
			trp_progress_place(arena, &progress, sender, from, i);
		uint64_t tail = trp_load_acquire(&sent->out[i].tail);

		/* A lie is nothing to read. */
		if (!trp_lane_has(incarnation, tail))
			continue;
		if (place.incarnation == incarnation)
			bytes += tail - place.head;
		else if (place.incarnation < incarnation)
			bytes += tail - trp_lane_base(incarnation);
	}
	return bytes;
}

static uint64_t unread(const struct trp_arena *arena, uint32_t receiver,
		       uint32_t sender, int first_stream)
{
	uint64_t from = life_of(arena, sender), bytes = 0;
	uint32_t region;

	if (trp_life_state(from) == TRP_FREE ||
	    trp_life_state(life_of(arena, receiver)) != TRP_LIVE)
		return 0;
	for (region = trp_arena_region(arena, sender); region != TRP_NO_REGION;
	     region = trp_arena_before(arena, region))
		bytes += unread_of(arena, region, sender, from, receiver,
				   first_stream);
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

struct others {
	const struct trp_arena *arena;
	uint32_t receiver, except;
	uint64_t bytes;
};

static void add_sender(uint32_t sender, uint64_t life,
		       const struct trp_progress *progress, void *data)
{
	struct others *others = data;

	if (sender != others->except && sender != TRP_SLOT_SUPERVISOR)
		others->bytes += trp_mailbox_unread_bytes(
			others->arena, others->receiver, sender);
}

/* It has rung, and was not met yet. */
static void add_stranger(uint32_t sender, void *data)
{
	struct others *others = data;
	uint64_t life = life_of(others->arena, sender);
	struct trp_progress progress = trp_progress_find(
		others->arena,
		trp_arena_region(others->arena, others->receiver), sender,
		trp_life_generation(life));

	if (!progress.endpoint && sender != TRP_SLOT_SUPERVISOR)
		add_sender(sender, life, &progress, data);
}

uint64_t trp_mailbox_unread_of_others(const struct trp_arena *arena,
				      uint32_t receiver, uint32_t sender)
{
	struct others others = { arena, receiver, sender, 0 };

	trp_progress_each(arena, trp_arena_region(arena, receiver), add_sender,
			  &others);
	trp_doorbell_each(trp_arena_doorbell(arena, receiver), arena->slots,
			  add_stranger, &others);
	return others.bytes;
}

/* All steps, whichever of them the dead process did. */
static void ring_again(struct trp_mailbox *box, uint32_t receiver,
		       uint32_t dead)
{
	struct trp_doorbell *doorbell =
		trp_arena_doorbell(box->arena, receiver);
	uint32_t how;

	box->rings++;
	trp_doorbell_set_again(doorbell, dead);
	atomic_thread_fence(memory_order_seq_cst);
	if (trp_life_is_relayed(life_of(box->arena, receiver))) {
		box->wakes += trp_relay_ring(box->arena, receiver);
		return;
	}
	how = trp_load_acquire(
		&trp_arena_front(box->arena,
				 trp_arena_region(box->arena, receiver))
			 ->sleeping);
	if (how != TRP_AWAKE && trp_doorbell_wake(doorbell, how, receiver))
		box->wakes++;
}

uint32_t trp_mailbox_unread_ring_of(struct trp_mailbox *box, uint32_t region)
{
	const struct trp_arena *arena = box->arena;
	uint64_t whose =
		trp_load_relaxed(&trp_arena_holder(arena, region)->whose);
	uint32_t dead = trp_whose_slot(whose), receivers = 0;
	const struct trp_endpoint *endpoint;
	uint32_t endpoints, receiver;

	endpoints =
		trp_load_acquire(&trp_arena_front(arena, region)->endpoints);
	if (endpoints > arena->slots)
		endpoints = arena->slots;
	for (uint32_t number = 1; whose && number <= endpoints; number++) {
		endpoint = trp_endpoint_at(arena, region, number);
		if (!endpoint)
			continue;
		receiver = trp_load_relaxed(&endpoint->peer);
		if (receiver >= arena->slots ||
		    endpoint != trp_endpoint_find(arena, region, receiver) ||
		    !unread_of(arena, region, dead, life_of(arena, dead),
			       receiver, TRP_MAIL))
			continue;
		ring_again(box, receiver, dead);
		receivers++;
	}
	return receivers;
}

uint32_t trp_mailbox_unread_ring(struct trp_mailbox *box, uint32_t dead)
{
	uint32_t region = trp_arena_region(box->arena, dead), receivers = 0;

	if (trp_life_state(life_of(box->arena, dead)) == TRP_FREE)
		return 0;
	for (; region != TRP_NO_REGION;
	     region = trp_arena_before(box->arena, region))
		receivers += trp_mailbox_unread_ring_of(box, region);
	return receivers;
}

/* ---- the records themselves ---------------------------------------------- */

struct walk {
	const struct trp_arena *arena;
	uint32_t receiver;
	bool is_over;
	void (*meet)(uint32_t sender, uint64_t taken, void *data);
	void (*visit)(const struct trp_mail *mail, void *data);
	void *data;
};

/* In one region of the sender; place.incarnation is the holder's. */
static void read_lane(const struct walk *walk, uint32_t sender, uint32_t region,
		      int stream, struct trp_place place)
{
	enum { MOST = 1 << 20 }; /* records; more is invalid */
	const struct trp_endpoint *sent =
		trp_endpoint_find(walk->arena, region, walk->receiver);
	struct trp_endpoint mine = { 0 };
	struct trp_moving moving = { 0 };
	struct trp_incoming in = { .mine = &mine.in[stream],
				   .moving = &moving,
				   .stream = stream,
				   .sender = sender };
	struct trp_mail mail = { .stream = stream };
	uint64_t tail;

	if (!sent ||
	    trp_load_acquire(&sent->target) !=
		    trp_life_generation(life_of(walk->arena, walk->receiver)))
		return;
	tail = trp_load_acquire(&sent->out[stream].tail);
	trp_incoming_reset(&in, place.incarnation);
	trp_incoming_attach(&in, &sent->out[stream], region, NULL, 0);
	if (trp_incoming_resume(&in, walk->arena, place.head, place.ring,
				place.base) < 0)
		return;
	for (int i = 0; i < MOST && in.cursor < tail && !walk->is_over; i++) {
		if (trp_incoming_next(&in, walk->arena, &mail) != 1)
			return;
		if (mail.position >= place.done)
			walk->visit(&mail, walk->data);
	}
}

/* The rest of the lane in which it was, and those that follow. */
static void read_stream(const struct walk *walk, uint32_t sender, uint64_t life,
			int stream, struct trp_place place)
{
	for (;;) {
		uint32_t region = trp_arena_region_of(walk->arena, sender,
						      trp_life_generation(life),
						      place.incarnation);

		if (region != TRP_NO_REGION)
			read_lane(walk, sender, region, stream, place);
		if (walk->is_over ||
		    place.incarnation == trp_life_incarnation(life))
			return;
		place = (struct trp_place) { .incarnation =
						     place.incarnation + 1 };
		place.head = place.base = place.done =
			trp_lane_base(place.incarnation);
	}
}

struct wanted {
	uint64_t at_work;
	struct walk walk; /* of this */
	void (*visit)(const struct trp_mail *mail, void *data);
	void *data;
};

static void look_at(const struct trp_mail *mail, void *data)
{
	struct wanted *wanted = data;

	if (trp_handling(mail->sender, mail->position,
			 mail->stream == TRP_REPLY) != wanted->at_work)
		return;
	wanted->walk.is_over = true;
	wanted->visit(mail, wanted->data);
}

bool trp_mailbox_unread_at_work(
	const struct trp_arena *arena, uint32_t receiver, uint64_t at_work,
	void (*visit)(const struct trp_mail *mail, void *data), void *data)
{
	uint32_t sender = (uint32_t)(at_work >> 48);
	enum trp_stream stream =
		at_work & TRP_HANDLING_REPLY ? TRP_REPLY : TRP_MAIL;
	struct wanted wanted = { at_work,
				 { .arena = arena,
				   .receiver = receiver,
				   .visit = look_at,
				   .data = &wanted },
				 visit,
				 data };
	struct trp_progress progress;
	uint64_t life;

	if (!at_work || sender >= arena->slots)
		return false;
	life = life_of(arena, sender);
	if (trp_life_state(life) == TRP_FREE)
		return false;
	progress = trp_progress_find(arena, trp_arena_region(arena, receiver),
				     sender, trp_life_generation(life));
	read_stream(&wanted.walk, sender, life, stream,
		    trp_progress_place(arena, &progress, sender, life, stream));
	return wanted.walk.is_over;
}

/* ---- unread mail of a dead process --------------------------------------- */

static void read_sender(uint32_t sender, uint64_t life,
			const struct trp_progress *progress, void *data)
{
	const struct walk *walk = data;
	struct trp_place place[TRP_STREAMS];

	if (sender == TRP_SLOT_SUPERVISOR)
		return;
	for (int i = 0; i < TRP_STREAMS; i++)
		place[i] = trp_progress_place(walk->arena, progress, sender,
					      life, i);
	if (walk->meet)
		walk->meet(sender, place[TRP_MAIL].begun, walk->data);
	for (int i = 0; i < TRP_STREAMS; i++)
		read_stream(walk, sender, life, i, place[i]);
}

/* Does any incarnation of it send there? */
static bool is_sender(const struct walk *walk, uint32_t sender)
{
	uint32_t region = trp_arena_region(walk->arena, sender);
	const struct trp_endpoint *sent;

	for (; region != TRP_NO_REGION;
	     region = trp_arena_before(walk->arena, region)) {
		sent = trp_endpoint_find(walk->arena, region, walk->receiver);
		if (sent && trp_load_acquire(&sent->target) ==
				    trp_life_generation(life_of(
					    walk->arena, walk->receiver)))
			return true;
	}
	return false;
}

static void read_stranger(uint32_t sender, void *data)
{
	const struct walk *walk = data;
	uint64_t life = life_of(walk->arena, sender);
	struct trp_progress progress;

	if (trp_life_state(life) == TRP_FREE || !is_sender(walk, sender))
		return;
	progress = trp_progress_find(
		walk->arena, trp_arena_region(walk->arena, walk->receiver),
		sender, trp_life_generation(life));
	if (!progress.endpoint)
		read_sender(sender, life, &progress, data);
}

void trp_mailbox_unread_each(
	const struct trp_arena *arena, uint32_t dead,
	void (*meet)(uint32_t sender, uint64_t taken, void *data),
	void (*visit)(const struct trp_mail *mail, void *data), void *data)
{
	struct walk walk = { arena, dead, false, meet, visit, data };
	struct trp_doorbell *doorbell = trp_arena_doorbell(arena, dead);
	uint32_t region = trp_arena_region(arena, dead);
	const struct trp_front *front = trp_progress_oldest(arena, region);

	trp_progress_each(arena, region, read_sender, &walk);
	/* It may have died while it took them. */
	if (front) {
		trp_doorbell_recover(doorbell);
		trp_doorbell_ring_taken(doorbell,
					trp_load_acquire(&front->taking));
	}
	trp_doorbell_take(doorbell, arena->slots, NULL, read_stranger, &walk);
}

/* ---- of a live process ------------------------------------------------- */

struct looking {
	const struct trp_arena *arena;
	uint64_t at_work;
	void (*visit)(const struct trp_mail *mail, void *data);
	void *data;
};

static void show(const struct trp_mail *mail, void *data)
{
	const struct looking *looking = data;
	struct trp_mail shown = *mail;

	if (trp_handling(mail->sender, mail->position,
			 mail->stream == TRP_REPLY) == looking->at_work)
		return;
	shown.generation =
		trp_life_generation(life_of(looking->arena, mail->sender));
	looking->visit(&shown, looking->data);
}

void trp_mailbox_unread_look(const struct trp_arena *arena, uint32_t receiver,
			     void (*visit)(const struct trp_mail *mail,
					   void *data),
			     void *data)
{
	uint32_t region = trp_arena_region(arena, receiver);
	struct looking looking = {
		arena,
		trp_load_acquire(&trp_arena_front(arena, region)->at_work),
		visit, data
	};
	struct walk walk = { arena, receiver, false, NULL, show, &looking };

	if (trp_life_state(life_of(arena, receiver)) != TRP_LIVE)
		return;
	trp_progress_each(arena, region, read_sender, &walk);
	trp_doorbell_each(trp_arena_doorbell(arena, receiver), arena->slots,
			  read_stranger, &walk);
}

/* ---- of a process that has just died ------------------------------------- */

struct taking {
	const struct trp_arena *arena;
	void (*meet)(uint32_t sender, uint64_t taken, void *data);
	void *data;
};

static void say_taken(uint32_t sender, uint64_t life,
		      const struct trp_progress *progress, void *data)
{
	const struct taking *taking = data;

	if (sender != TRP_SLOT_SUPERVISOR)
		taking->meet(sender,
			     trp_progress_place(taking->arena, progress, sender,
						life, TRP_MAIL)
				     .begun,
			     taking->data);
}

void trp_mailbox_unread_taken(const struct trp_arena *arena, uint32_t dead,
			      void (*meet)(uint32_t sender, uint64_t taken,
					   void *data),
			      void *data)
{
	struct taking taking = { arena, meet, data };

	trp_progress_each(arena, trp_arena_region(arena, dead), say_taken,
			  &taking);
}
