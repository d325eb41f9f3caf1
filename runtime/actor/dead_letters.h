/* SPDX-License-Identifier: MIT */
#pragma once

/* Dead letters that this actor notices: of its own sends, and of its mail. */

#include "runtime/actor/self.h"
#include "runtime/troupe_dead_letters.h"

/* Of this actor's own send. */
void trp_dead_letters_sent(enum troupe_dead_cause cause, troupe_ref to,
			   const struct trp_envelope *envelope,
			   const ProtobufCMessage *message);

/* The same where a send has failed by r, if that makes one. */
void trp_dead_letters_failed(int r, troupe_ref to,
			     const struct trp_envelope *envelope,
			     const ProtobufCMessage *message);

/* Of what was sent to this actor. */
void trp_dead_letters_received(enum troupe_dead_cause cause,
			       const struct trp_mail *mail,
			       const struct trp_envelope *envelope);

/* The same, and counts it as dropped.  TRP_STEP_DONE. */
int trp_dead_letters_drop(enum troupe_dead_cause cause,
			  const struct trp_mail *mail,
			  const struct trp_envelope *envelope);
/* The same for mail that trp_self_unpack() refused with r: invalid, or no
 * memory. */
int trp_dead_letters_drop_packed(int r, const struct trp_mail *mail,
				 const struct trp_envelope *envelope);
/* It has no valid envelope: only the lane tells its sender. */
int trp_dead_letters_drop_unknown(const struct trp_mail *mail);
