/* SPDX-License-Identifier: MIT */
#pragma once

/* The one way of a message into another's mailbox. */

#include <protobuf-c/protobuf-c.h>
#include "ipc/mailbox.h"
#include "runtime/node/ref.h"
#include "serialize/envelope.h"

/*
 * Packs the message behind its envelope, of which it sets the type; the rest
 * is the caller's.  attachment: consumed by success; or NULL.  0; -EMSGSIZE:
 * more than TRP_LIMIT_MAX; or as trp_mailbox_reserve().
 */
int trp_node_post(struct trp_mailbox *mailbox, troupe_ref to,
		  enum trp_stream stream, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment);
