/* SPDX-License-Identifier: MIT */
#pragma once

/* Requests over the control socket: about the node, and of its modules. */

#include "runtime/supervisor/control_server.h"

/* The `ask` of the control server. */
int trp_control_requests_ask(struct trp_control_session *session, uint64_t type,
			     const void *body, size_t size);
