/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/groups.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/supervisor/registry.h"
#include "serialize/type.h"

void trp_groups_check(const struct trp_groups *groups)
{
	size_t all = 0, count;

	for (int i = 0; i < TRP_GROUPS_BUCKETS; i++)
		for (const struct trp_groups_group *group = groups->bucket[i];
		     group; group = group->next, all++) {
			count = 0;
			for (const struct trp_groups_place *place =
				     group->first;
			     place; place = place->next, count++) {
				assert(*place->link == place);
				assert(*place->link_of_actor == place);
				assert(place->group == group);
			}
			assert(group->count == count && count > 0);
			assert(*group->link == group);
		}
	assert(all == groups->count);
}

struct trp_groups_group *trp_groups_find(const struct trp_groups *groups,
					 const char *name)
{
	struct trp_groups_group *group =
		groups->bucket[trp_type_id(name) % TRP_GROUPS_BUCKETS];

	while (group && strcmp(group->name, name) != 0)
		group = group->next;
	return group;
}

static struct trp_groups_group *make_group(struct trp_groups *groups,
					   const char *name)
{
	struct trp_groups_group **link =
		&groups->bucket[trp_type_id(name) % TRP_GROUPS_BUCKETS];
	struct trp_groups_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	strcpy(group->name, name);
	group->next = *link;
	group->link = link;
	if (group->next)
		group->next->link = &group->next;
	*link = group;
	groups->count++;
	return group;
}

static void drop_group(struct trp_groups *groups,
		       struct trp_groups_group *group)
{
	*group->link = group->next;
	if (group->next)
		group->next->link = group->link;
	groups->count--;
	free(group);
}

struct trp_groups_place *trp_groups_place_of(struct trp_groups_place *of_actor,
					     const char *name, bool is_follower)
{
	while (of_actor && (of_actor->is_follower != is_follower ||
			    strcmp(of_actor->group->name, name) != 0))
		of_actor = of_actor->next_of_actor;
	return of_actor;
}

int trp_groups_add(struct trp_groups *groups, const char *name, troupe_ref ref,
		   bool is_follower, struct trp_groups_place **of_actor)
{
	struct trp_groups_group *group;
	struct trp_groups_place *place;

	if (!trp_registry_is_valid(name))
		return -EINVAL;
	if (trp_groups_place_of(*of_actor, name, is_follower))
		return -EALREADY;
	place = calloc(1, sizeof(*place));
	group = trp_groups_find(groups, name);
	if (place && !group)
		group = make_group(groups, name);
	if (!place || !group) {
		free(place);
		return -ENOMEM;
	}
	*place = (struct trp_groups_place) { .next = group->first,
					     .link = &group->first,
					     .next_of_actor = *of_actor,
					     .link_of_actor = of_actor,
					     .group = group,
					     .ref = ref,
					     .is_follower = is_follower };
	if (place->next)
		place->next->link = &place->next;
	if (place->next_of_actor)
		place->next_of_actor->link_of_actor = &place->next_of_actor;
	group->first = *of_actor = place;
	group->count++;
	TRP_CHECK(trp_groups_check(groups));
	return 0;
}

static void leave_actor(struct trp_groups_place *place)
{
	*place->link_of_actor = place->next_of_actor;
	if (place->next_of_actor)
		place->next_of_actor->link_of_actor = place->link_of_actor;
}

void trp_groups_remove(struct trp_groups *groups,
		       struct trp_groups_place *place)
{
	struct trp_groups_group *group = place->group;

	*place->link = place->next;
	if (place->next)
		place->next->link = place->link;
	leave_actor(place);
	free(place);
	assert(group->count > 0);
	if (--group->count == 0)
		drop_group(groups, group);
	TRP_CHECK(trp_groups_check(groups));
}

void trp_groups_fini(struct trp_groups *groups)
{
	struct trp_groups_group *group;
	struct trp_groups_place *place;

	for (int i = 0; i < TRP_GROUPS_BUCKETS; i++)
		while ((group = groups->bucket[i])) {
			groups->bucket[i] = group->next;
			while ((place = group->first)) {
				group->first = place->next;
				leave_actor(place);
				free(place);
			}
			free(group);
			groups->count--;
		}
}
