/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * All lanes of one process.  A peer is (slot, generation).  Sending is two
 * steps, so that a message is packed where the receiver will read it:
 *
 *	trp_mailbox_reserve(..., &bytes);  write it;  trp_mailbox_commit(...);
 *
 * Receiving is in mailbox_receive.h.  One process, one thread, one mailbox.
 */

#include "ipc/lane.h"
#include "ipc/wait.h"

enum {
	TRP_TURN = 64,
	/* How often a sleeper is rung again, and one that is awake checked. */
	TRP_LOOK_NS = 50000000,
	TRP_GLANCE_NS = 1000000,
};

/* The queues of non-empty lanes, in the order of taking. */
enum trp_ready {
	TRP_READY_ANSWER, /* the supervisor's replies */
	TRP_READY_CONTROL,
	TRP_READY_REPLY,
	TRP_READY_MAIL,
	TRP_READY_KINDS
};

struct trp_peer;

enum { TRP_PEERS_FIRST = 2, TRP_PEER_CHUNKS = 14 };

struct trp_mailbox {
	const struct trp_arena *arena;
	uint32_t slot;
	uint32_t generation;
	uint32_t incarnation;
	uint32_t limit;
	struct trp_front *front; /* of the own region */
	struct trp_doorbell *doorbell;
	struct trp_region region;
	struct trp_peer
		*peer[TRP_PEER_CHUNKS]; /* in the order of the endpoints */
	struct trp_peer *last;		/* whom we sent to last */
	struct trp_queue {
		struct trp_peer *first, *last;
		uint32_t turn; /* records left of the first one's turn */
	} ready[TRP_READY_KINDS];
	uint32_t ready_lanes; /* in all queues */
	uint32_t replies;     /* taken since the last mail */
	int sender_cpu;	      /* of the last record, set by its reader; -1 */
	int linger;	      /* credit: above 0, it lately paid */
	struct trp_peer *reserved; /* whose reservation is open */
	uint32_t reserved_stream;
	struct trp_peer
		*quiet; /* the last commit was to it, and did not ring */
	struct trp_incoming *unpublished; /* whose head is not, if any's */
	/*
	 * The lanes to a receiver that is gone are dropped: each record that it
	 * is not known to have read; valid until it returns.  NULL: none.
	 */
	void (*dropped)(uint32_t slot, uint32_t generation,
			const struct trp_mail *mail);
	/* Slot 0: each slot whose bit was set in our doorbell; or NULL. */
	void (*rung)(struct trp_mailbox *box, uint32_t slot);
	uint64_t rings, wakes, lies; /* counted */
};

/*
 * Sets up the front of the region that this process has entered, the one that
 * the directory names for the slot.  limit: bytes that one sender may leave
 * unread; 0: as the directory says, else TRP_LIMIT_DEFAULT.  Returns 0;
 * -ENOMEM; -ESRCH: that region is no longer this incarnation's.
 */
int trp_mailbox_init(struct trp_mailbox *box, const struct trp_arena *arena,
		     uint32_t slot, uint32_t generation, uint32_t limit);
void trp_mailbox_fini(struct trp_mailbox *box);

/*
 * Returns 0, and room for `size` bytes at *ret_bytes; or -ESRCH: that process
 * is gone; -EAGAIN: its mailbox limit is reached; -EMSGSIZE, -ENOBUFS, -ENOMEM
 * as trp_outgoing_reserve().  attachment: NULL, or a block of
 * trp_mailbox_loan(), owned by the lane from the commit on.
 * A reservation that is not committed has no effect.
 */
int trp_mailbox_reserve(struct trp_mailbox *box, uint32_t slot,
			uint32_t generation, enum trp_stream stream,
			uint32_t size, const struct trp_extent *attachment,
			void **ret_bytes);

/*
 * Publishes, rings and wakes as needed.  size: at most what was reserved.
 * Returns the position of the record in its lane.
 */
uint64_t trp_mailbox_commit(struct trp_mailbox *box, uint32_t size);

/*
 * After a commit, with the time: rings again a receiver that was not rung for
 * it, as it was rung before and has yet to come.
 */
void trp_mailbox_check(struct trp_mailbox *box, int64_t now);

/*
 * Space for an attachment, in this process's region.  If the region is full, it
 * first frees what receivers have finished with.  0, -ENOBUFS, -ENOMEM.
 */
int trp_mailbox_loan(struct trp_mailbox *box, uint64_t size,
		     struct trp_extent *ret_extent, void **ret_bytes);
void trp_mailbox_unloan(struct trp_mailbox *box, struct trp_extent extent);

/*
 * For all outgoing lanes: frees what receivers have finished with, and closes
 * each lane that has grown, is empty and was not used since the last call; its
 * receiver is rung, and its ring is freed when the receiver has read that.  A
 * closed lane opens again with the next reservation.  Called internally when
 * the region is full, and by the owner now and then, with trp_region_cool().
 */
void trp_mailbox_tidy(struct trp_mailbox *box);

/*
 * Asks to be rung when the lane to that peer is at most half full.  Returns 1:
 * there is room now; 0: will be rung; -ESRCH.
 */
int trp_mailbox_want_room(struct trp_mailbox *box, uint32_t slot,
			  uint32_t generation);

/* Drops the lanes to that receiver, if it is gone. */
void trp_mailbox_let_go(struct trp_mailbox *box, uint32_t slot,
			uint32_t generation);

/* Bytes of our mail that it has not read. */
uint64_t trp_mailbox_waiting(struct trp_mailbox *box, uint32_t slot,
			     uint32_t generation);
