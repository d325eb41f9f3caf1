/* SPDX-License-Identifier: MIT */
#include "runtime/router/table.h"

#include <errno.h>
#include "runtime/actor/away.h"
#include "serialize/envelope.h"

static struct trp_router *routers;

static bool is_used(unsigned number)
{
	struct trp_router *router = routers;

	while (router && router->number != number)
		router = router->next;
	return router;
}

/* Not soon the number of one that was closed: its mail may still be unread. */
static int take_number(unsigned *ret_number)
{
	static unsigned last;

	for (int i = 0; i < TRP_ROUTERS_MAX; i++) {
		last = last % TRP_ROUTERS_MAX + 1;
		if (is_used(last))
			continue;
		*ret_number = last;
		return 0;
	}
	return -EMFILE;
}

int trp_router_table_add(struct trp_router *router, bool wants_number)
{
	int r = wants_number ? take_number(&router->number) : 0;

	if (r < 0)
		return r;
	router->next = routers;
	routers = router;
	/* Too late for a death at this moment, which the watch reports. */
	trp_store_relaxed(&trp_self.status->has_routers, 1);
	return 0;
}

void trp_router_table_remove(struct trp_router *router)
{
	struct trp_router **link = &routers;

	while (*link != router)
		link = &(*link)->next;
	*link = router->next;
	if (!routers && trp_self.status)
		trp_store_relaxed(&trp_self.status->has_routers, 0);
}

struct trp_router *trp_router_table_find(unsigned number, troupe_ref to)
{
	struct trp_router *router = routers;

	while (router && (router->number != number ||
			  !(trp_router_members_find(&router->members, to) ||
			    trp_router_members_find(&router->former, to))))
		router = router->next;
	return router;
}

void trp_router_table_each(void (*visit)(struct trp_router *router,
					 troupe_ref ref),
			   troupe_ref ref)
{
	for (struct trp_router *router = routers; router; router = router->next)
		visit(router, ref);
}

void trp_router_table_leave(struct trp_router *router, troupe_ref ref)
{
	if (trp_router_members_remove(&router->members, ref) && router->number)
		trp_router_members_add(&router->former, ref);
}

bool trp_router_table_lives(troupe_ref ref)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint32_t slot = trp_ref_slot(ref);
	uint64_t life;

	if (trp_ref_is_elsewhere(ref)) /* else the watch tells */
		return trp_away_has(ref);
	if (!trp_ref_is_here(ref) || slot >= arena->slots)
		return false;
	life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);
	return trp_life_generation(life) == trp_ref_generation(ref) &&
	       trp_life_state(life) == TRP_LIVE;
}

void trp_router_table_prune(struct trp_router *router)
{
	for (size_t i = 0; i < router->members.count;)
		if (trp_router_table_lives(router->members.at[i].ref))
			i++;
		else
			trp_router_table_leave(router,
					       router->members.at[i].ref);
}
