/* SPDX-License-Identifier: MIT */
/* Groups by name: joining, leaving, publishing. */
#include "runtime/troupe_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/router/follow.h"
#include "serialize/message.h"

static int request(const char *group, troupe_ref ref,
		   Troupe__Control__GroupOrder what)
{
	Troupe__Control__Group order = TROUPE__CONTROL__GROUP__INIT;

	if (!group)
		return -EINVAL;
	order.name = (char *)group;
	order.ref = ref;
	order.what = what;
	return trp_actor_request(&order.base, NULL);
}

int troupe_group_join(const char *group, troupe_ref ref)
{
	return request(group, ref, TROUPE__CONTROL__GROUP_ORDER__JOIN_GROUP);
}

int troupe_group_leave(const char *group, troupe_ref ref)
{
	return request(group, ref, TROUPE__CONTROL__GROUP_ORDER__LEAVE_GROUP);
}

int troupe_group_members(const char *group, troupe_ref *ret_refs, size_t room,
			 size_t *ret_count)
{
	Troupe__Control__Group order = TROUPE__CONTROL__GROUP__INIT;
	Troupe__Control__GroupMembers *members;
	ProtobufCBinaryData bytes = { 0 };
	int r;

	if (!group || !ret_count || (!ret_refs && room))
		return -EINVAL;
	order.name = (char *)group;
	order.what = TROUPE__CONTROL__GROUP_ORDER__LIST_GROUP;
	r = trp_actor_request_more(&order.base, &bytes);
	if (r < 0)
		return r;
	members = troupe__control__group_members__unpack(NULL, bytes.len,
							 bytes.data);
	free(bytes.data);
	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < members->n_ref && i < room; i++)
		ret_refs[i] = members->ref[i];
	*ret_count = members->n_ref;
	troupe__control__group_members__free_unpacked(members, NULL);
	return 0;
}

int troupe_router_follow(struct troupe_router *router, const char *group)
{
	return router && router->private_router && group
		       ? trp_follow_begin(router->private_router, group)
		       : -EINVAL;
}

/* ---- publishing ---------------------------------------------------------- */

struct publisher {
	struct publisher *next;
	struct troupe_router router;
	char group[TROUPE_NAME_SIZE];
};

static struct publisher *publishers;

static int make_publisher(const char *group, struct publisher **ret_publisher)
{
	struct publisher *made;
	int r;

	if (strlen(group) >= sizeof(made->group))
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	strcpy(made->group, group);
	made->router.by = TROUPE_BROADCAST;
	r = troupe_router_open(&made->router, NULL);
	if (r == 0)
		r = troupe_router_follow(&made->router, group);
	if (r < 0) {
		troupe_router_close(&made->router);
		free(made);
		return r;
	}
	made->next = publishers;
	publishers = *ret_publisher = made;
	return 0;
}

int troupe_publish(const char *group, const ProtobufCMessage *message)
{
	struct publisher *publisher = publishers;
	int r = 0;

	if (!group || !trp_message_is_valid(message))
		return -EINVAL;
	while (publisher && strcmp(publisher->group, group) != 0)
		publisher = publisher->next;
	if (!publisher)
		r = make_publisher(group, &publisher);
	if (r == 0)
		r = troupe_route(&publisher->router, message);
	return r < 0 ? r : (int)publisher->router.reached;
}
