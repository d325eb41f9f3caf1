/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_GROUP_H
#define TROUPE_GROUP_H

/*
 * Groups of actors by name, within this node: actors join and leave them, and
 * leave them by ending.  One that is restarted (troupe_restart.h) stays.  A
 * message can be published to a group, or spread over it by a router.  Errors
 * and ownership as in troupe.h; names of groups are as those of
 * troupe_register(), and independent of them.
 */

#include "troupe_router.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * join: any actor of this node, also one that is a member already.  0; -ESRCH:
 * it is gone; -ENOTSUP: it is of another node; -EINVAL: the name; -ENOMEM.
 * leave: 0; -ENOENT: it is no member.
 */
TROUPE_API int troupe_group_join(const char *group, troupe_ref ref);
TROUPE_API int troupe_group_leave(const char *group, troupe_ref ref);

/* The first `room` members, in the order of joining, and how many there are. */
TROUPE_API int troupe_group_members(const char *group, troupe_ref *ret_refs,
				    size_t room, size_t *ret_count);

/*
 * Sends to all members; packed once.  The first time this asks the supervisor,
 * and this actor then follows the group: an actor that has joined before this
 * one heard of it, by whatever message, is reached.  Returns the number of
 * members that got it; -EAGAIN: all are full; or as troupe_send().
 */
TROUPE_API int troupe_publish(const char *group,
			      const ProtobufCMessage *message);

/*
 * The members of a router are those of the group from now on, beside those that
 * were added.  0; -EALREADY: it follows one; -EINVAL; -ENOMEM.
 */
TROUPE_API int troupe_router_follow(struct troupe_router *router,
				    const char *group);

#ifdef __cplusplus
}
#endif

#endif
