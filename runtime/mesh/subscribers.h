/* SPDX-License-Identifier: MIT */
#pragma once

/* The subscribers to events of the mesh. */

#include "runtime/supervisor/control_server.h"
#include "runtime/troupe_mesh.h"

struct trp_mesh;

/* Notifies all, and keeps it; removes those that have ended. */
void trp_mesh_subscribers_tell(struct trp_mesh *mesh,
			       const struct troupe_mesh_event *event);

/*
 * An actor (session NULL), or a session (ref 0), which first gets that many of
 * the latest events, and the state of the bus.  0, also if it has subscribed
 * already, or -ENOMEM.
 */
int trp_mesh_subscribers_add(struct trp_mesh *mesh, troupe_ref ref,
			     struct trp_control_session *session,
			     uint32_t past);
void trp_mesh_subscribers_remove(struct trp_mesh *mesh, troupe_ref ref,
				 const struct trp_control_session *session);

void trp_mesh_subscribers_fini(struct trp_mesh *mesh);
