/* SPDX-License-Identifier: MIT */
#include "runtime/router/members.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void trp_router_members_check(const struct trp_router_members *members)
{
	assert(members->count <= members->room);
	assert(!members->count || members->next < members->count);
	for (size_t i = 0; i < members->count; i++)
		assert(trp_router_members_find(members, members->at[i].ref) ==
		       &members->at[i]);
}

struct trp_router_member *trp_router_members_find(
	const struct trp_router_members *members, troupe_ref ref)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->at[i].ref == ref)
			return &members->at[i];
	return NULL;
}

int trp_router_members_add(struct trp_router_members *members, troupe_ref ref)
{
	size_t room = members->room ? 2 * members->room : 8;
	struct trp_router_member *grown;

	if (trp_router_members_find(members, ref))
		return -EALREADY;
	if (members->count == members->room) {
		grown = reallocarray(members->at, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		members->at = grown;
		members->room = room;
	}
	members->at[members->count++] =
		(struct trp_router_member) { .ref = ref };
	TRP_CHECK(trp_router_members_check(members));
	return 0;
}

bool trp_router_members_remove(struct trp_router_members *members,
			       troupe_ref ref)
{
	struct trp_router_member *member =
		trp_router_members_find(members, ref);
	size_t i;

	if (!member)
		return false;
	i = (size_t)(member - members->at);
	members->count--;
	memmove(member, member + 1, (members->count - i) * sizeof(*member));
	members->next -= members->next > i;
	if (members->next >= members->count)
		members->next = 0;
	TRP_CHECK(trp_router_members_check(members));
	return true;
}

void trp_router_members_fini(struct trp_router_members *members)
{
	free(members->at);
	*members = (struct trp_router_members) { 0 };
}
