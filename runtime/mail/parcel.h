/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A message to an actor of another node, among others in the payload of a
 * session:
 *
 *	0 size:4	of all that follows
 *	4 to:8		what is the receiver's own in its reference
 *	12 envelope:64	with an age for `created`, and what is left for
 *			`deadline`, as clocks do not travel
 *	76 body
 *
 * Pure: the caller passes in the time.
 */

#include "ipc/time.h"
#include "runtime/node/ref.h"
#include "serialize/envelope.h"

enum { TRP_PARCEL_HEAD = 76 };

struct trp_mail_parcel {
	troupe_ref to; /* of this node */
	struct trp_envelope envelope;
	const void *body; /* borrowed from the bytes */
	size_t length;
};

/*
 * Writes it to the front of `space`.  Returns the bytes that it has taken;
 * -ENOSPC; -EINVAL: a message that does not leave its node (TRP_AWAY).
 */
ssize_t trp_mail_parcel_write(const struct trp_mail_parcel *parcel,
			      struct trp_time now, uint8_t *space, size_t room);

/*
 * Reads the first of those in `bytes`, which another node has written.  Returns
 * how many it has taken, or -EBADMSG.
 */
ssize_t trp_mail_parcel_read(const uint8_t *bytes, size_t length,
			     struct trp_time now,
			     struct trp_mail_parcel *ret_parcel);
