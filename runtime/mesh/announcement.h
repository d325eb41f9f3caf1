/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The line that a node says of itself in its value, behind the record of the
 * leadership:
 *
 *	1 TAB waited, 2 hex digits TAB incarnation, hex TAB load TAB actors
 *	2 TAB value (app_value.h) TAB waited TAB incarnation TAB load TAB actors
 *	NAME TAB WHERE TAB reference, hex	a line for each offer; without
 *			the latter where a bus carries no mail
 *
 * as tabs and newlines are in no name.  Values order as texts, so of two nodes
 * that ping at once the one with the greater value of its application has the
 * turn, and of equals the one that has waited longer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/troupe_mesh.h"
#include "serialize/beacon/scalar.h"

struct trp_mesh;

/* The most bytes of a text as a value or as a note. */
size_t trp_mesh_announcement_room(const struct trp_mesh *mesh, bool is_value);

/* Writes this node's line, for its value or for a note beside that. */
void trp_mesh_announcement_say(struct trp_mesh *mesh, bool is_value,
			       char *space, size_t size);

/* Parses the line of another node; `text` need not end in NUL. */
struct trp_mesh_announcement {
	struct trp_scalar value; /* of the application; a TEXT is borrowed */
	uint64_t incarnation;
	uint32_t load; /* of a hundredth of a processor, over a minute */
	uint32_t actors;
	const char *offers; /* trp_mesh_announcement_offer() */
	size_t length;
};
/* Returns 0 or -EBADMSG: an unknown format. */
int trp_mesh_announcement_read(const char *text, size_t length,
			       struct trp_mesh_announcement *ret_said);
/* Takes one offer off.  False: there is none left. */
struct trp_mesh_offer {
	char name[TROUPE_NAME_SIZE];
	char where[TROUPE_WHERE_SIZE];
	troupe_ref ref; /* 0: none was said */
};
bool trp_mesh_announcement_offer(struct trp_mesh_announcement *said,
				 struct trp_mesh_offer *ret_offer);
