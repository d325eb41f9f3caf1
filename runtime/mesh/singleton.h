/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Singletons, which run only on the leader of the mesh.  While this node is the
 * leader, each singleton is kept running.
 */

#include "runtime/supervisor/restart.h"

struct trp_mesh;
struct trp_request;

struct trp_mesh_singleton {
	struct trp_mesh_singleton *next;
	struct trp_restart restart;
	bool is_declared;
};

/* Starts or stops them after a change of the leadership. */
void trp_mesh_singleton_look(struct trp_mesh *mesh);

/* An actor declares one, or withdraws it. */
int trp_mesh_singleton_request(struct trp_request *request);

void trp_mesh_singleton_fini(struct trp_mesh *mesh);
