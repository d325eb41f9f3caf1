/* SPDX-License-Identifier: MIT */
#pragma once

/* Frames of a session on their way out. */

#include "runtime/session/session.h"

/* HELLO, or WELCOME with the echo of what they said; both with our challenge.
 */
void trp_emit_hello(struct trp_session *session, uint64_t echo);

/* To `number`: there is no session of these epochs. */
void trp_emit_reset(struct trp_session_world *world, uint32_t number,
		    uint64_t epoch, uint64_t echo);

/* Acknowledges and grants, with flags of TRP_FRAME_ASK and _MISSING. */
void trp_emit_ack(struct trp_session *session, uint32_t flags);

/* Sends what is to be sent, as long as the bus takes it. */
void trp_emit_mail(struct trp_session *session, struct trp_time now);
