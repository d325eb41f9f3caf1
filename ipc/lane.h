/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_LANE_H
#define TRP_IPC_LANE_H

/*
 * One stream of records from one process to another (README.md, "Cards and
 * lanes"): its sending and its receiving end, both private memory.  Neither
 * end rings or sleeps; that is the mailbox's.
 *
 *	sender:    head_seen <= tail <= reserved
 *		   debts are in the order of their positions
 *	receiver:  published <= head <= cursor <= tail
 *		   head == cursor unless a record is held
 */

#include "ipc/endpoint.h"

enum trp_kind { TRP_DATA = 1, TRP_PAD, TRP_CONTINUES, TRP_CLOSES };
enum { TRP_ATTACHED = 1 }; /* a flag of TRP_DATA */

struct trp_record {
	uint32_t size; /* bytes that follow, without padding */
	uint16_t kind;
	uint16_t flags;
};

/* What a record of so many bytes takes in its ring. */
static inline uint64_t trp_record_space(uint64_t bytes)
{
	return (sizeof(struct trp_record) + bytes + 7) & ~UINT64_C(7);
}

/* Bytes beside a record, in the sender's region. */
struct trp_extent {
	uint64_t offset;
	uint64_t size;
};

/* How a card names a ring: offset | log2(size). */
static inline uint64_t trp_ring_word(struct trp_extent block)
{
	return block.offset | (unsigned)__builtin_ctzll(block.size);
}

enum {
	TRP_LANE_FIRST = 1024, /* bytes of a first ring */
	TRP_LANE_KEPT = 48,    /* always free: PAD and CONTINUES, or CLOSES */
	TRP_LANE_GROWTH = 4,
	TRP_LANE_LARGE = 64 << 10, /* from here on growth is thought over */
	TRP_LIMIT_DEFAULT = 1 << 20,
	TRP_LIMIT_MIN = 256,
	TRP_LIMIT_MAX = 1 << 30,
};

/* A block to be freed when head has passed `position`. */
struct trp_debt {
	uint64_t position;
	struct trp_extent extent;
};

struct trp_outgoing {
	struct trp_endpoint_out *mine;
	const struct trp_endpoint_in
		*theirs;     /* NULL: they have not seen us yet */
	unsigned char *ring; /* NULL: none yet */
	uint64_t base;
	struct trp_extent block; /* of the ring */
	uint64_t tail;
	uint64_t reserved; /* == tail: no reservation is open */
	uint64_t head_seen;
	uint64_t easy;	    /* records that end up to here need no look */
	uint64_t wanted;    /* the last -EAGAIN was for so much, or 0 */
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

struct trp_incoming {
	struct trp_endpoint_in *mine;
	struct trp_moving *moving; /* in the own front */
	enum trp_stream stream;
	const struct trp_endpoint_out *theirs;
	struct trp_peer *peer; /* the mailbox's */
	uint32_t sender;       /* slot */
	uint32_t limit; /* what the sender may leave unread; 0: no limit */
	uint32_t held;	/* records handed out and not done with */
	const unsigned char *ring;
	uint64_t ring_size;
	uint64_t base;
	uint64_t tail; /* last seen */
	uint64_t cursor;
	uint64_t head;
	uint64_t published;
	uint64_t step; /* publish head when it is so far ahead */
	/* The rings of cursor, of head and of published, as in the card. */
	uint64_t word;
	struct trp_ring {
		uint64_t word, base;
	} head_ring, published_ring;
	bool is_broken;
};

/* A record that was received: borrowed until trp_incoming_done(). */
struct trp_mail {
	uint32_t sender; /* slot */
	uint32_t generation;
	enum trp_stream stream;
	const void *bytes;
	uint32_t size;
	const void *attachment; /* NULL: none */
	uint64_t attachment_size;
	uint64_t position;
	struct trp_incoming *from;
};

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
 * Would that record make a large ring grow, though a few of its kind fit in
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
 * The slow look at a lane: frees what the receiver has finished with, and
 * closes the lane when it has grown, is empty, and nothing was sent since the
 * last look.  True: it was closed, ring the receiver.  The next reservation
 * opens it again.
 */
bool trp_outgoing_retire(struct trp_outgoing *out, struct trp_region *region);

/*
 * Asks to be rung when at most half of `limit` is unread, or less where the
 * last reservation needs more room.  True: so it is now.
 */
bool trp_outgoing_want_room(struct trp_outgoing *out, struct trp_region *region,
			    uint32_t limit);

/* The receiver is gone: frees everything, as new.  The card is not touched. */
void trp_outgoing_reset(struct trp_outgoing *out, struct trp_region *region);

/* A new sender: its card is `theirs`; reads from position 0 on. */
void trp_incoming_reset(struct trp_incoming *in,
			const struct trp_endpoint_out *theirs);

/*
 * After a reset: goes on at `head`, in the ring that lies at `base` and that a
 * card calls `ring`.  0 or -EBADMSG.
 */
int trp_incoming_resume(struct trp_incoming *in, const struct trp_arena *arena,
			uint64_t head, uint64_t ring, uint64_t base);

/*
 * The next record at the cursor.  Returns 1 with ret_mail set (but for its
 * generation and stream); 0: nothing there; -EBADMSG: the sender lied, told
 * once, after which the lane is 0 for ever.
 */
int trp_incoming_next(struct trp_incoming *in, const struct trp_arena *arena,
		      struct trp_mail *ret_mail);

/* Bytes that the sender has published behind what was handed out. */
uint64_t trp_incoming_behind(const struct trp_incoming *in);

/* In any order; head moves when none is held.  True: far enough to publish. */
bool trp_incoming_done(struct trp_incoming *in);

/* Makes head visible to the sender.  True: it waits for just this; ring it. */
bool trp_incoming_publish(struct trp_incoming *in);

/*
 * At the end of a lane: publishes head, sets the event, fences and looks once
 * more.  True: it is empty and its sender will ring; false: go on.
 * *ret_ring: as trp_incoming_publish().
 */
bool trp_incoming_catch_up(struct trp_incoming *in, bool *ret_ring);

/* Anything that was not handed out yet. */
bool trp_incoming_has_more(const struct trp_incoming *in);

/* A broken lane: counts as read whatever comes. */
void trp_incoming_discard(struct trp_incoming *in);

#endif
