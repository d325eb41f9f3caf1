/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One stream of records from one process to another (README.md, "Endpoints and
 * lanes"): the common part of its two ends, outgoing.h and incoming.h.  Neither
 * end rings or sleeps; the mailbox does.
 */

#include "ipc/endpoint.h"

enum trp_kind { TRP_DATA = 1, TRP_PAD, TRP_CONTINUES, TRP_CLOSES };
enum { TRP_ATTACHED = 1 }; /* a flag of TRP_DATA */

struct trp_record {
	uint32_t size; /* bytes that follow, without padding */
	uint16_t kind;
	uint16_t flags;
};

static_assert(sizeof(struct trp_record) == 8, "one load, and positions of 8");

/* The positions of an incarnation's lanes, and where they begin. */
#define TRP_LANE_SPAN (UINT64_C(1) << 56)

static inline uint64_t trp_lane_base(uint32_t incarnation)
{
	return (uint64_t)(incarnation & 0xff) << 56;
}

static inline bool trp_lane_has(uint32_t incarnation, uint64_t position)
{
	return position - trp_lane_base(incarnation) < TRP_LANE_SPAN;
}

/* Space in the ring for a record of `bytes` bytes. */
static inline uint64_t trp_record_space(uint64_t bytes)
{
	return (sizeof(struct trp_record) + bytes + 7) & ~UINT64_C(7);
}

/* Bytes beside a record, in the sender's region. */
struct trp_extent {
	uint64_t offset;
	uint64_t size;
};

/* How an endpoint names a ring: offset | log2(size). */
static inline uint64_t trp_ring_word(struct trp_extent block)
{
	return block.offset | (unsigned)__builtin_ctzll(block.size);
}

enum {
	TRP_LANE_FIRST = 1024, /* bytes of a first ring */
	TRP_LANE_KEPT = 48,    /* always free: PAD and CONTINUES, or CLOSES */
	TRP_LANE_GROWTH = 4,
	TRP_LANE_LARGE = 64 << 10, /* growth waits from here on */
	TRP_LIMIT_DEFAULT = 1 << 20,
	TRP_LIMIT_MIN = 256,
	TRP_LIMIT_MAX = 1 << 30,
};
static_assert(TRP_LANE_FIRST >= 1 << TRP_BLOCK_MIN_LOG2 &&
		      TRP_LANE_KEPT < TRP_LANE_FIRST,
	      "a ring is a block, and more than what is kept of it");

/* A record that was received: borrowed until trp_incoming_done(). */
struct trp_mail {
	uint32_t sender; /* slot */
	uint32_t generation;
	enum trp_stream stream;
	const void *bytes;
	uint32_t size;
	uint32_t number;	/* within the lane, in the order handed out */
	const void *attachment; /* NULL: none */
	uint64_t attachment_size;
	uint64_t position;
	uint64_t ring,
		base; /* the ring that it lies in, as an endpoint has it */
	struct trp_incoming *from;
};
