/* SPDX-License-Identifier: MIT */
/* boxed.so: "doubler", in a network namespace of its own. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#include <troupe.h>
#include "parlour.pb-c.h"

static void boxed_twice(Parlour__Doubler_Service *service,
			const Parlour__Number *number,
			Parlour__Number_Closure reply, void *call)
{
	Parlour__Number answer = PARLOUR__NUMBER__INIT;

	answer.value = 2 * number->value;
	usleep(10000); /* so that the one that asks mostly sleeps by then */
	reply(&answer, call);
}

static const Parlour__Doubler_Service methods = {
	PARLOUR__DOUBLER__BASE_INIT,
	.twice = boxed_twice,
};

static int leave(const void *arguments)
{
	int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;

	return unshare(CLONE_NEWNET | user) < 0 ? -errno : 0;
}

static const struct troupe_class boxed = { .name = "doubler",
					   .service = &methods.base,
					   .init = leave };

int troupe_main(int argc, char **argv)
{
	struct troupe_message message;
	troupe_ref ref;
	int r = troupe_spawn_named("doubler", &boxed, NULL, &ref);

	if (r < 0)
		return r;
	puts("ready");
	r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	return r == -ECANCELED ? 0 : r;
}
