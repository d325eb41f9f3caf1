/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A set of actors, in the order of joining.  Pure.
 *
 *	at[i].ref == at[j].ref  ==>  i == j
 *	count == 0 or next < count
 */

#include "runtime/troupe.h"

struct trp_router_member {
	troupe_ref ref;
	uint64_t tried;	   /* in which choice */
	uint32_t calls;	   /* that it has not answered */
	bool is_ours;	   /* a child, started for a pool */
	int64_t used_at;   /* when it was last sent something, ns */
	uint64_t others;   /* unread bytes of other senders, when */
	int64_t looked_at; /* they were counted */
};

struct trp_router_members {
	struct trp_router_member *at;
	size_t count, room;
	size_t next; /* whose turn it is */
};

void trp_router_members_check(const struct trp_router_members *members);

/* NULL: it is none. */
struct trp_router_member *trp_router_members_find(
	const struct trp_router_members *members, troupe_ref ref);
/* 0, -EALREADY, -ENOMEM. */
int trp_router_members_add(struct trp_router_members *members, troupe_ref ref);
/* True: it was one. */
bool trp_router_members_remove(struct trp_router_members *members,
			       troupe_ref ref);
void trp_router_members_fini(struct trp_router_members *members);
