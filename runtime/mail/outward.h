/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail of actors of this node, from their lanes into sessions. */

#include "runtime/actor/mail.h"
#include "runtime/mail/post.h"

/* A record of a lane; see trp_away_news_departs.  Returns for whom; 0: it is
 * damaged. */
troupe_ref trp_mail_outward_take(const struct trp_mail *mail,
				 const struct trp_envelope *envelope);

/* A message of the mail actor, whose type is set. */
void trp_mail_outward_say(troupe_ref to, const struct trp_envelope *envelope,
			  const ProtobufCMessage *message);

/* The same as this mail actor: news for an actor there, an order to its mail
 * actor. */
void trp_mail_outward_tell(troupe_ref to, const ProtobufCMessage *news);
void trp_mail_outward_order(uint32_t number, const ProtobufCMessage *order);

/* Gives the session what it has room for. */
void trp_mail_outward_flush(struct trp_mail_peer *peer, struct trp_time now);
void trp_mail_outward_flush_all(struct trp_time now);

/* Its session has ended: all that is kept for it is lost. */
void trp_mail_outward_drop(struct trp_mail_peer *peer);

/* Parcels that will not arrive, or may have. */
void trp_mail_outward_lost(uint32_t number, const uint8_t *bytes,
			   size_t length);
