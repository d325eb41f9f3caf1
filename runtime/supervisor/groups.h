/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Groups of actors by name: their members, and those that follow them.  A group
 * is there as long as it has either.  Pure.
 *
 *	*p->link == p, *p->link_of_actor == p, for each place p
 *	count == places of the group
 */

#include "runtime/node/ref.h"

/* An actor's place in a group. */
struct trp_groups_place {
	struct trp_groups_place *next, **link; /* in the group */
	struct trp_groups_place *next_of_actor, **link_of_actor;
	struct trp_groups_group *group;
	troupe_ref ref;
	bool is_follower;
};

struct trp_groups_group {
	struct trp_groups_group *next, **link; /* in its bucket */
	struct trp_groups_place *first;
	size_t count;
	char name[TROUPE_NAME_SIZE];
};

enum { TRP_GROUPS_BUCKETS = 256 };

struct trp_groups {
	struct trp_groups_group *bucket[TRP_GROUPS_BUCKETS];
	size_t count;
};

void trp_groups_check(const struct trp_groups *groups);

/* NULL: there is none. */
struct trp_groups_group *trp_groups_find(const struct trp_groups *groups,
					 const char *name);

/*
 * of_actor: the list of all places of `ref`.  0; -EALREADY; -EINVAL: no name,
 * as of an actor; -ENOMEM.
 */
int trp_groups_add(struct trp_groups *groups, const char *name, troupe_ref ref,
		   bool is_follower, struct trp_groups_place **of_actor);

/* NULL: it has no such place. */
struct trp_groups_place *trp_groups_place_of(struct trp_groups_place *of_actor,
					     const char *name,
					     bool is_follower);

/* Frees the place, and its group if that was the last. */
void trp_groups_remove(struct trp_groups *groups,
		       struct trp_groups_place *place);

void trp_groups_fini(struct trp_groups *groups);
