/* SPDX-License-Identifier: MIT */
#pragma once

/* Those who are told what happens in the mesh. */

#include "runtime/supervisor/control_server.h"
#include "runtime/troupe_mesh.h"

struct trp_mesh;

/* Tells all; those that have ended are taken off on the way. */
void trp_mesh_subscribers_tell(struct trp_mesh *mesh,
			       const struct troupe_mesh_event *event);

/*
 * An actor (session NULL), or a session (ref 0), which is told first whether
 * the bus is up.  0, also when it was there, or -ENOMEM.
 */
int trp_mesh_subscribers_add(struct trp_mesh *mesh, troupe_ref ref,
			     struct trp_control_session *session);
void trp_mesh_subscribers_remove(struct trp_mesh *mesh, troupe_ref ref,
				 const struct trp_control_session *session);

void trp_mesh_subscribers_fini(struct trp_mesh *mesh);
