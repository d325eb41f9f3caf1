/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/lane.h"

/*
 * The receiving end of a lane, in private memory.
 *
 *	head <= the position of record `first`, and all before that is done with
 */

struct trp_incoming {
	struct trp_endpoint_in *mine;
	struct trp_moving *moving; /* in the own front */
	enum trp_stream stream;
	const struct trp_endpoint_out *theirs; /* NULL: not there (yet) */
	struct trp_peer *peer;		       /* the mailbox's */
	uint32_t sender;		       /* slot */
	uint32_t limit; /* what the sender may leave unread; 0: no limit */
	uint32_t held;	/* records handed out and not done with */
	uint32_t given; /* records handed out */
	uint32_t first; /* number of the first that is held, if any is */
	const unsigned char *ring;
	uint64_t ring_size;
	uint64_t base;
	uint64_t tail; /* last seen */
	uint64_t cursor;
	uint64_t head;
	uint64_t published;
	uint64_t step; /* publish head when it is so far ahead */
	/* The rings of cursor, of head and of published, as in the endpoint. */
	uint64_t word;
	struct trp_ring {
		uint64_t word, base;
	} head_ring, published_ring;
	bool is_broken;
	bool is_delayed;      /* held records keep it from the next lane */
	uint32_t incarnation; /* of the sender */
	uint32_t region;      /* of that one, in which the lane lies */
	/* It must still be held by `whose`; NULL: not looked at. */
	const _Atomic uint64_t *holder;
	uint64_t whose;
};

/*
 * A new sender, which knows nothing of this yet: at the beginning of the lane
 * of that incarnation.
 */
void trp_incoming_reset(struct trp_incoming *in, uint32_t incarnation);

/*
 * The lane is there: its sender's endpoint, in that region.  *holder is `whose`
 * as long as it is.
 */
void trp_incoming_attach(struct trp_incoming *in,
			 const struct trp_endpoint_out *theirs, uint32_t region,
			 const _Atomic uint64_t *holder, uint64_t whose);

/*
 * After a reset, and attached: goes on at `head`, in the ring that lies at
 * `base` and that an endpoint calls `ring`.  0 or -EBADMSG.  `mine` is
 * untouched.
 */
int trp_incoming_resume(struct trp_incoming *in, const struct trp_arena *arena,
			uint64_t head, uint64_t ring, uint64_t base);

/*
 * The same for a successor, before its endpoint says who the sender is: `mine`
 * is set as well, with the event at head.  An invalid place makes a lane that
 * is broken.
 */
void trp_incoming_inherit(struct trp_incoming *in,
			  const struct trp_arena *arena, uint64_t head,
			  uint64_t ring, uint64_t base);

/*
 * All of the lane is read and published, and nothing will follow: to the
 * beginning of the next incarnation's.
 */
void trp_incoming_pass_on(struct trp_incoming *in);

/* Nothing is left that can be read now; a broken lane is discarded first. */
bool trp_incoming_is_drained(struct trp_incoming *in);

void trp_incoming_check(const struct trp_incoming *in);

/*
 * The next record at the cursor.  Returns 1 with ret_mail set (except
 * generation and stream); 0: there is none; -EBADMSG, once: invalid data, after
 * which the lane returns 0 for ever.
 */
int trp_incoming_next(struct trp_incoming *in, const struct trp_arena *arena,
		      struct trp_mail *ret_mail);

/* Published bytes behind the records that were handed out. */
uint64_t trp_incoming_behind(const struct trp_incoming *in);

/*
 * In any order; head moves with the first that is held.  One that was done
 * before an earlier one stays behind it.  True: far enough to publish.
 */
bool trp_incoming_done(struct trp_incoming *in, const struct trp_mail *mail);

/* Makes head visible to the sender.  True: it waits for this; ring it. */
bool trp_incoming_publish(struct trp_incoming *in);

/*
 * At the end of a lane: publishes head, sets the event, fences and checks
 * again.  True: it is empty and its sender will ring; false: go on.
 * *ret_ring: as trp_incoming_publish().
 */
bool trp_incoming_catch_up(struct trp_incoming *in, bool *ret_ring);

/* Are there records that were not handed out yet? */
bool trp_incoming_has_more(const struct trp_incoming *in);
