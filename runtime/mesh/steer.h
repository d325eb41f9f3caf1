/* SPDX-License-Identifier: MIT */
#pragma once

/* Orders to the beacon, of actors and of the command line: troupe_beacon.h. */

#include "runtime/mesh/mesh.pb-c.h"

struct trp_mesh;

enum trp_mesh_order {
	TRP_MESH_SET_VALUE = 1,
	TRP_MESH_SET_READY,
	TRP_MESH_SET_UNREADY,
	TRP_MESH_ENABLE,
	TRP_MESH_DISABLE,
	TRP_MESH_CONFIGURE,
	TRP_MESH_SAY,
};

/* 0 or a negative errno, which is the answer. */
int trp_mesh_steer(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order);
