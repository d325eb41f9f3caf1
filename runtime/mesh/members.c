/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/members.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct look {
	struct trp_mesh_members *members;
	size_t known; /* before the look; those behind are not in order yet */
	const struct trp_beacon *beacon;
	struct trp_time now;
	void (*tell)(void *user, const char *node, bool has_come);
	void *user;
	int error;
};

static bool takes_part(const struct trp_beacon *beacon)
{
	return trp_beacon_state(beacon) >= TRP_BEACON_IDLE &&
	       trp_beacon_state(beacon) <= TRP_BEACON_IT;
}

bool trp_mesh_members_is_live(const struct trp_beacon *beacon, const char *node,
			      struct trp_time heard, struct trp_time now)
{
	int64_t turn_ns = trp_beacon_cycle_max_ns(beacon);
	bool is_listed = false;
	const char *listed;
	size_t count;

	if (strcmp(node, trp_beacon_node(beacon)) == 0)
		return takes_part(beacon);
	for (count = 0; (listed = trp_beacon_listed(beacon, count)); count++)
		is_listed |= strcmp(listed, node) == 0;
	if (!is_listed)
		count = 0;
	return now.ns - heard.ns <= (int64_t)(count + 2) * turn_ns;
}

static int compare(const void *a, const void *b)
{
	const struct trp_mesh_member *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void check(const struct trp_mesh_members *members)
{
	for (size_t i = 1; i < members->count; i++)
		assert(strcmp(members->at[i - 1].name, members->at[i].name) <
		       0);
}

static int add(struct trp_mesh_members *members, const char *name)
{
	struct trp_mesh_member entry = { .name = strdup(name),
					 .is_seen = true };
	struct trp_mesh_member *at =
		reallocarray(members->at, members->count + 1, sizeof(*at));

	if (at)
		members->at = at;
	if (!at || !entry.name) {
		free(entry.name);
		return -ENOMEM;
	}
	at[members->count++] = entry;
	return 0;
}

static void see(void *user, const struct trp_beacon_sight *sight)
{
	struct look *look = user;
	const char *node = sight->node;
	const struct trp_mesh_member key = { .name = (char *)node };
	struct trp_mesh_member *member = NULL;

	if (!trp_mesh_members_is_live(look->beacon, node, sight->heard,
				      look->now))
		return;
	if (look->known)
		member = bsearch(&key, look->members->at, look->known,
				 sizeof(key), compare);
	if (member)
		member->is_seen = true;
	else if (add(look->members, node) < 0)
		look->error = -ENOMEM;
	else
		look->tell(look->user, node, true);
}

int trp_mesh_members_look(struct trp_mesh_members *members,
			  const struct trp_beacon *beacon, struct trp_time now,
			  void (*tell)(void *user, const char *node,
				       bool has_come),
			  void *user)
{
	struct look look = {
		members, members->count, beacon, now, tell, user, 0
	};
	size_t i, kept = 0;

	for (i = 0; i < members->count; i++)
		members->at[i].is_seen = false;
	trp_beacon_each(beacon, see, &look);
	for (i = 0; i < members->count; i++) {
		if (members->at[i].is_seen) {
			members->at[kept++] = members->at[i];
			continue;
		}
		tell(user, members->at[i].name, false);
		free(members->at[i].name);
	}
	assert(kept <= members->count);
	members->count = kept;
	if (kept)
		qsort(members->at, kept, sizeof(*members->at), compare);
	TRP_CHECK(check(members));
	return look.error;
}

void trp_mesh_members_fini(struct trp_mesh_members *members)
{
	for (size_t i = 0; i < members->count; i++)
		free(members->at[i].name);
	free(members->at);
	*members = (struct trp_mesh_members) { 0 };
}
