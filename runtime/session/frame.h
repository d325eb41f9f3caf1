/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A frame between two nodes: a header of 64 bytes, little-endian, the payload,
 * and a tag of 16 bytes where the mesh has a cookie.
 *
 *	 0 magic:2 version:1 kind:1	"tm", 1
 *	 4 from:4 to:4			numbers of runs, 24 bits
 *	12 flags:4
 *	16 epoch:8 echo:8		the sender's, and the receiver's
 *	32 seq:8			MAIL, BYE: its place; ACK: counts ACKs
 *	40 ack:8			all before it have been taken
 *	48 bytes_limit:8		payload that may be sent in this session
 *	56 frames_limit:8		and frames
 *
 * Everything that is read is bounded and checked here, except the tag.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRP_FRAME_HEADER = 64,
	TRP_FRAME_TAG = 16,
	TRP_FRAME_SIZE_MAX = 65536, /* that of a bus */
	TRP_FRAME_PAYLOAD_MAX =
		TRP_FRAME_SIZE_MAX - TRP_FRAME_HEADER - TRP_FRAME_TAG,
};

enum trp_frame_kind {
	TRP_FRAME_HELLO = 1, /* an epoch, to be echoed */
	TRP_FRAME_WELCOME,   /* the echo, and an epoch to be echoed */
	TRP_FRAME_RESET,     /* there is no such session: epoch, echo */
	TRP_FRAME_ACK,
	TRP_FRAME_MAIL,
	TRP_FRAME_BYE, /* the last of its session */
	TRP_FRAME_KINDS
};

enum trp_frame_flags {
	TRP_FRAME_SEALED = 1,  /* a tag ends it */
	TRP_FRAME_ASK = 2,     /* ACK: to be answered at once */
	TRP_FRAME_MISSING = 4, /* ACK: nothing from `ack` on has arrived */
};

struct trp_frame {
	enum trp_frame_kind kind;
	uint32_t from, to;
	uint32_t flags;
	uint64_t epoch, echo;
	uint64_t seq, ack;
	uint64_t bytes_limit, frames_limit;
	const uint8_t *payload; /* borrowed from the bytes */
	size_t length;
	const uint8_t *tag; /* NULL: not sealed */
};

/* Numbers of runs: 1 is a node without a mesh, and never travels. */
static inline bool trp_frame_is_number(uint32_t number)
{
	return number > 1 && number < 1 << 24;
}

/* The header alone. */
void trp_frame_write(const struct trp_frame *frame,
		     uint8_t bytes[static TRP_FRAME_HEADER]);

/* 0, or -EBADMSG. */
int trp_frame_read(const void *bytes, size_t length,
		   struct trp_frame *ret_frame);
