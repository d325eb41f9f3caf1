/* SPDX-License-Identifier: MIT */
#pragma once

/* The one path of a message into another mailbox. */

#include <protobuf-c/protobuf-c.h>
#include "ipc/mailbox.h"
#include "runtime/node/ref.h"
#include "serialize/envelope.h"

/*
 * Packs the message behind its envelope, whose type it sets; the caller sets
 * the rest.  attachment: consumed by success; or NULL.  0; -EMSGSIZE: more than
 * TRP_LIMIT_MAX; or as trp_mailbox_reserve().  ret_position may be NULL.
 */
int trp_node_post(struct trp_mailbox *mailbox, troupe_ref to,
		  enum trp_stream stream, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment, uint64_t *ret_position);

/* Behind a message on its way to another node, in the lane to the mail actor,
 * where its kind is TRP_AWAY. */
struct trp_tail {
	troupe_ref to;
	uint64_t kind; /* enum trp_envelope_kind */
};

/* The same to the mail actor, `mail`, for an actor of another node. */
int trp_node_post_away(struct trp_mailbox *mailbox, troupe_ref mail,
		       enum trp_stream stream, struct trp_envelope *envelope,
		       const ProtobufCMessage *message,
		       const struct trp_extent *attachment, troupe_ref to,
		       uint64_t *ret_position);

/* For a body that is packed already; its type is set.  tail: or NULL. */
int trp_node_post_packed(struct trp_mailbox *mailbox, troupe_ref to,
			 enum trp_stream stream,
			 const struct trp_envelope *envelope, const void *body,
			 size_t size, const struct trp_tail *tail,
			 uint64_t *ret_position);
