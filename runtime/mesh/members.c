/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct look {
	struct trp_roster *roster;
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

bool trp_mesh_roster_is_live(const struct trp_beacon *beacon, const char *node,
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

/* Where it is, or where it belongs. */
static size_t place_of(const struct trp_roster *roster, const char *name,
		       bool *ret_is_there)
{
	size_t low = 0, high = roster->count;
	int order;

	while (low < high) {
		size_t middle = (low + high) / 2;

		order = strcmp(roster->at[middle].name, name);
		if (order == 0) {
			*ret_is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_is_there = false;
	return low;
}

static int make_room(struct trp_roster *roster)
{
	struct trp_roster_entry *at;
	size_t room = roster->room ? 2 * roster->room : 16;

	if (roster->count < roster->room)
		return 0;
	at = reallocarray(roster->at, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	roster->at = at;
	roster->room = room;
	return 0;
}

static int add(struct trp_roster *roster, size_t place, const char *name)
{
	struct trp_roster_entry entry = { .name = strdup(name),
					  .is_seen = true };

	if (!entry.name || make_room(roster) < 0) {
		free(entry.name);
		return -ENOMEM;
	}
	memmove(roster->at + place + 1, roster->at + place,
		(roster->count - place) * sizeof(*roster->at));
	roster->at[place] = entry;
	roster->count++;
	return 0;
}

static void see(void *user, const char *node, const struct trp_scalar *value,
		struct trp_time heard)
{
	struct look *look = user;
	bool is_there;
	size_t place;

	if (!trp_mesh_roster_is_live(look->beacon, node, heard, look->now))
		return;
	place = place_of(look->roster, node, &is_there);
	if (is_there) {
		look->roster->at[place].is_seen = true;
	} else if (add(look->roster, place, node) < 0) {
		look->error = -ENOMEM;
	} else {
		look->tell(look->user, node, true);
	}
}

int trp_mesh_roster_look(struct trp_roster *roster,
			 const struct trp_beacon *beacon, struct trp_time now,
			 void (*tell)(void *user, const char *node,
				      bool has_come),
			 void *user)
{
	struct look look = { roster, beacon, now, tell, user, 0 };
	size_t i, kept = 0;

	for (i = 0; i < roster->count; i++)
		roster->at[i].is_seen = false;
	trp_beacon_each(beacon, see, &look);
	for (i = 0; i < roster->count; i++) {
		if (roster->at[i].is_seen) {
			roster->at[kept++] = roster->at[i];
			continue;
		}
		tell(user, roster->at[i].name, false);
		free(roster->at[i].name);
	}
	roster->count = kept;
	return look.error;
}

void trp_mesh_roster_fini(struct trp_roster *roster)
{
	size_t i;

	for (i = 0; i < roster->count; i++)
		free(roster->at[i].name);
	free(roster->at);
	*roster = (struct trp_roster) { 0 };
}
