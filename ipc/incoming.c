/* SPDX-License-Identifier: MIT */
#include "ipc/incoming.h"

#include <errno.h>
#include <string.h>

/*
 * The receiving end of a lane.  Everything that it reads is untrusted: each
 * word is loaded once, then checked.
 */

void trp_incoming_check(const struct trp_incoming *in)
{
	assert(in->published <= in->head && in->head <= in->cursor);
	assert(in->cursor <= in->tail);
	assert(in->held || in->head == in->cursor);
	assert(in->held <= in->given - in->first || !in->held);
	assert(in->is_broken || in->cursor % 8 == 0);
	assert((in->ring_size & (in->ring_size - 1)) == 0);
	assert(!in->ring || (in->ring_size && in->base <= in->cursor));
	assert(in->head_ring.base <= in->head);
	assert(in->published_ring.base <= in->published);
	assert(trp_lane_has(in->incarnation, in->cursor));
	assert(trp_load_relaxed(&in->mine->at) == in->incarnation);
}

/* Private: all is read up to `at`, where a ring begins that is not open. */
static void stand_at(struct trp_incoming *in, uint64_t at)
{
	in->tail = in->cursor = in->head = in->published = in->base = at;
	in->head_ring = in->published_ring = (struct trp_ring) { 0, at };
	in->ring = NULL;
	in->word = 0;
}

void trp_incoming_reset(struct trp_incoming *in, uint32_t incarnation)
{
	uint64_t begin = trp_lane_base(incarnation);

	*in = (struct trp_incoming) {
		.mine = in->mine,
		.moving = in->moving,
		.stream = in->stream,
		.peer = in->peer,
		.sender = in->sender,
		.limit = in->limit,
		.incarnation = incarnation,
		.region = TRP_NO_REGION,
	};
	stand_at(in, begin);
	trp_store_relaxed(&in->mine->at, incarnation);
	trp_store_relaxed(&in->mine->head, begin);
	trp_store_relaxed(&in->mine->event, begin);
	trp_store_relaxed(&in->mine->ring, 0);
	trp_store_relaxed(&in->mine->base, begin);
}

void trp_incoming_attach(struct trp_incoming *in,
			 const struct trp_endpoint_out *theirs, uint32_t region,
			 const _Atomic uint64_t *holder, uint64_t whose)
{
	in->theirs = theirs;
	in->region = region;
	in->holder = holder;
	in->whose = whose;
}

static bool is_held(const struct trp_incoming *in)
{
	return !in->holder || trp_load_relaxed(in->holder) == in->whose;
}

static int open_ring(struct trp_incoming *in, const struct trp_arena *arena,
		     struct trp_extent block, uint64_t base)
{
	const unsigned char *ring;
	uint64_t step;

	if (block.size < TRP_LANE_FIRST || block.size & (block.size - 1) ||
	    block.offset % (1 << TRP_BLOCK_MIN_LOG2))
		return -EBADMSG;
	ring = trp_arena_at(arena, in->region, block.offset, block.size);
	if (!ring)
		return -EBADMSG;
	in->ring = ring;
	in->ring_size = block.size;
	in->base = base;
	in->word = trp_ring_word(block);
	step = in->limit && in->limit < block.size ? in->limit : block.size;
	if (step > TRP_LANE_LARGE)
		step = TRP_LANE_LARGE;
	in->step = step / 4;
	assert(in->step > 0 && base % 8 == 0);
	return 0;
}

static struct trp_extent block_of(uint64_t word)
{
	return (struct trp_extent) {
		.offset = word & ~UINT64_C(63),
		.size = UINT64_C(1) << (word & 63),
	};
}

static int open_first_ring(struct trp_incoming *in,
			   const struct trp_arena *arena)
{
	uint64_t word = trp_load_relaxed(&in->theirs->ring);

	return open_ring(in, arena, block_of(word), in->cursor);
}

int trp_incoming_resume(struct trp_incoming *in, const struct trp_arena *arena,
			uint64_t head, uint64_t ring, uint64_t base)
{
	uint64_t begin = trp_lane_base(in->incarnation);

	if (head % 8 || base % 8 || !trp_lane_has(in->incarnation, head) ||
	    base - begin > head - begin)
		return -EBADMSG;
	stand_at(in, head);
	in->base = base;
	in->head_ring = in->published_ring = (struct trp_ring) { ring, base };
	/* Closed: the endpoint names the next ring. */
	return ring ? open_ring(in, arena, block_of(ring), base) : 0;
}

void trp_incoming_inherit(struct trp_incoming *in,
			  const struct trp_arena *arena, uint64_t head,
			  uint64_t ring, uint64_t base)
{
	/* Without its lane, it is where the lane ended. */
	if (trp_incoming_resume(in, arena, head, in->theirs ? ring : 0, base) <
	    0) {
		stand_at(in, trp_lane_base(in->incarnation));
		in->is_broken = true;
	}
	trp_store_relaxed(&in->mine->head, in->head);
	trp_store_relaxed(&in->mine->event, in->head);
	trp_store_relaxed(&in->mine->ring, (uint32_t)in->head_ring.word);
	trp_store_relaxed(&in->mine->base, in->head_ring.base);
}

/* 1: there is more than before; 0: there is not; or -EBADMSG. */
static int look_for_more(struct trp_incoming *in)
{
	/* A1: pairs with R1 in trp_outgoing_commit(). */
	uint64_t tail = trp_load_acquire(&in->theirs->tail);

	/* In the region of another: what is there is no tail. */
	if (tail == in->tail || !is_held(in))
		return 0;
	if (tail < in->tail || tail % 8 || !trp_lane_has(in->incarnation, tail))
		return -EBADMSG;
	in->tail = tail;
	return 1;
}

static void move_head(struct trp_incoming *in, uint64_t to, uint64_t ring,
		      uint64_t base)
{
	assert(to >= in->head && to <= in->cursor);
	in->head = to;
	in->head_ring.word = ring;
	in->head_ring.base = base;
}

static void pass(struct trp_incoming *in, uint64_t space)
{
	in->cursor += space;
	if (!in->held)
		move_head(in, in->cursor, in->word, in->base);
}

static uint64_t load_once(const void *at)
{
	return trp_load_relaxed((const _Atomic uint64_t *)at);
}

static struct trp_extent load_extent(const unsigned char *at)
{
	return (struct trp_extent) { load_once(at), load_once(at + 8) };
}

/* Checks the attachment that a record begins with. */
static int attach(const struct trp_incoming *in, const struct trp_arena *arena,
		  struct trp_mail *mail)
{
	struct trp_extent extent;

	if (mail->size < sizeof(extent))
		return -EBADMSG;
	extent = load_extent(mail->bytes);
	if (!extent.size)
		return -EBADMSG;
	mail->attachment =
		trp_arena_at(arena, in->region, extent.offset, extent.size);
	if (!mail->attachment)
		return -EBADMSG;
	mail->attachment_size = extent.size;
	mail->bytes = (const unsigned char *)mail->bytes + sizeof(extent);
	mail->size -= sizeof(extent);
	return 0;
}

/* Field by field, as a copy of the whole waits for its own stores. */
static int hand_out(struct trp_incoming *in, const struct trp_arena *arena,
		    struct trp_record record, const unsigned char *bytes,
		    struct trp_mail *ret_mail)
{
	if (record.flags & ~TRP_ATTACHED)
		return -EBADMSG;
	ret_mail->sender = in->sender;
	ret_mail->bytes = bytes;
	ret_mail->size = record.size;
	ret_mail->attachment = NULL;
	ret_mail->attachment_size = 0;
	ret_mail->position = in->cursor;
	ret_mail->ring = in->word;
	ret_mail->base = in->base;
	ret_mail->from = in;
	if (record.flags && attach(in, arena, ret_mail) < 0)
		return -EBADMSG;
	if (!in->held++)
		in->first = in->given;
	ret_mail->number = in->given++;
	pass(in, trp_record_space(record.size));
	return 1;
}

static int follow(struct trp_incoming *in, const struct trp_arena *arena,
		  const unsigned char *bytes, uint32_t size)
{
	struct trp_extent block;
	int r;

	if (size != sizeof(block))
		return -EBADMSG;
	block = load_extent(bytes);
	r = open_ring(in, arena, block, in->cursor + trp_record_space(size));
	if (r < 0)
		return r;
	pass(in, trp_record_space(size));
	return 0;
}

/*
 * From here on the lane is like one that was never opened.  A ring that held
 * nothing else is invalid: a sender could go on with such rings for ever.
 */
static int leave_ring(struct trp_incoming *in, uint32_t size)
{
	if (size != 0 || in->cursor == in->base)
		return -EBADMSG;
	in->ring = NULL;
	in->word = 0;
	in->base = in->cursor + trp_record_space(0);
	pass(in, trp_record_space(0));
	return 0;
}

/* 1: a record was handed out; 0: one was skipped; or -EBADMSG. */
static int read_record(struct trp_incoming *in, const struct trp_arena *arena,
		       struct trp_mail *ret_mail)
{
	uint64_t at = (in->cursor - in->base) & (in->ring_size - 1);
	uint64_t header = load_once(in->ring + at);
	const unsigned char *bytes = in->ring + at + sizeof(header);
	struct trp_record record;
	uint64_t space;

	memcpy(&record, &header, sizeof(record));
	space = trp_record_space(record.size);
	if (space > in->ring_size - at || space > in->tail - in->cursor)
		return -EBADMSG;
	if (record.kind == TRP_DATA)
		return hand_out(in, arena, record, bytes, ret_mail);
	if (record.kind == TRP_CONTINUES)
		return follow(in, arena, bytes, record.size);
	if (record.kind == TRP_CLOSES)
		return leave_ring(in, record.size);
	if (record.kind != TRP_PAD || space != in->ring_size - at)
		return -EBADMSG;
	pass(in, space);
	return 0;
}

/*
 * An honest sender publishes at most PAD or CLOSES, CONTINUES and DATA before
 * we have read some of it, and ends with DATA or CLOSES.
 */
static int read_on(struct trp_incoming *in, const struct trp_arena *arena,
		   struct trp_mail *ret_mail)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++) {
		if (in->cursor == in->tail)
			return in->ring ? -EBADMSG : 0;
		if (!in->ring)
			r = open_first_ring(in, arena);
		if (r == 0)
			r = read_record(in, arena, ret_mail);
	}
	return r ? r : -EBADMSG;
}

/* A broken lane: everything in it counts as read. */
static void discard(struct trp_incoming *in)
{
	uint64_t tail = trp_load_relaxed(&in->theirs->tail);

	if (tail > in->tail && is_held(in) &&
	    trp_lane_has(in->incarnation, tail))
		in->tail = tail;
	pass(in, in->tail - in->cursor);
}

int trp_incoming_next(struct trp_incoming *in, const struct trp_arena *arena,
		      struct trp_mail *ret_mail)
{
	int r = 1;

	if (in->is_broken || !in->theirs)
		return 0;
	if (in->cursor == in->tail)
		r = look_for_more(in);
	if (r > 0)
		r = read_on(in, arena, ret_mail);
	if (r < 0) {
		in->is_broken = true;
		discard(in);
	}
	TRP_CHECK(trp_incoming_check(in));
	return r;
}

bool trp_incoming_has_more(const struct trp_incoming *in)
{
	return in->theirs &&
	       in->cursor != trp_load_relaxed(&in->theirs->tail) && is_held(in);
}

bool trp_incoming_is_drained(struct trp_incoming *in)
{
	if (in->is_broken)
		discard(in);
	return in->is_broken || !trp_incoming_has_more(in);
}

/* Each store is a release, so that a kill leaves them in this order. */
static void store(_Atomic uint64_t *to, uint64_t value)
{
	trp_store_release(to, value);
}

static void move_to_ring(struct trp_incoming *in)
{
	uint64_t word = in->head_ring.word, base = in->head_ring.base;

	assert(!trp_load_relaxed(&in->moving->lane) && base <= in->head);
	store(&in->moving->ring, word);
	store(&in->moving->base, base);
	store(&in->moving->head, in->head);
	store(&in->moving->lane,
	      (uint64_t)in->sender << 8 | (unsigned)in->stream << 1 | 1);
	trp_store_release(&in->mine->ring, (uint32_t)word);
	store(&in->mine->base, base);
	store(&in->mine->head, in->head); /* R2 */
	store(&in->moving->lane, 0);
	in->published_ring = in->head_ring;
}

static void tell_head(struct trp_incoming *in)
{
	if (in->head_ring.base != in->published_ring.base ||
	    in->head_ring.word != in->published_ring.word)
		move_to_ring(in);
	else
		/* R2: pairs with A2 in trp_outgoing_reclaim(). */
		store(&in->mine->head, in->head);
}

/* F4, with F3 in trp_outgoing_want_room(), has passed. */
static bool is_awaited(struct trp_incoming *in)
{
	uint64_t room = trp_load_relaxed(&in->theirs->room);
	bool is_passed = in->published < room && room <= in->head;

	in->published = in->head;
	return is_passed;
}

bool trp_incoming_publish(struct trp_incoming *in)
{
	if (in->head == in->published)
		return false;
	tell_head(in);
	atomic_thread_fence(memory_order_seq_cst); /* F4 */
	return is_awaited(in);
}

bool trp_incoming_catch_up(struct trp_incoming *in, bool *ret_ring)
{
	if (in->is_broken)
		discard(in);
	tell_head(in);
	trp_store_relaxed(&in->mine->event, in->cursor);
	/* F2: with F1 in trp_outgoing_commit(), one side sees the other; F4. */
	atomic_thread_fence(memory_order_seq_cst);
	*ret_ring = is_awaited(in);
	TRP_CHECK(trp_incoming_check(in));
	return trp_incoming_is_drained(in);
}

/* J3: at each store the endpoint says the end of one lane, or the next one. */
void trp_incoming_pass_on(struct trp_incoming *in)
{
	uint64_t begin = trp_lane_base(++in->incarnation);

	assert(in->head == in->cursor && in->published == in->head);
	assert(!in->held);
	trp_store_relaxed(&in->mine->event, begin);
	/* R8: pairs with A9 in trp_peer_meet(), which finds that event. */
	trp_store_release(&in->mine->at, in->incarnation);
	in->theirs = NULL;
	in->region = TRP_NO_REGION;
	in->is_broken = in->is_delayed = false;
	stand_at(in, begin);
	move_to_ring(in);
	TRP_CHECK(trp_incoming_check(in));
}

static uint64_t end_of(const struct trp_mail *mail)
{
	return mail->position +
	       trp_record_space(
		       mail->size +
		       (mail->attachment ? sizeof(struct trp_extent) : 0));
}

bool trp_incoming_done(struct trp_incoming *in, const struct trp_mail *mail)
{
	assert(in->held > 0);

	in->held--;
	if (mail->number == in->first) {
		in->first++;
		move_head(in, end_of(mail), mail->ring, mail->base);
	}
	pass(in, 0);
	TRP_CHECK(trp_incoming_check(in));
	return in->head - in->published >= in->step;
}

uint64_t trp_incoming_behind(const struct trp_incoming *in)
{
	return in->theirs ? trp_load_relaxed(&in->theirs->tail) - in->cursor
			  : 0;
}
