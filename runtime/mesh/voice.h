/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * This node states a text of itself, its record of the leadership and its
 * announcement, as its value or as a note beside that (election/dialect.h).
 */

#include "runtime/election/dialect.h"

struct trp_mesh;

struct trp_mesh_voice {
	struct trp_dialect dialect;
	char text[1 + TRP_WIRE_VALUE_MAX + 1]; /* the letter of a note first */
	struct trp_scalar value, note;
	struct trp_scalar own; /* of the application */
};

/* The value of a node's application, which a TEXT borrows from; NONE. */
struct trp_scalar trp_mesh_voice_of(const struct trp_scalar *value,
				    const struct trp_scalar *note);

/* The most bytes of a message of the application. */
size_t trp_mesh_voice_room(const struct trp_mesh *mesh);

/* Callbacks of the beacon; `user` is the mesh. */
const struct trp_scalar *trp_mesh_voice_value(void *user, bool may_become_it);
const struct trp_scalar *trp_mesh_voice_note(void *user);
