/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/lane.h"

/*
 * The sending end of a lane, in private memory.
 */

/*
 * A block to be freed when head has passed `position`.  That of a ring has
 * those from `base` on; of an attachment base is `position`.
 */
struct trp_debt {
	uint64_t position;
	struct trp_extent extent;
	uint64_t base;
};

struct trp_outgoing {
	struct trp_endpoint_out *mine;
	const struct trp_endpoint_in
		*theirs; /* NULL: they have not met us yet */
	/* The region of `theirs` must still be held by `whose`. */
	const _Atomic uint64_t *holder;
	uint64_t whose;
	unsigned char *ring; /* NULL: none yet */
	uint64_t base;
	struct trp_extent block; /* of the ring */
	uint64_t tail;
	uint64_t reserved; /* == tail: no reservation is open */
	uint64_t head_seen;
	uint64_t easy;	    /* records that end below need no check */
	uint64_t wanted;    /* size of the last -EAGAIN, or 0 */
	uint64_t looked_at; /* the tail at the last trp_outgoing_retire() */
	bool is_waiting;    /* mine->room is set */

	struct {
		uint64_t position; /* of the record; below it PAD, CONTINUES */
		struct trp_record *record;
		struct trp_extent attachment; /* size 0: none */
		struct trp_extent block;      /* of a new ring, or size 0 */
	} open;

	struct trp_debt *debt; /* a queue; grows in private memory */
	uint32_t debt_first, debt_count, debt_room;
};

/* Before a fork: as ipc/first_blocks.h says. */
void trp_outgoing_prepare(void);

/*
 * Room for a record of `size` bytes, and for `attachment` where not NULL (a
 * block of this region, which the lane owns from the commit on).  Replaces an
 * open reservation.  limit: bytes of unread records, heads and padding
 * included; 0 is no limit but TRP_LIMIT_MAX for one record.
 * Returns 0; -EAGAIN: the limit is reached; -EMSGSIZE: more than the limit
 * allows even in an empty lane; -ENOBUFS, -ENOMEM as trp_region_alloc().
 */
int trp_outgoing_reserve(struct trp_outgoing *out, struct trp_region *region,
			 uint32_t size, const struct trp_extent *attachment,
			 uint32_t limit, void **ret_bytes);

/*
 * Would that record make a large ring grow, though the ring holds a few like it
 * and the limit allows it?
 */
bool trp_outgoing_would_grow(struct trp_outgoing *out,
			     struct trp_region *region, uint32_t size,
			     uint32_t limit);

/*
 * Publishes the reservation, shortened to `size` where that is smaller.
 * True: the receiver had caught up, or has never been here; ring it.
 */
bool trp_outgoing_commit(struct trp_outgoing *out, uint32_t size);

/* Frees what the receiver has finished with; returns the bytes still unread. */
uint64_t trp_outgoing_reclaim(struct trp_outgoing *out,
			      struct trp_region *region);

/*
 * The slow check of a lane: frees what the receiver has finished with, and
 * closes the lane when it has grown, is empty, and nothing was sent since the
 * last look.  True: it was closed, ring the receiver.  The next reservation
 * opens it again.
 */
bool trp_outgoing_retire(struct trp_outgoing *out, struct trp_region *region);

/*
 * Asks to be rung when at most half of `limit` is unread, or less if the last
 * reservation needs more room.  True: that is so already.
 */
bool trp_outgoing_want_room(struct trp_outgoing *out, struct trp_region *region,
			    uint32_t limit);

/*
 * Visits each record that the receiver is not known to have read, in the order
 * of sending; without attachments.
 */
void trp_outgoing_each(const struct trp_outgoing *out,
		       const struct trp_region *region,
		       void (*visit)(const struct trp_mail *mail, void *data),
		       void *data);

void trp_outgoing_check(const struct trp_outgoing *out);

/*
 * Another receiver: frees everything except the endpoint, and begins at that
 * position.
 */
void trp_outgoing_reset(struct trp_outgoing *out, struct trp_region *region,
			uint64_t begin);
