/* SPDX-License-Identifier: MIT */
#pragma once

/* Requests of the control socket about the log; as .ask in module.h. */

struct trp_control_session;

int trp_log_requests_lines(struct trp_control_session *session,
			   const void *message);
int trp_log_requests_level(struct trp_control_session *session,
			   const void *message);
