/* SPDX-License-Identifier: MIT */
/*
 * mistakes: an actor that makes the mistakes it is told to, for a debugger, a
 * sanitizer and the like (troupe-debug(7)).
 *
 *	troupe run mistakes.so overrun leak leave
 *	troupe run mistakes.so &
 *	troupe send clerk Order '{"what": "crash"}'
 *
 * Its orders: crash, leak, overrun (of a block of malloc()), and leave.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe.h>
#include "mistakes.pb-c.h"

static int open_shop(const void *arguments)
{
	printf("the shop is open\n");
	return 0;
}

static char *block;

static int on_order(const struct troupe_message *message)
{
	const Mistakes__Order *order = message->body;
	size_t size = strlen(order->what);
	volatile int *nowhere = NULL;

	if (strcmp(order->what, "crash") == 0)
		*nowhere = 1;
	if (strcmp(order->what, "leave") == 0)
		return TROUPE_STOP;
	block = calloc(size, 1);
	if (strcmp(order->what, "overrun") == 0)
		((volatile char *)block)[size] = 1;
	if (strcmp(order->what, "leak") != 0)
		free(block);
	block = NULL;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &mistakes__order__descriptor, on_order },
	{ 0 },
};
static const struct troupe_class clerk = {
	.name = "clerk",
	.init = open_shop,
	.handlers = handlers,
};

/* Passes its arguments on.  The node runs until the clerk ends. */
int troupe_main(int argc, char **argv)
{
	Mistakes__Order order = MISTAKES__ORDER__INIT;
	troupe_ref ref;
	int r = troupe_spawn_named("clerk", &clerk, NULL, &ref);

	for (int i = 1; i < argc && r == 0; i++) {
		order.what = argv[i];
		r = troupe_send(ref, &order.base);
	}
	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, NULL);
}
