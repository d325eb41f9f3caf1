/* SPDX-License-Identifier: MIT */
/*
 * One timer for each pool: it is set as long as there are more members than
 * `least`, to find those that are idle, or fewer, to start others.
 */
#include "runtime/router/pool.h"

#include <errno.h>
#include "runtime/actor/self.h"
#include "runtime/actor/target_watch.h"
#include "runtime/router/choice.h"
#include "runtime/router/rescue.h"
#include "runtime/troupe_actor.h"

enum {
	IDLE_MS = 60000,
	PAUSE_FIRST_MS = 100,
	PAUSE_LAST_MS = 15000,
	QUIET_MS = 60000 /* after which pauses begin anew */
};

static int64_t idle_ms(const struct trp_router *router)
{
	return router->user->idle_ms ? router->user->idle_ms : IDLE_MS;
}

static int start_one(struct trp_router *router)
{
	troupe_ref ref;
	int r = troupe_spawn(router->user->each, router->user->arguments, &ref);

	if (r < 0)
		return r;
	r = trp_router_members_add(&router->members, ref);
	if (r < 0) {
		troupe_kill(ref);
		return r;
	}
	trp_router_members_find(&router->members, ref)->is_ours = true;
	trp_router_members_find(&router->members, ref)->used_at =
		troupe_now().ns;
	trp_target_watch(ref);
	return 0;
}

/* One after the other leaves, those first that were idle for longest. */
static void close_idle(struct trp_router *router)
{
	struct trp_router_members *members = &router->members;
	int64_t now = troupe_now().ns;

	for (size_t i = 0;
	     i < members->count && members->count > router->user->least;) {
		struct trp_router_member *member = &members->at[i];
		troupe_ref ref = member->ref;

		if (!member->is_ours ||
		    now - member->used_at < idle_ms(router) * 1000000 ||
		    !trp_choice_is_idle(member, now)) {
			i++;
			continue;
		}
		trp_router_table_leave(router, ref);
		troupe_close(ref);
	}
}

static void set_timer(struct trp_router *router, int64_t ms)
{
	if (!router->pool.place)
		troupe_timer_start(&router->pool, troupe_in_ms(ms), 0);
}

static void look_later(struct trp_router *router)
{
	int64_t now = troupe_now().ns;

	if (router->members.count > router->user->least)
		set_timer(router, idle_ms(router) / 2 + 1);
	if (router->members.count >= router->user->least || router->is_short)
		return;
	router->is_short = true;
	if (now - router->short_at > QUIET_MS * INT64_C(1000000))
		router->pause_ms = PAUSE_FIRST_MS;
	router->short_at = now;
	troupe_timer_cancel(&router->pool);
	set_timer(router, router->pause_ms);
	if (router->pause_ms < PAUSE_LAST_MS)
		router->pause_ms *= 2;
}

static int look(struct troupe_timer *timer)
{
	struct trp_router *router = timer->data;
	int r = 0;

	router->is_short = false;
	while (router->members.count < router->user->least && r == 0)
		r = start_one(router);
	trp_rescue_again(router);
	close_idle(router);
	look_later(router);
	return 0;
}

void trp_pool_prepare(struct trp_router *router)
{
	struct trp_router_members *members = &router->members;
	int64_t now;

	if (!router->user->each || members->count >= router->user->most)
		return;
	now = troupe_now().ns;
	for (size_t i = 0; i < members->count; i++)
		if (trp_choice_is_idle(&members->at[i], now))
			return;
	if (start_one(router) == 0)
		members->next = members->count - 1;
	look_later(router);
}

/* ---- ends ---------------------------------------------------------------- */

static void refill(struct trp_router *router, troupe_ref ref)
{
	if (router->user->each)
		look_later(router);
}

static void ended(const struct troupe_end *end, uint64_t taken)
{
	if (!end->will_restart)
		trp_router_table_each(refill, end->ref);
}

int trp_pool_open(struct trp_router *router)
{
	static struct trp_target_listener listener = { .ended = ended };
	const struct troupe_router *user = router->user;
	int r = 0;

	if (!user->each)
		return 0;
	if (!user->most || user->most < user->least || user->idle_ms < 0)
		return -EINVAL;
	trp_target_watch_listen(&listener);
	router->pool = (struct troupe_timer) { .fired = look, .data = router };
	while (router->members.count < user->least && r == 0)
		r = start_one(router);
	return r;
}

void trp_pool_close(struct trp_router *router)
{
	troupe_timer_cancel(&router->pool);
	for (size_t i = 0; i < router->members.count; i++)
		if (router->members.at[i].is_ours)
			troupe_close(router->members.at[i].ref);
}
