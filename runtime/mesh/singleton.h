/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Singletons: what runs on the node that leads the mesh, and nowhere else.
 * The leadership says whether that is this node; each singleton is restarted
 * as long as it is.
 */

#include "runtime/supervisor/restart.h"

struct trp_mesh;
struct trp_request;

struct trp_mesh_singleton {
	struct trp_mesh_singleton *next;
	struct trp_restart restart;
	bool is_declared;
};

/* Starts or stops them, when the leadership has come or gone. */
void trp_mesh_singleton_look(struct trp_mesh *mesh);

/* An actor declares one, or withdraws it. */
int trp_mesh_singleton_request(struct trp_request *request);

void trp_mesh_singleton_fini(struct trp_mesh *mesh);
