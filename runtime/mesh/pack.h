/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Beacon messages as protobuf, for the way between the supervisor and its bus
 * actor.  Nothing is allocated: the structs below hold the targets of their
 * pointers.
 */

#include <string.h>
#include "runtime/mesh/mesh.pb-c.h"
#include "serialize/beacon/wire.h"

static inline ProtobufCBinaryData trp_mesh_pack_text(const char *text)
{
	return (ProtobufCBinaryData) { strlen(text), (uint8_t *)text };
}

/* Each borrows from the other. */
void trp_mesh_pack_scalar(const struct trp_scalar *from,
			  Troupe__Mesh__Scalar *to);
/* NULL: NONE.  0, -EBADMSG. */
int trp_mesh_pack_value(const Troupe__Mesh__Scalar *from,
			struct trp_scalar *to);
/* It may be invalid. */
void trp_mesh_pack_config(const Troupe__Mesh__Config *from,
			  struct trp_wire_config *to);

struct trp_mesh_pack_encoded {
	Troupe__Mesh__Wire wire;
	Troupe__Mesh__Scalar value, note, said;
	Troupe__Mesh__Config config;
	ProtobufCBinaryData history[TRP_WIRE_HISTORY_MAX];
};

/* ret_packed borrows from `wire`, which must be valid. */
void trp_mesh_pack_encode(const struct trp_wire *wire,
			  struct trp_mesh_pack_encoded *ret_packed);

struct trp_mesh_pack_decoded {
	struct trp_wire wire;
	char node[TRP_WIRE_NAME_MAX + 1], from[TRP_WIRE_NAME_MAX + 1];
	char names[TRP_WIRE_HISTORY_MAX][TRP_WIRE_NAME_MAX + 1];
	const char *history[TRP_WIRE_HISTORY_MAX];
};

/*
 * ret_unpacked->wire borrows from `packed` and from itself, and is valid
 * (trp_wire_is_valid).  Returns 0 or -EBADMSG.
 */
int trp_mesh_pack_decode(const Troupe__Mesh__Wire *packed,
			 struct trp_mesh_pack_decoded *ret_unpacked);
