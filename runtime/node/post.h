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

/* The same as mail for a body that is packed already; its type is set. */
int trp_node_post_packed(struct trp_mailbox *mailbox, troupe_ref to,
			 const struct trp_envelope *envelope, const void *body,
			 size_t size, uint64_t *ret_position);
