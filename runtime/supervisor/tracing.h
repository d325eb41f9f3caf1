/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A trace of a node that runs, of one actor or of all, for some seconds: each
 * is told the file and the end (node/trace.h), and stops by itself.  An actor
 * that hangs writes nothing, as it does not hear of it.
 */

#include "runtime/supervisor/control_server.h"

struct trp_tracing {
	struct trp_control_session *session; /* that waits for the end */
	struct troupe_timer over;
	int64_t until; /* ns; 0: there is none */
	uint32_t rate;
	bool is_of_all;
	char path[4096];
};

/* guest.Trace. */
int trp_tracing_request(struct trp_control_session *session,
			const void *message);
/* An actor is born: it is traced with all. */
void trp_tracing_born(struct trp_supervisor *supervisor, uint32_t slot);
