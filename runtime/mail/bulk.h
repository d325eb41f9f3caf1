/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Messages that are too large for a frame, or have an attachment: they go in
 * pieces, one message after the other, between the parcels of a peer.  Pure.
 *
 *	0 size:4	of all that follows, as that of a parcel
 *	4 zero:8	where a parcel has its receiver
 *	12 total:8	bytes of the message:
 *	20 offset:8	where these are in it
 *	28 bytes
 *
 *	a message	attachment, body, and the head of its parcel
 *
 * The last piece has the whole head, so that it tells what is lost with it.
 */

#include "runtime/mail/parcel.h"

enum { TRP_PIECE_HEAD = 28, TRP_PIECE_MOST = 32 << 10 };
#define TRP_BULK_MOST ((size_t)257 << 20) /* bytes of a message */

struct trp_mail_bulk {
	struct trp_mail_bulk *next;
	troupe_ref to, sender;
	size_t total, sent;
	uint8_t bytes[];
};

struct trp_mail_bulks {
	struct trp_mail_bulk *first, *last;
	size_t bytes; /* of all of them */
};

/* A message that comes, as far as it has. */
struct trp_mail_assembly {
	uint8_t *bytes;
	size_t have, space, total;
};

/* 0, -EMSGSIZE, -ENOMEM, -EINVAL.  The attachment may be NULL. */
int trp_mail_bulk_append(struct trp_mail_bulks *bulks,
			 const struct trp_mail_parcel *parcel,
			 const void *attachment, size_t size,
			 struct trp_time now);

/* One of that sender to that receiver waits: what follows it must wait, too. */
bool trp_mail_bulk_has(const struct trp_mail_bulks *bulks, troupe_ref sender,
		       troupe_ref to);

/* The next piece, of at most `room` bytes.  Its length; 0: none, or no room. */
size_t trp_mail_bulk_piece(const struct trp_mail_bulks *bulks, uint8_t *space,
			   size_t room);
/* It was sent.  Returns the receiver of a message that is complete, or 0. */
troupe_ref trp_mail_bulk_sent(struct trp_mail_bulks *bulks, size_t length);

/* The head of the first one, which is taken out.  False: there is none. */
bool trp_mail_bulk_drop(struct trp_mail_bulks *bulks, struct trp_time now,
			struct trp_mail_parcel *ret_parcel);

/* ---- pieces that come ---------------------------------------------------- */

/* How many bytes the piece at the front takes; 0: it is none. */
size_t trp_mail_bulk_look(const uint8_t *bytes, size_t length);

/* A piece that has the head: false: it has not. */
bool trp_mail_bulk_head(const uint8_t *piece, size_t length,
			struct trp_time now,
			struct trp_mail_parcel *ret_parcel);

/*
 * 1: the message is complete, and borrowed until trp_mail_bulk_clear(); 0: not
 * yet; -EBADMSG: it does not fit what came before; -ENOMEM.
 */
int trp_mail_bulk_take(struct trp_mail_assembly *assembly, const uint8_t *piece,
		       size_t length, struct trp_time now,
		       struct trp_mail_parcel *ret_parcel,
		       const void **ret_attachment, size_t *ret_size);
void trp_mail_bulk_clear(struct trp_mail_assembly *assembly);
