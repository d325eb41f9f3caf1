/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which nodes are live: a set of names that is compared with the beacon's now
 * and then, so each arrival and departure is reported once.  Pure.
 *
 * A node on the list has a turn in each round; a node that was silent for a
 * round and two turns more, or for two turns off the list, is not live.
 */

#include <stdbool.h>
#include <stddef.h>
#include "runtime/election/beacon.h"

struct trp_mesh_member {
	char *name;
	bool is_seen;
};

struct trp_mesh_members {
	struct trp_mesh_member *at; /* sorted by name */
	size_t count;
};

/* As far as the beacon knows now; this node itself, if it takes part. */
bool trp_mesh_members_is_live(const struct trp_beacon *beacon, const char *node,
			      struct trp_time heard, struct trp_time now);

/*
 * Calls back for each arrival or departure since the last call.  Returns 0, or
 * -ENOMEM: some arrivals are reported later.
 */
int trp_mesh_members_look(struct trp_mesh_members *members,
			  const struct trp_beacon *beacon, struct trp_time now,
			  void (*tell)(void *user, const char *node,
				       bool has_come),
			  void *user);
void trp_mesh_members_fini(struct trp_mesh_members *members);
