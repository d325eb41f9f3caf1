/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/membership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/node/status.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/message.h"

/* All followers of that group, except if it is gone. */
static void tell_followers(struct trp_supervisor *supervisor, const char *name,
			   troupe_ref ref, bool has_left)
{
	const struct trp_groups_group *group =
		trp_groups_find(&supervisor->groups, name);
	Troupe__Control__GroupChanged changed =
		TROUPE__CONTROL__GROUP_CHANGED__INIT;

	changed.name = (char *)name;
	changed.ref = &ref;
	changed.n_ref = 1;
	changed.has_left = has_left;
	for (const struct trp_groups_place *place = group ? group->first : NULL;
	     place; place = place->next)
		if (place->is_follower)
			trp_notify_tell(supervisor, trp_ref_slot(place->ref),
					TRP_MAIL, 0, &changed.base);
}

/* The members, in the order of joining; NULL: no memory.  For free(). */
static troupe_ref *list(const struct trp_supervisor *supervisor,
			const char *name, size_t *ret_count)
{
	const struct trp_groups_group *group =
		trp_groups_find(&supervisor->groups, name);
	size_t room = group ? group->count : 0, first = room;
	troupe_ref *refs = calloc(room + 1, sizeof(*refs));

	/* The latest are the first in the list. */
	for (const struct trp_groups_place *place = group ? group->first : NULL;
	     refs && place; place = place->next)
		if (!place->is_follower)
			refs[--first] = place->ref;
	*ret_count = room - first;
	for (size_t i = 0; refs && i < *ret_count; i++)
		refs[i] = refs[first + i];
	return refs;
}

static int join(struct trp_request *request, const char *name, troupe_ref ref)
{
	struct trp_supervisor *supervisor = request->supervisor;
	struct trp_child *child = trp_child_find(&supervisor->children, ref);
	int r = child ? trp_groups_add(&supervisor->groups, name, ref, false,
				       &child->groups)
		      : trp_status_absent(&supervisor->node.arena, ref);

	if (r == 0)
		tell_followers(supervisor, name, ref, false);
	return r == -EALREADY ? 0 : r;
}

static int leave(struct trp_request *request, const char *name, troupe_ref ref)
{
	struct trp_supervisor *supervisor = request->supervisor;
	struct trp_child *child = trp_child_find(&supervisor->children, ref);
	struct trp_groups_place *place =
		child ? trp_groups_place_of(child->groups, name, false) : NULL;

	if (!child && trp_status_absent(&supervisor->node.arena, ref) != -ESRCH)
		return -ENOTSUP;
	if (!place)
		return -ENOENT;
	trp_groups_remove(&supervisor->groups, place);
	tell_followers(supervisor, name, ref, true);
	return 0;
}

/* All members are told at once, as changes are: in the order of happening. */
static int follow(struct trp_request *request, const char *name)
{
	struct trp_supervisor *supervisor = request->supervisor;
	Troupe__Control__GroupChanged changed =
		TROUPE__CONTROL__GROUP_CHANGED__INIT;
	int r = trp_groups_add(&supervisor->groups, name, request->sender, true,
			       &request->child->groups);

	if (r < 0 && r != -EALREADY)
		return r;
	changed.name = (char *)name;
	changed.ref = list(supervisor, name, &changed.n_ref);
	if (!changed.ref)
		return -ENOMEM;
	if (changed.n_ref)
		trp_notify_tell(supervisor, request->slot, TRP_MAIL, 0,
				&changed.base);
	free(changed.ref);
	return 0;
}

static int unfollow(struct trp_request *request, const char *name)
{
	struct trp_groups_place *place =
		trp_groups_place_of(request->child->groups, name, true);

	if (!place)
		return -ENOENT;
	trp_groups_remove(&request->supervisor->groups, place);
	return 0;
}

static int give_list(struct trp_request *request, const char *name)
{
	Troupe__Control__GroupMembers members =
		TROUPE__CONTROL__GROUP_MEMBERS__INIT;
	int r;

	members.ref = list(request->supervisor, name, &members.n_ref);
	if (!members.ref)
		return -ENOMEM;
	r = trp_message_to_bytes(&members.base, &request->more);
	free(members.ref);
	return r;
}

int trp_membership_on_group(struct trp_request *request)
{
	const Troupe__Control__Group *group = request->message;

	switch (group->what) {
	case TROUPE__CONTROL__GROUP_ORDER__JOIN_GROUP:
		return join(request, group->name, group->ref);
	case TROUPE__CONTROL__GROUP_ORDER__LEAVE_GROUP:
		return leave(request, group->name, group->ref);
	case TROUPE__CONTROL__GROUP_ORDER__FOLLOW_GROUP:
		return follow(request, group->name);
	case TROUPE__CONTROL__GROUP_ORDER__UNFOLLOW_GROUP:
		return unfollow(request, group->name);
	case TROUPE__CONTROL__GROUP_ORDER__LIST_GROUP:
		return give_list(request, group->name);
	default:
		return -EINVAL;
	}
}

void trp_membership_ended(struct trp_supervisor *supervisor, uint32_t slot,
			  bool is_restart)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_groups_place *place, *next;
	char name[TROUPE_NAME_SIZE];

	for (place = child->groups; place; place = next) {
		bool is_follower = place->is_follower;
		troupe_ref ref = place->ref;

		next = place->next_of_actor;
		if (is_restart && !is_follower)
			continue;
		memcpy(name, place->group->name, sizeof(name));
		trp_groups_remove(&supervisor->groups, place);
		if (!is_follower)
			tell_followers(supervisor, name, ref, true);
	}
}
