/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An actor that supervises, and its children: supervision.h decides, this does
 * it.  A tree lives as long as the reference of its actor, over its restarts.
 * The actions that an event causes are done at once, except those of an end:
 * that has to be told first, so they are done by a timer that is due, or before
 * the next event.
 */

#include "runtime/supervision/member.h"

struct trp_supervision_tree {
	struct trp_member_parent parent; /* first */
	struct trp_supervision_tree *next, **link;
	struct trp_supervision rules;
	struct troupe_timer later;
	bool is_taking;
	bool is_left;		   /* its actor has ended, or ends, by itself */
	struct trp_member *failed; /* starts that are to be told as events */
};

/*
 * The actor in that slot supervises from now on.  0, -EINVAL, -EEXIST (two
 * children of one id), -EALREADY, -ENOMEM.
 */
int trp_supervision_tree_begin(struct trp_supervision_tree **list,
			       struct trp_supervisor *supervisor, uint32_t slot,
			       const Troupe__Control__Supervise *wish);

/* Of all members, and of the counts. */
void trp_supervision_tree_check(const struct trp_supervision_tree *tree);

/* The node has ended. */
void trp_supervision_tree_free(struct trp_supervision_tree *tree);

/* NULL: the actor in that slot does not supervise. */
struct trp_supervision_tree *trp_supervision_tree_of(
	const struct trp_child *child);

/* NULL: it is not a child of such an actor. */
struct trp_member *trp_supervision_tree_member(const struct trp_child *child);

/*
 * asker: is answered when the child is ready, or has failed.  0 or -errno, and
 * then it is not answered.
 */
int trp_supervision_tree_add(struct trp_supervision_tree *tree,
			     const Troupe__Control__Supervised *child,
			     struct troupe_time deadline, troupe_ref asker,
			     uint64_t correlation);

/* NULL: none has that id. */
struct trp_member *trp_supervision_tree_find(struct trp_supervision_tree *tree,
					     const char *id);

/* By hand; as supervision.h, but -ECANCELED: all are being stopped.  NULL: all
 * that were given up are started. */
int trp_supervision_tree_order(struct trp_supervision_tree *tree,
			       struct trp_member *member,
			       Troupe__Control__ChildOrder what);
