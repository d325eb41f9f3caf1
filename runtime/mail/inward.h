/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail of other nodes, from payloads into the mailboxes of this one. */

#include "runtime/mail/post.h"

/* As deliver() of a session. */
bool trp_mail_inward_take(uint32_t number, const uint8_t *payload,
			  size_t length);

/* Again, after a payload was refused. */
bool trp_mail_inward_has_room(const struct trp_mail_peer *peer);

/* Its session has ended: there nobody is refused any more. */
void trp_mail_inward_lost(uint32_t number);

/* Nothing is kept any more for actors that have no room. */
void trp_mail_inward_fini(void);
