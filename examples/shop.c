/* SPDX-License-Identifier: MIT */
/*
 * shop: two children under a supervisor.  The till crashes at each third sale
 * and comes back, with its name, its reference and its mail: the customer does
 * not notice.  When the customer leaves, the shop closes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>
#include <troupe_supervise.h>
#include "shop.pb-c.h"

static unsigned sold; /* in this life: 0 again after a crash */

static int till_sale(const struct troupe_message *message)
{
	const Shop__Sale *sale = message->body;

	if (++sold == 3)
		abort();
	printf("sold for %u\n", sale->cents);
	return fflush(stdout);
}

static const struct troupe_handler till_handlers[] = {
	{ &shop__sale__descriptor, till_sale },
	{ 0 },
};
static const struct troupe_class till = { .name = "till",
					  .handlers = till_handlers };

static unsigned bought;
static struct troupe_timer next;

static int customer_buys(struct troupe_timer *timer)
{
	Shop__Sale sale = SHOP__SALE__INIT;
	troupe_ref to;
	int r;

	if (bought == 9)
		return TROUPE_STOP;
	sale.cents = ++bought;
	r = troupe_whereis("till", &to);
	return r < 0 ? r : troupe_send(to, &sale.base);
}

static int customer_init(const void *arguments)
{
	next.fired = customer_buys;
	return troupe_timer_start(&next, troupe_in_ms(100), 100);
}

static const struct troupe_class customer = { .name = "customer",
					      .init = customer_init };

static const struct troupe_child_spec staff[] = {
	{ .id = "till", .klass = &till, .name = "till" },
	{ .id = "customer",
	  .klass = &customer,
	  .restart = TROUPE_TRANSIENT,
	  .is_significant = true },
	{ 0 },
};
static const struct troupe_supervisor rules = {
	.children = staff,
	.auto_shutdown = TROUPE_ANY_SIGNIFICANT,
};
static const struct troupe_class shop = { .name = "shop",
					  .supervises = &rules };

int troupe_main(int argc, char **argv)
{
	troupe_ref ref;
	int r = troupe_spawn(&shop, NULL, &ref);

	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, NULL);
}
