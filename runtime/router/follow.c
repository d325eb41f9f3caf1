/* SPDX-License-Identifier: MIT */
/*
 * The supervisor tells an actor once of each change of a group that it follows,
 * whatever the number of its routers; at first, and for each further router, of
 * all members.
 */
#include "runtime/router/follow.h"

#include <errno.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/actor/take.h"
#include "runtime/actor/target_watch.h"
#include "runtime/router/rescue.h"

static const Troupe__Control__GroupChanged *news;

static void change(struct trp_router *router, troupe_ref ref)
{
	if (strcmp(router->group, news->name) != 0)
		return;
	if (news->has_left) {
		trp_router_table_leave(router, ref);
		return;
	}
	if (trp_router_members_add(&router->members, ref) < 0)
		return;
	trp_router_members_remove(&router->former, ref);
	trp_target_watch(ref);
	trp_rescue_again(router);
}

static void changed(const Troupe__Control__GroupChanged *change_of)
{
	news = change_of;
	for (size_t i = 0; i < news->n_ref; i++)
		trp_router_table_each(change, news->ref[i]);
	news = NULL;
}

static int request(const char *group, Troupe__Control__GroupOrder what)
{
	Troupe__Control__Group order = TROUPE__CONTROL__GROUP__INIT;

	order.name = (char *)group;
	order.what = what;
	return trp_actor_request(&order.base, NULL);
}

int trp_follow_begin(struct trp_router *router, const char *group)
{
	int r;

	if (router->group[0])
		return -EALREADY;
	if (strlen(group) >= sizeof(router->group))
		return -EINVAL;
	trp_take_groups = changed;
	strcpy(router->group, group);
	r = request(group, TROUPE__CONTROL__GROUP_ORDER__FOLLOW_GROUP);
	if (r < 0)
		router->group[0] = '\0';
	else /* The answer overtook them. */
		trp_take_reports();
	return r;
}

void trp_follow_catch_up(const struct trp_router *router)
{
	if (router->group[0])
		trp_take_reports();
}

static unsigned followers;

static void count(struct trp_router *router, troupe_ref ref)
{
	followers += !strcmp(router->group, news->name);
}

void trp_follow_end(struct trp_router *router)
{
	const Troupe__Control__GroupChanged of = { .name = router->group };

	if (!router->group[0] || !trp_self.ref || trp_self.is_ending)
		return;
	followers = 0;
	news = &of;
	trp_router_table_each(count, 0);
	news = NULL;
	if (followers == 1)
		request(router->group,
			TROUPE__CONTROL__GROUP_ORDER__UNFOLLOW_GROUP);
}
