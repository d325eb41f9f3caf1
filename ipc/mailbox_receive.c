/* SPDX-License-Identifier: MIT */
#include "ipc/mailbox_receive.h"

#include <errno.h>
#include <sched.h>

#include "ipc/peer.h"

static const unsigned wanted_by[TRP_READY_KINDS] = {
	[TRP_READY_ANSWER] = TRP_TAKE_CONTROL,
	[TRP_READY_CONTROL] = TRP_TAKE_CONTROL,
	[TRP_READY_REPLY] = TRP_TAKE_REPLY,
	[TRP_READY_MAIL] = TRP_TAKE_MAIL,
};

static const enum trp_stream stream_of[TRP_READY_KINDS] = {
	[TRP_READY_ANSWER] = TRP_REPLY,
	[TRP_READY_CONTROL] = TRP_MAIL,
	[TRP_READY_REPLY] = TRP_REPLY,
	[TRP_READY_MAIL] = TRP_MAIL,
};

/* ---- turns --------------------------------------------------------------- */

static struct trp_queue *queue_of(struct trp_mailbox *box,
				  const struct trp_peer *peer, int stream)
{
	if (peer->slot == TRP_SLOT_SUPERVISOR)
		return &box->ready[stream == TRP_REPLY ? TRP_READY_ANSWER
						       : TRP_READY_CONTROL];
	return &box->ready[stream == TRP_REPLY ? TRP_READY_REPLY
					       : TRP_READY_MAIL];
}

static void enqueue(struct trp_mailbox *box, struct trp_peer *peer, int stream)
{
	struct trp_queue *queue = queue_of(box, peer, stream);

	if (peer->is_ready[stream])
		return;
	peer->is_ready[stream] = true;
	box->ready_lanes++;
	peer->next[stream] = NULL;
	if (queue->first)
		queue->last->next[stream] = peer;
	else
		queue->first = peer;
	queue->last = peer;
	assert(queue->first && !queue->last->next[stream]);
}

static void dequeue_first(struct trp_mailbox *box, struct trp_queue *queue,
			  int stream)
{
	struct trp_peer *peer = queue->first;

	assert(peer->is_ready[stream] && box->ready_lanes > 0);
	queue->first = peer->next[stream];
	queue->turn = TRP_TURN;
	peer->is_ready[stream] = false;
	box->ready_lanes--;
}

/* Each lane in it is ready, and of that kind; how many there are. */
static uint32_t check_queue(const struct trp_mailbox *box, int kind)
{
	const struct trp_queue *queue = &box->ready[kind];
	const struct trp_peer *peer;
	int stream = stream_of[kind];
	uint32_t lanes = 0;

	assert(queue->turn <= TRP_TURN);
	for (peer = queue->first; peer; peer = peer->next[stream], lanes++) {
		assert(peer->is_ready[stream]);
		assert((peer->slot == TRP_SLOT_SUPERVISOR) ==
		       (wanted_by[kind] == TRP_TAKE_CONTROL));
		assert(peer->next[stream] || peer == queue->last);
	}
	return lanes;
}

static void check_lane(const struct trp_mailbox *box,
		       const struct trp_peer *peer, int stream)
{
	const struct trp_incoming *in = &peer->in[stream];

	assert(peer->is_ready[stream] || in->is_broken ||
	       trp_load_relaxed(&in->mine->event) == in->cursor);
	assert(in->head == in->published || in == box->unpublished);
}

static void check_queues(const struct trp_mailbox *box)
{
	uint32_t queued = 0;

	for (int kind = 0; kind < TRP_READY_KINDS; kind++)
		queued += check_queue(box, kind);
	assert(queued == box->ready_lanes);
}

void trp_mailbox_receive_check(struct trp_mailbox *box)
{
	uint32_t ready = 0;

	check_queues(box);
	for (uint32_t n = 1; n <= trp_load_relaxed(&box->front->endpoints);
	     n++) {
		const struct trp_peer *peer = trp_peer_at(box, n);

		if (!peer || !peer->endpoint)
			continue;
		trp_peer_check(peer);
		for (int i = 0; i < TRP_STREAMS; i++) {
			check_lane(box, peer, i);
			ready += peer->is_ready[i];
		}
	}
	assert(ready == box->ready_lanes);
}

/* ---- doorbells ----------------------------------------------------------- */

/*
 * The oldest incarnation of that life of a slot which has an endpoint for us:
 * nothing of it has been read.  False: there is none.
 */
static bool find_first(struct trp_mailbox *box, uint32_t slot, uint64_t life,
		       uint32_t *ret_incarnation)
{
	uint32_t region =
		trp_arena_region_of(box->arena, slot, trp_life_generation(life),
				    trp_life_incarnation(life));
	bool is_found = false;

	for (; region != TRP_NO_REGION;
	     region = trp_arena_before(box->arena, region))
		if (trp_peer_endpoint_for_us(box, region)) {
			*ret_incarnation =
				trp_arena_incarnation(box->arena, region);
			is_found = true;
		}
	return is_found;
}

/* The peer, with in[] that come from the present owner of that slot. */
static int find_sender(struct trp_mailbox *box, uint32_t slot,
		       struct trp_peer **ret_peer)
{
	const _Atomic uint64_t *at = &trp_arena_slot(box->arena, slot)->life;
	struct trp_peer *peer = trp_peer_find(box, slot);
	uint32_t generation, incarnation = 0;
	bool is_found;
	uint64_t life;
	int r;

	/* Read again after T2: the next owner may have set the endpoint up. */
	do {
		life = trp_load_acquire(at);
		generation = trp_life_generation(life);
		if (trp_life_state(life) == TRP_FREE || generation == 0)
			return -ESRCH;
		if (peer && peer->source == generation) {
			*ret_peer = peer;
			return 0;
		}
		is_found = find_first(box, slot, life, &incarnation);
	} while (trp_load_relaxed(at) != life);
	if (!is_found)
		return -ESRCH;
	r = trp_peer_make(box, slot, &peer);
	if (r < 0)
		return r;
	trp_peer_adopt(box, peer, generation, incarnation);
	*ret_peer = peer;
	return 0;
}

/* There may be a record, or a lane that this one is to pass on to. */
static bool has_news(struct trp_mailbox *box, struct trp_peer *peer, int stream)
{
	const struct trp_incoming *in = &peer->in[stream];

	/* An idle lane that was ready would keep the others from lingering. */
	if ((in->theirs || trp_peer_find_lane(box, peer, stream)) &&
	    trp_incoming_has_more(in))
		return true;
	return trp_life_incarnation(trp_peer_life(peer)) != in->incarnation;
}

static void arrive(uint32_t sender, void *data)
{
	struct trp_mailbox *box = data;
	struct trp_peer *peer;
	int r = find_sender(box, sender, &peer);

	if (box->rung)
		box->rung(box, sender);
	if (r == -ENOMEM || r == -ENOBUFS)
		trp_doorbell_set_again(box->doorbell, sender);
	if (r < 0)
		return;
	for (int i = 0; i < TRP_STREAMS; i++)
		if (has_news(box, peer, i))
			enqueue(box, peer, i);
}

static void take_doorbell(struct trp_mailbox *box)
{
	if (trp_doorbell_is_set(box->doorbell))
		trp_doorbell_take(box->doorbell, box->arena->slots,
				  &box->front->taking, arrive, box);
}

void trp_mailbox_receive_rescan(struct trp_mailbox *box)
{
	uint32_t endpoints = trp_load_relaxed(&box->front->endpoints);

	trp_doorbell_recover(box->doorbell);
	for (uint32_t number = 1; number <= endpoints; number++)
		arrive(trp_endpoint_own(&box->region, number)->peer, box);
	TRP_CHECK(trp_mailbox_receive_check(box));
}

void trp_mailbox_receive_look_again(struct trp_mailbox *box, uint32_t slot)
{
	struct trp_peer *peer;

	if (slot >= box->arena->slots)
		return;
	arrive(slot, box);
	peer = trp_peer_find(box, slot);
	if (peer)
		trp_peer_ring_again(box, peer);
}

/* ---- records ------------------------------------------------------------- */

static void publish(struct trp_mailbox *box)
{
	struct trp_incoming *in = box->unpublished;

	if (!in)
		return;
	box->unpublished = NULL;
	if (trp_incoming_publish(in))
		trp_peer_ring(box, in->peer);
}

/* Before the head of `in` moves, that of any other lane is made visible. */
static void turn_to(struct trp_mailbox *box, struct trp_incoming *in)
{
	if (box->unpublished != in)
		publish(box);
	box->unpublished = in;
}

/*
 * All before it is done with.  So while an earlier one is held, by a mailbox of
 * another kind, that one stays named.
 */
static void name_handling(struct trp_mailbox *box, const struct trp_mail *mail)
{
	const struct trp_incoming *in = mail->from;
	bool is_first = mail->number == in->first;
	uint64_t handling =
		trp_handling(mail->sender, is_first ? mail->position : in->head,
			     mail->stream == TRP_REPLY);

	if (is_first ||
	    !trp_handling_is_of(trp_load_relaxed(&box->front->handling),
				mail->sender, mail->stream == TRP_REPLY))
		trp_store_relaxed(&box->front->handling, handling);
}

static void begin(struct trp_mailbox *box, struct trp_peer *peer, int stream,
		  struct trp_mail *mail)
{
	TRP_CHECK(assert(mail->from == &peer->in[stream]));
	mail->generation = peer->source;
	mail->stream = stream;
	turn_to(box, mail->from);
	name_handling(box, mail);
}

/* Invalid, unless the sender's memory was reused while we read it. */
static int lie(struct trp_mailbox *box, struct trp_peer *peer, int stream,
	       struct trp_mail *ret_mail)
{
	if (trp_load_acquire(peer->in[stream].holder) != peer->in[stream].whose)
		return 0;
	box->lies++;
	turn_to(box, &peer->in[stream]);
	publish(box);
	*ret_mail = (struct trp_mail) {
		.sender = peer->slot,
		.generation = peer->source,
		.stream = stream,
		.from = &peer->in[stream],
	};
	return -EBADMSG;
}

static bool catch_up(struct trp_mailbox *box, struct trp_incoming *in)
{
	bool has_to_ring;
	bool is_empty = trp_incoming_catch_up(in, &has_to_ring);

	if (box->unpublished == in)
		box->unpublished = NULL;
	if (has_to_ring)
		trp_peer_ring(box, in->peer);
	return is_empty;
}

/*
 * Polls an empty lane for a moment before its event is set, if its sender is at
 * work on another core: a ring of the doorbell costs both sides more than a
 * record.  Only if nothing else waits, and while it pays: each success pays for
 * LINGER_CREDIT failures, and without credit it polls each LINGER_TRIAL times.
 */
static bool linger(struct trp_mailbox *box, const struct trp_incoming *in)
{
	enum { LOOKS = 64, LINGER_CREDIT = 4, LINGER_TRIAL = 32 };

	if (box->ready_lanes > 1 || box->sender_cpu < 0 ||
	    box->sender_cpu == sched_getcpu())
		return false;
	if (box->linger <= 0 && --box->linger > -LINGER_TRIAL)
		return false;
	for (int look = 0; look < LOOKS; look++) {
		if (trp_incoming_has_more(in)) {
			box->linger = LINGER_CREDIT;
			return true;
		}
		if (trp_doorbell_is_set(box->doorbell))
			break;
		trp_relax();
	}
	box->linger = box->linger > 0 ? box->linger - 1 : 0;
	return false;
}

/* J8: before the head leaves the lane. */
static void forget_handling(struct trp_mailbox *box, struct trp_peer *peer,
			    int stream)
{
	_Atomic uint64_t *handling = &box->front->handling;

	if (trp_handling_is_of(trp_load_relaxed(handling), peer->slot,
			       stream == TRP_REPLY))
		trp_store_release(handling, 0);
}

/*
 * All is read that is there.  True: go on reading, as its sender has died, and
 * has written more before, or has a successor.
 */
static bool pass_on(struct trp_mailbox *box, struct trp_peer *peer, int stream,
		    uint32_t last)
{
	struct trp_incoming *in = &peer->in[stream];
	uint64_t life = trp_peer_life(peer); /* A8: before T(k) */

	if (trp_life_generation(life) != peer->source ||
	    trp_life_state(life) == TRP_FREE) {
		trp_peer_adopt(box, peer, 0, 0);
		return false;
	}
	if (trp_life_incarnation(life) == in->incarnation ||
	    in->incarnation >= last)
		return false;
	if (trp_peer_find_lane(box, peer, stream) &&
	    !trp_incoming_is_drained(in))
		return true;
	in->is_delayed = in->held;
	if (in->held)
		return false;
	turn_to(box, in);
	publish(box);
	forget_handling(box, peer, stream);
	trp_incoming_pass_on(in);
	return true;
}

/*
 * 1, or -EBADMSG, or 0: there is nothing up to incarnation `last`, and its
 * sender will ring.
 */
static int read_lane(struct trp_mailbox *box, struct trp_peer *peer, int stream,
		     uint32_t last, struct trp_mail *ret_mail)
{
	struct trp_incoming *in = &peer->in[stream];
	int r;

	if (!peer->source || in->incarnation > last)
		return 0;
	for (;;) {
		r = in->theirs || trp_peer_find_lane(box, peer, stream)
			    ? trp_incoming_next(in, box->arena, ret_mail)
			    : 0;
		if (r > 0)
			break;
		if (r < 0 && lie(box, peer, stream, ret_mail) < 0)
			return r;
		if (in->theirs && !in->is_broken && linger(box, in))
			continue;
		if (pass_on(box, peer, stream, last))
			continue;
		if (!in->theirs || catch_up(box, in))
			return 0;
	}
	begin(box, peer, stream, ret_mail);
	return 1;
}

/* To the back of its queue, if another lane waits in it. */
static void end_turn(struct trp_mailbox *box, struct trp_queue *queue,
		     int stream)
{
	struct trp_peer *peer = queue->first;

	publish(box);
	dequeue_first(box, queue, stream);
	enqueue(box, peer, stream);
}

static int read_queue(struct trp_mailbox *box, int kind,
		      struct trp_mail *ret_mail)
{
	struct trp_queue *queue = &box->ready[kind];
	int stream = stream_of[kind];
	int r;

	while (queue->first) {
		if (queue->turn == 0)
			end_turn(box, queue, stream);
		r = read_lane(box, queue->first, stream, UINT32_MAX, ret_mail);
		if (r > 0)
			queue->turn--;
		else if (r == 0)
			dequeue_first(box, queue, stream);
		if (r)
			return r;
	}
	return 0;
}

/* Mail has waited for a turn of replies, and no other queue is first. */
static bool is_mails_turn(const struct trp_mailbox *box, unsigned take)
{
	return box->replies >= TRP_TURN && take & TRP_TAKE_MAIL &&
	       !box->ready[TRP_READY_ANSWER].first &&
	       !box->ready[TRP_READY_CONTROL].first;
}

int trp_mailbox_receive(struct trp_mailbox *box, unsigned take,
			struct trp_mail *ret_mail)
{
	int r = 0;

	take_doorbell(box);
	if (is_mails_turn(box, take))
		r = read_queue(box, TRP_READY_MAIL, ret_mail);
	for (int kind = 0; r == 0 && kind < TRP_READY_KINDS; kind++)
		if (box->ready[kind].first && take & wanted_by[kind])
			r = read_queue(box, kind, ret_mail);
	if (r == 1 && ret_mail->sender != TRP_SLOT_SUPERVISOR)
		box->replies =
			ret_mail->stream == TRP_REPLY ? box->replies + 1 : 0;
	return r;
}

int trp_mailbox_receive_from(struct trp_mailbox *box, uint32_t slot,
			     uint32_t last, struct trp_mail *ret_mail)
{
	struct trp_peer *peer;
	int stream, r;

	if (slot >= box->arena->slots)
		return 0;
	r = find_sender(box, slot, &peer);
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	stream = TRP_REPLY;
	r = read_lane(box, peer, stream, last, ret_mail);
	if (r == 0) {
		stream = TRP_MAIL;
		r = read_lane(box, peer, stream, last, ret_mail);
	}
	/* Not caught up with, so its sender will not ring. */
	if (r != 0)
		enqueue(box, peer, stream);
	return r;
}

int trp_mailbox_receive_mail_of(struct trp_mailbox *box, struct trp_peer *peer,
				struct trp_mail *ret_mail)
{
	int r = read_lane(box, peer, TRP_MAIL, UINT32_MAX, ret_mail);

	if (r != 0)
		enqueue(box, peer, TRP_MAIL);
	return r;
}

void trp_mailbox_receive_done(struct trp_mailbox *box,
			      const struct trp_mail *mail)
{
	struct trp_incoming *in = mail->from;
	uint64_t its = trp_handling(mail->sender, mail->position,
				    mail->stream == TRP_REPLY);

	if (mail->generation != in->peer->source)
		return;
	turn_to(box, in);
	if (mail->number == in->first)
		trp_store_relaxed(&box->front->handling,
				  its | TRP_HANDLING_DONE);
	/* Another sender may come to that slot, and to that position. */
	if (trp_load_relaxed(&box->front->again) == its)
		trp_store_release(&box->front->again, 0);
	if (trp_incoming_done(in, mail))
		publish(box);
	if (in->is_delayed && !in->held)
		enqueue(box, in->peer, mail->stream);
}

bool trp_mailbox_receive_is_empty(struct trp_mailbox *box, unsigned take)
{
	publish(box);
	take_doorbell(box);
	TRP_CHECK(check_queues(box));
	for (int kind = 0; kind < TRP_READY_KINDS; kind++)
		if (take & wanted_by[kind] && box->ready[kind].first)
			return false;
	return true;
}
