/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Messages to actors of other nodes.  They go through the lane to the mail
 * actor (runtime/mail), whose reference is in the directory.
 */

#include "runtime/actor/self.h"

/* The mail actor of this node; 0: none, as it is in no mesh. */
troupe_ref trp_away_mail(void);

/* Of another node, and there is a mail actor.  Without one such a reference is
 * that of an actor that is gone. */
bool trp_away_has(troupe_ref ref);

/* The actor whose lane to us has the mail of `ref`, and ours to it: itself, or
 * the mail actor. */
uint32_t trp_away_lane(troupe_ref ref);

/* The mail actor of another node. */
static inline troupe_ref trp_away_mail_of(uint32_t node)
{
	return (troupe_ref)node << TRP_REF_NODE | 1;
}

/*
 * As trp_node_post() and trp_node_post_packed(), for trp_ref_is_elsewhere().
 * Also -EHOSTUNREACH: there is no way to that node.
 */
int trp_away_post(troupe_ref to, enum trp_stream stream,
		  struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment);
int trp_away_post_packed(troupe_ref to, enum trp_stream stream,
			 const struct trp_envelope *envelope, const void *body,
			 size_t size);

/*
 * As trp_mailbox_want_room(); also -EHOSTUNREACH.  *asked: of the one that
 * waits, 0 at first; the mail actor is asked once until it has news of room.
 */
int trp_away_want_room(troupe_ref to, unsigned *asked);
void trp_away_has_room(void);
