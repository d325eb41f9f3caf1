/* SPDX-License-Identifier: MIT */
#pragma once

/* All outgoing messages of an actor. */

#include "runtime/actor/self.h"

/* A fresh envelope: sender, created, flow and hop. */
struct trp_envelope trp_actor_post_envelope(enum trp_envelope_kind kind);

/* The actor that gets what is sent to an alias; 0: that is gone. */
troupe_ref trp_actor_post_owner(troupe_ref alias);

/*
 * A message to an alias goes to the owner of its slot: makes it one, and those
 * to a question replies.  Others stay.  0, -ESRCH, -EINVAL.
 */
int trp_actor_post_resolve(troupe_ref *to, enum trp_stream *stream,
			   struct trp_envelope *envelope);

/*
 * Packs and sends.  envelope: the caller sets kind, correlation, ... 0, or as
 * troupe_send().
 */
int trp_actor_post(troupe_ref to, enum trp_stream stream,
		   struct trp_envelope *envelope,
		   const ProtobufCMessage *message,
		   const struct trp_extent *attachment);

/* The same as mail for a body that is packed already; its type is set. */
int trp_actor_post_packed(troupe_ref to, const struct trp_envelope *envelope,
			  const void *body, size_t size);
