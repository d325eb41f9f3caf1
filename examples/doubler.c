/* SPDX-License-Identifier: MIT */
/*
 * doubler: a named actor, to talk to from a shell.
 *
 *	troupe run --node a doubler.so &
 *	troupe ask doubler Twice '{"value": 21}'
 *	troupe stop
 */
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include "doubler.pb-c.h"

static void doubler_twice(Doubler__Doubler_Service *service,
			  const Doubler__Number *number,
			  Doubler__Number_Closure reply, void *call)
{
	Doubler__Number doubled = DOUBLER__NUMBER__INIT;

	if (__builtin_add_overflow(number->value, number->value,
				   &doubled.value))
		troupe_fail(call, -ERANGE, "twice that is too large");
	else
		reply(&doubled, call);
}

static const Doubler__Doubler_Service methods =
	DOUBLER__DOUBLER__INIT(doubler_);

static const struct troupe_class doubler = {
	.name = "doubler",
	.service = &methods.base,
};

/* The node runs as long as its root does: until the doubler ends. */
int troupe_main(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;
	int r;

	r = troupe_spawn_named("doubler", &doubler, NULL, &ref);
	if (r < 0)
		return r;
	puts("ask me: troupe ask doubler Twice '{\"value\": 21}'");
	r = troupe_wait(ref, TROUPE_NEVER, &end);
	return r == -ECANCELED ? 0 : r; /* told to stop, as by ^C */
}
