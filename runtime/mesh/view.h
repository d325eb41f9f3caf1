/* SPDX-License-Identifier: MIT */
#pragma once

/* All that a node knows of its mesh, as one message. */

#include <protobuf-c/protobuf-c.h>

struct trp_mesh;

/* For free(): a mesh.View of all nodes (offer ""), or of those with that
 * offer. */
int trp_mesh_view(struct trp_mesh *mesh, const char *offer,
		  ProtobufCBinaryData *ret_view);
