/* SPDX-License-Identifier: MIT */
#ifndef TRP_ACTOR_DEAD_LETTERS_H
#define TRP_ACTOR_DEAD_LETTERS_H

/* Dead letters that this actor notices: of its own sends, and of its mail. */

#include <protobuf-c/protobuf-c.h>
#include "runtime/troupe_dead_letters.h"
#include "serialize/envelope.h"

/* Of this actor's own send, which has failed with r. */
void trp_dead_letters_sent(int r, troupe_ref to,
			   const struct trp_envelope *envelope,
			   const ProtobufCMessage *message);

/* Of what was sent to this actor. */
void trp_dead_letters_received(enum troupe_dead_cause cause,
			       const struct trp_envelope *envelope,
			       const void *body, size_t size);

#endif
