/* SPDX-License-Identifier: MIT */
#include "ipc/outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/first_blocks.h"

/*
 * The sending end of a lane.  Everything that it writes lies above its tail
 * until R1; if it is killed before that, the bytes are never read.
 */

/* I1, I4 to I6 of README.md, as far as this side knows. */
void trp_outgoing_check(const struct trp_outgoing *out)
{
	uint64_t oldest =
		out->head_seen > out->base ? out->head_seen : out->base;
	uint64_t last = out->head_seen;

	assert(out->head_seen <= out->tail && out->tail <= out->reserved);
	assert(trp_load_relaxed(&out->mine->tail) == out->tail);
	assert(out->tail % 8 == 0 && out->reserved % 8 == 0);
	assert(!out->ring == !out->block.size);
	assert((out->block.size & (out->block.size - 1)) == 0 || !out->ring);
	assert(!out->ring || out->base <= out->tail);
	assert(!out->ring ||
	       out->tail - oldest + TRP_LANE_KEPT <= out->block.size);
	assert(!out->is_waiting ||
	       trp_load_relaxed(&out->mine->room) <= out->tail);
	assert(out->debt_count <= out->debt_room);
	for (uint32_t i = 0; i < out->debt_count; i++) {
		const struct trp_debt *debt =
			&out->debt[(out->debt_first + i) % out->debt_room];

		assert(last < debt->position && debt->position <= out->tail);
		last = debt->position;
	}
}

static void write_header(void *at, uint64_t size, enum trp_kind kind,
			 unsigned flags)
{
	struct trp_record record = {
		.size = (uint32_t)size,
		.kind = (uint16_t)kind,
		.flags = (uint16_t)flags,
	};

	memcpy(at, &record, sizeof(record));
}

/* ---- debts to the region ------------------------------------------------- */

enum { DEBTS_FIRST = 8 };

void trp_outgoing_prepare(void)
{
	trp_first_blocks_add(DEBTS_FIRST * sizeof(struct trp_debt));
}

/* Room for two, which is what a commit may add. */
static int expect_debts(struct trp_outgoing *out)
{
	uint32_t room = out->debt_room ? out->debt_room * 2 : DEBTS_FIRST;
	struct trp_debt *debt;

	if (out->debt_count + 2 <= out->debt_room)
		return 0;
	assert(out->debt_count <= out->debt_room);
	debt = trp_first_blocks_take(room * sizeof(*debt));
	if (!debt)
		return -ENOMEM;
	for (uint32_t i = 0; i < out->debt_count; i++)
		debt[i] = out->debt[(out->debt_first + i) % out->debt_room];
	free(out->debt);
	out->debt = debt;
	out->debt_first = 0;
	out->debt_room = room;
	return 0;
}

static void add_debt(struct trp_outgoing *out, uint64_t position,
		     struct trp_extent extent, uint64_t base)
{
	uint32_t at = (out->debt_first + out->debt_count) % out->debt_room;

	assert(out->debt_count < out->debt_room);
	assert(!out->debt_count ||
	       out->debt[(at ? at : out->debt_room) - 1].position < position);
	out->debt[at] = (struct trp_debt) { position, extent, base };
	out->debt_count++;
}

static void pay_debts(struct trp_outgoing *out, struct trp_region *region,
		      uint64_t head)
{
	while (out->debt_count) {
		struct trp_debt *debt = &out->debt[out->debt_first];

		if (debt->position > head)
			return;
		assert(debt->extent.size > 0);
		trp_region_free(region, debt->extent.offset, debt->extent.size);
		out->debt_first = (out->debt_first + 1) % out->debt_room;
		out->debt_count--;
	}
}

uint64_t trp_outgoing_reclaim(struct trp_outgoing *out,
			      struct trp_region *region)
{
	uint64_t head;

	if (!out->theirs)
		return out->tail - out->head_seen;
	/* A2: pairs with R2; the receiver no longer reads below it. */
	head = trp_load_acquire(&out->theirs->head);
	if (trp_load_relaxed(out->holder) == out->whose &&
	    head > out->head_seen && head <= out->tail)
		out->head_seen = head;
	pay_debts(out, region, out->head_seen);
	return out->tail - out->head_seen;
}

/* ---- finding room -------------------------------------------------------- */

static void drop_reservation(struct trp_outgoing *out,
			     struct trp_region *region)
{
	if (out->open.block.size)
		trp_region_free(region, out->open.block.offset,
				out->open.block.size);
	out->open.block = (struct trp_extent) { 0 };
	out->open.attachment = (struct trp_extent) { 0 };
	out->reserved = out->tail;
}

static bool is_full(const struct trp_outgoing *out, uint64_t need,
		    uint32_t limit)
{
	uint64_t unread = out->tail - out->head_seen;

	return limit && unread && unread + need > limit;
}

static uint64_t to_end_of_ring(const struct trp_outgoing *out)
{
	return out->block.size -
	       ((out->tail - out->base) & (out->block.size - 1));
}

static void *at_tail(const struct trp_outgoing *out)
{
	return out->ring + ((out->tail - out->base) & (out->block.size - 1));
}

/* Free bytes from tail, without those that are always kept. */
static uint64_t room_in_ring(const struct trp_outgoing *out)
{
	uint64_t oldest =
		out->head_seen > out->base ? out->head_seen : out->base;

	assert(out->tail - oldest + TRP_LANE_KEPT <= out->block.size);
	return out->block.size - TRP_LANE_KEPT - (out->tail - oldest);
}

static uint64_t padding(const struct trp_outgoing *out, uint64_t need)
{
	uint64_t rest = to_end_of_ring(out);

	return rest < need ? rest : 0;
}

static bool fits(const struct trp_outgoing *out, uint64_t need)
{
	return padding(out, need) + need <= room_in_ring(out);
}

/* The position after the padding, if any, that lets `need` bytes follow. */
static uint64_t pad(struct trp_outgoing *out, uint64_t need)
{
	uint64_t rest = padding(out, need);

	assert(rest % sizeof(struct trp_record) == 0);
	if (rest)
		write_header(at_tail(out), rest - sizeof(struct trp_record),
			     TRP_PAD, 0);
	return out->tail + rest;
}

static uint64_t power_of_two(uint64_t size)
{
	assert(size > 1);
	return UINT64_C(1) << (64 - __builtin_clzll(size - 1));
}

/* A ring in which `need` bytes fit, larger than the present one if it may. */
static int make_ring(struct trp_outgoing *out, struct trp_region *region,
		     uint64_t need, uint32_t limit,
		     struct trp_extent *ret_block)
{
	uint64_t least = power_of_two(need + TRP_LANE_KEPT);
	uint64_t most = power_of_two(limit ? limit : TRP_LIMIT_MAX);
	uint64_t size = out->ring ? out->block.size * TRP_LANE_GROWTH : 0;
	int r;

	if (size > most)
		size = most;
	if (least < TRP_LANE_FIRST)
		least = TRP_LANE_FIRST;
	if (size < least)
		size = least;
	r = trp_region_alloc(region, size, &ret_block->offset);
	if (r < 0 && size > least) {
		size = least;
		r = trp_region_alloc(region, size, &ret_block->offset);
	}
	if (r == 0)
		ret_block->size = size;
	assert(size >= need + TRP_LANE_KEPT && (size & (size - 1)) == 0);
	return r;
}

static int make_first_ring(struct trp_outgoing *out, struct trp_region *region,
			   uint64_t need, uint32_t limit)
{
	int r = make_ring(out, region, need, limit, &out->block);

	if (r < 0)
		return r;
	out->ring = trp_region_at(region, out->block.offset);
	out->base = out->tail;
	/* Visible to a reader that sees a tail above it: R1, A1. */
	trp_store_relaxed(&out->mine->ring, trp_ring_word(out->block));
	return 0;
}

/* Links the tail, in the bytes kept for that, to a new ring. */
static int lead_on(struct trp_outgoing *out, struct trp_region *region,
		   uint64_t need, uint32_t limit)
{
	uint64_t step = trp_record_space(sizeof(struct trp_extent));
	struct trp_extent block;
	unsigned char *at;
	uint64_t position;
	int r = make_ring(out, region, need, limit, &block);

	if (r < 0)
		return r;
	position = pad(out, step);
	assert(position + step <=
	       out->tail + room_in_ring(out) + TRP_LANE_KEPT);
	at = out->ring + ((position - out->base) & (out->block.size - 1));
	write_header(at, sizeof(block), TRP_CONTINUES, 0);
	memcpy(at + sizeof(struct trp_record), &block, sizeof(block));
	out->open.block = block;
	out->open.position = position + step;
	out->open.record = trp_region_at(region, block.offset);
	return 0;
}

static int find_place(struct trp_outgoing *out, struct trp_region *region,
		      uint64_t need, uint32_t limit)
{
	int r;

	if (!out->ring) {
		r = make_first_ring(out, region, need, limit);
		if (r < 0)
			return r;
	}
	if (!fits(out, need)) {
		trp_outgoing_reclaim(out, region);
		if (!fits(out, need))
			return lead_on(out, region, need, limit);
	}
	out->open.position = pad(out, need);
	out->open.record =
		(void *)(out->ring + ((out->open.position - out->base) &
				      (out->block.size - 1)));
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Up to here records need no check of the ring, the limit or the head.
 */
static uint64_t easy_end(const struct trp_outgoing *out, uint32_t limit)
{
	uint64_t end =
		out->tail + least(to_end_of_ring(out), room_in_ring(out));

	return limit ? least(end, out->head_seen + limit) : end;
}

static int check_limit(struct trp_outgoing *out, struct trp_region *region,
		       uint64_t need, uint32_t limit)
{
	if (need > (limit ? limit : TRP_LIMIT_MAX))
		return -EMSGSIZE;
	if (!is_full(out, need, limit))
		return 0;
	trp_outgoing_reclaim(out, region);
	if (!is_full(out, need, limit))
		return 0;
	out->wanted = need;
	return -EAGAIN;
}

static void stop_waiting(struct trp_outgoing *out)
{
	out->wanted = 0;
	out->is_waiting = false;
	trp_store_relaxed(&out->mine->room, UINT64_MAX);
}

int trp_outgoing_reserve(struct trp_outgoing *out, struct trp_region *region,
			 uint32_t size, const struct trp_extent *attachment,
			 uint32_t limit, void **ret_bytes)
{
	uint64_t beside = attachment ? sizeof(*attachment) : 0;
	uint64_t need = trp_record_space(beside + size);
	int r;

	if (out->tail + need <= out->easy && !attachment && !out->debt_count) {
		TRP_CHECK(
			assert(fits(out, need) && !is_full(out, need, limit)));
		out->open.attachment.size = 0;
		out->open.position = out->tail;
		out->open.record = at_tail(out);
		out->reserved = out->tail + need;
		*ret_bytes = out->open.record + 1;
		return 0;
	}
	if (out->reserved != out->tail)
		drop_reservation(out, region);
	if (out->debt_count)
		trp_outgoing_reclaim(out, region);
	r = check_limit(out, region, need, limit);
	if (r == 0)
		r = expect_debts(out);
	if (r == 0)
		r = find_place(out, region, need, limit);
	if (r < 0)
		return r;
	if (out->wanted || out->is_waiting)
		stop_waiting(out);
	if (attachment)
		out->open.attachment = *attachment;
	out->easy = out->open.position == out->tail ? easy_end(out, limit) : 0;
	out->reserved = out->open.position + need;
	TRP_CHECK(trp_outgoing_check(out));
	*ret_bytes = (unsigned char *)(out->open.record + 1) + beside;
	return 0;
}

bool trp_outgoing_would_grow(struct trp_outgoing *out,
			     struct trp_region *region, uint32_t size,
			     uint32_t limit)
{
	uint64_t need = trp_record_space(sizeof(struct trp_extent) + size);

	if (out->tail + need <= out->easy || out->block.size < TRP_LANE_LARGE ||
	    out->block.size < 3 * need || fits(out, need))
		return false;
	trp_outgoing_reclaim(out, region);
	/* As reserve() asks without an attachment: records may fill the limit.
	 */
	return !fits(out, need) && !is_full(out, trp_record_space(size), limit);
}

static void move_to_new_ring(struct trp_outgoing *out)
{
	add_debt(out, out->open.position, out->block, out->base);
	out->block = out->open.block;
	out->ring = (unsigned char *)out->open.record;
	out->base = out->open.position;
	out->open.block = (struct trp_extent) { 0 };
}

static void attach(struct trp_outgoing *out, uint64_t end)
{
	memcpy(out->open.record + 1, &out->open.attachment,
	       sizeof(struct trp_extent));
	add_debt(out, end, out->open.attachment, end);
	out->open.attachment = (struct trp_extent) { 0 };
}

bool trp_outgoing_commit(struct trp_outgoing *out, uint32_t size)
{
	bool is_attached = out->open.attachment.size;
	uint64_t bytes = size + (is_attached ? sizeof(struct trp_extent) : 0);
	uint64_t end = out->open.position + trp_record_space(bytes);
	uint64_t old = out->tail;
	uint64_t event;

	assert(out->reserved > out->tail && end <= out->reserved);

	write_header(out->open.record, bytes, TRP_DATA,
		     is_attached ? TRP_ATTACHED : 0);
	if (out->open.block.size)
		move_to_new_ring(out);
	if (is_attached)
		attach(out, end);
	out->tail = out->reserved = end;
	/* R1: pairs with A1 in look_for_more(); publishes the record. */
	trp_store_release(&out->mine->tail, end);
	if (!out->theirs)
		return true;
	/* F1: with F2 in trp_incoming_catch_up(), one side sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	event = trp_load_relaxed(&out->theirs->event);
	return old <= event && event < end;
}

/*
 * The receiver has passed all records, and will read only the one that follows
 * here.  After it the lane is like one that was never opened, only at a higher
 * position: no ring, and the endpoint names the next one.
 */
static bool close_lane(struct trp_outgoing *out)
{
	assert(out->ring && out->head_seen == out->tail);
	if (expect_debts(out) < 0)
		return false;
	write_header(at_tail(out), 0, TRP_CLOSES, 0);
	out->tail = out->reserved = out->tail + trp_record_space(0);
	add_debt(out, out->tail, out->block, out->base);
	/* R1. */
	trp_store_release(&out->mine->tail, out->tail);
	return true;
}

bool trp_outgoing_retire(struct trp_outgoing *out, struct trp_region *region)
{
	bool is_used, is_known;

	drop_reservation(out, region);
	is_used = trp_outgoing_reclaim(out, region) ||
		  out->tail != out->looked_at;
	out->looked_at = out->tail;
	if (is_used || out->block.size <= TRP_LANE_FIRST)
		return false;
	/* Nothing was ever committed: the receiver has not heard of it. */
	is_known = out->tail != out->base;
	if (!is_known)
		trp_region_free(region, out->block.offset, out->block.size);
	else if (!close_lane(out))
		return false;
	out->ring = NULL;
	out->block = (struct trp_extent) { 0 };
	out->easy = 0;
	out->looked_at = out->tail;
	TRP_CHECK(trp_outgoing_check(out));
	return is_known;
}

bool trp_outgoing_want_room(struct trp_outgoing *out, struct trp_region *region,
			    uint32_t limit)
{
	uint64_t unread = limit / 2;

	if (out->wanted && limit - out->wanted < unread)
		unread = limit - out->wanted;
	if (!limit || trp_outgoing_reclaim(out, region) <= unread)
		return true;
	assert(unread < out->tail - out->head_seen);
	out->is_waiting = true;
	trp_store_relaxed(&out->mine->room, out->tail - unread);
	/* F3: with F4 in tell_head(), one side sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (trp_outgoing_reclaim(out, region) > unread)
		return false;
	stop_waiting(out);
	TRP_CHECK(trp_outgoing_check(out));
	return true;
}

/* ---- what is unread ------------------------------------------------------ */

/* The record at that position, which is not below head_seen. */
static const unsigned char *find(const struct trp_outgoing *out,
				 const struct trp_region *region, uint64_t at)
{
	const struct trp_debt *debt;

	for (uint32_t i = 0; i < out->debt_count; i++) {
		debt = &out->debt[(out->debt_first + i) % out->debt_room];
		if (debt->base <= at && at < debt->position)
			return (unsigned char *)trp_region_at(
				       region, debt->extent.offset) +
			       ((at - debt->base) & (debt->extent.size - 1));
	}
	assert(out->ring && out->base <= at);
	return out->ring + ((at - out->base) & (out->block.size - 1));
}

void trp_outgoing_each(const struct trp_outgoing *out,
		       const struct trp_region *region,
		       void (*visit)(const struct trp_mail *mail, void *data),
		       void *data)
{
	struct trp_record record;

	for (uint64_t at = out->head_seen; at < out->tail;
	     at += trp_record_space(record.size)) {
		const unsigned char *bytes = find(out, region, at);
		const uint64_t beside = sizeof(struct trp_extent);
		struct trp_mail mail = { .position = at };

		memcpy(&record, bytes, sizeof(record));
		if (record.kind != TRP_DATA)
			continue;
		mail.bytes = bytes + sizeof(record);
		mail.size = record.size;
		if (record.flags & TRP_ATTACHED) {
			mail.bytes = bytes + sizeof(record) + beside;
			mail.size -= beside;
		}
		visit(&mail, data);
	}
}

void trp_outgoing_reset(struct trp_outgoing *out, struct trp_region *region,
			uint64_t begin)
{
	drop_reservation(out, region);
	pay_debts(out, region, UINT64_MAX);
	if (out->ring)
		trp_region_free(region, out->block.offset, out->block.size);
	assert(!out->debt_count);
	free(out->debt);
	*out = (struct trp_outgoing) {
		.mine = out->mine,
		.tail = begin,
		.reserved = begin,
		.head_seen = begin,
		.looked_at = begin,
	};
	trp_store_release(&out->mine->tail, begin);
	trp_store_relaxed(&out->mine->room, UINT64_MAX);
	trp_store_relaxed(&out->mine->ring, 0);
}
