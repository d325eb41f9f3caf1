/* SPDX-License-Identifier: MIT */
/*
 * mesh_offer: a baker offers bread; a customer finds it by that word alone, on
 * whichever node it is.
 *
 *	troupe run --mesh village --cycle 1 --gap 0.3 mesh_offer.so baker
 *	troupe run --mesh village --cycle 1 --gap 0.3 mesh_offer.so
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <troupe.h>
#include <troupe_mesh.h>
#include <troupe_node.h>
#include "mesh_offer.pb-c.h"

/* ---- the baker ----------------------------------------------------------- */

static void bake(Bakery__Baker_Service *service, const Bakery__Order *order,
		 Bakery__Bread_Closure reply, void *call)
{
	Bakery__Bread bread = BAKERY__BREAD__INIT;

	bread.loaves = order->loaves;
	bread.baker = (char *)troupe_node_name();
	reply(&bread, call);
}

static const Bakery__Baker_Service baking = {
	.base = { .descriptor = &bakery__baker__descriptor,
		  .invoke = protobuf_c_service_invoke_internal },
	.bake = bake,
};

static const struct troupe_class baker = { .name = "baker",
					   .service = &baking.base };

static int sell(void)
{
	troupe_ref ref;
	int r = troupe_spawn_named("bread", &baker, NULL, &ref);

	if (r == 0)
		r = troupe_mesh_offer("bread", NULL);
	return r == 0 ? troupe_wait(ref, TROUPE_NEVER, NULL) : r;
}

/* ---- the customer -------------------------------------------------------- */

/* 0: nobody offers bread yet. */
static troupe_ref look_for_bread(void)
{
	struct troupe_mesh_view *view;
	troupe_ref ref = 0;

	if (troupe_mesh_find("bread", &view) < 0)
		return 0;
	for (size_t i = 0; i < view->count; i++)
		for (size_t k = 0; k < view->node[i].offer_count; k++)
			if (strcmp(view->node[i].offer[k].name, "bread") == 0)
				ref = view->node[i].offer[k].ref;
	troupe_mesh_view_free(view);
	return ref;
}

static void eat(const Bakery__Bread *bread, void *data)
{
	if (bread)
		printf("%u loaves from %s\n", bread->loaves, bread->baker);
}

static int buy(void)
{
	struct troupe_proxy proxy;
	struct troupe_message event;
	Bakery__Order order = BAKERY__ORDER__INIT;
	troupe_ref ref;
	int r = troupe_mesh_subscribe();

	/* Each event may be that of a node that offers it. */
	while (r >= 0 && !(ref = look_for_bread()))
		r = troupe_receive(NULL, 0, troupe_in_ms(500), &event) ==
				    -ECANCELED
			    ? -ECANCELED
			    : 0;
	if (r < 0)
		return r;
	order.loaves = 2;
	troupe_proxy_init(&proxy, ref, &bakery__baker__descriptor);
	bakery__baker__bake(&proxy.base, &order, eat, NULL);
	return troupe_await(&proxy);
}

int troupe_main(int argc, char **argv)
{
	int r = argc > 1 ? sell() : buy();

	if (r == -ENOTCONN)
		puts("this node is in no mesh; start it with --mesh bakery");
	return r == -ECANCELED ? 0 : r;
}
