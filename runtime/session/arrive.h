/* SPDX-License-Identifier: MIT */
#pragma once

/* The effects of frames that arrive, whose seals have been verified. */

#include "runtime/session/session.h"

/* It names the present session. */
bool trp_arrive_belongs(const struct trp_session *session,
			const struct trp_frame *frame);

/* It echoes our challenge: its sender is there now. */
bool trp_arrive_is_fresh(const struct trp_session *session,
			 const struct trp_frame *frame);

void trp_arrive_hello(struct trp_session *session,
		      const struct trp_frame *frame, struct trp_time now);
void trp_arrive_welcome(struct trp_session *session,
			const struct trp_frame *frame, struct trp_time now);
void trp_arrive_reset(struct trp_session *session,
		      const struct trp_frame *frame);

/* ACK, MAIL, BYE: of the present session. */
void trp_arrive_frame(struct trp_session *session,
		      const struct trp_frame *frame, struct trp_time now);
