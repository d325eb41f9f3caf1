/* SPDX-License-Identifier: MIT */
/* slow.so: asks twice, with the usual five seconds; each takes half a second.
 */
#include <stdio.h>
#include <unistd.h>
#include <troupe.h>
#include "parlour.pb-c.h"

static void slow_twice(Parlour__Doubler_Service *service,
		       const Parlour__Number *number,
		       Parlour__Number_Closure reply, void *call)
{
	puts("asked");
	for (int i = 0; i < 50; i++)
		usleep(10000);
	reply(number, call);
}

static const Parlour__Doubler_Service methods = {
	PARLOUR__DOUBLER__BASE_INIT,
	.twice = slow_twice,
};
static const struct troupe_class slow = { .name = "slow",
					  .service = &methods.base };

static void take(const Parlour__Number *number, void *data)
{
	puts(number ? "answered" : "not answered");
}

int troupe_main(int argc, char **argv)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;
	int r = troupe_spawn(&slow, NULL, &ref);

	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, ref, &parlour__doubler__descriptor);
	parlour__doubler__twice(&proxy.base, &number, take, NULL);
	parlour__doubler__twice(&proxy.base, &number, take, NULL);
	return troupe_await(&proxy);
}
