/* SPDX-License-Identifier: MIT */
/*
 * host.so [N]: the node that guests visit.  "doubler" answers calls, "echo"
 * sends each number back, one more; N others wait.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <troupe.h>
#include "parlour.pb-c.h"

static void doubler_twice(Parlour__Doubler_Service *service,
			  const Parlour__Number *number,
			  Parlour__Number_Closure reply, void *call)
{
	Parlour__Number answer = PARLOUR__NUMBER__INIT;

	answer.value = 2 * number->value;
	reply(&answer, call);
}

static void doubler_never(Parlour__Doubler_Service *service,
			  const Parlour__Number *number,
			  Parlour__Number_Closure reply, void *call)
{
}

static void doubler_fail(Parlour__Doubler_Service *service,
			 const Parlour__Number *number,
			 Parlour__Words_Closure reply, void *call)
{
	troupe_fail(call, -EDOM, "it always fails");
}

static void doubler_crash(Parlour__Doubler_Service *service,
			  const Parlour__Number *number,
			  Parlour__Number_Closure reply, void *call)
{
	kill(getpid(), SIGKILL);
}

static const Parlour__Doubler_Service doubler_methods =
	PARLOUR__DOUBLER__INIT(doubler_);

static const struct troupe_class doubler = {
	.name = "doubler",
	.service = &doubler_methods.base,
};

static int echo_number(const struct troupe_message *message)
{
	Parlour__Number number = *(const Parlour__Number *)message->body;

	number.value++;
	troupe_send(message->sender, &number.base);
	return 0;
}

static int echo_words(const struct troupe_message *message)
{
	const Parlour__Words *words = message->body;

	printf("words %s %zu %zu\n", words->text, words->n_more,
	       words->data.len);
	return 0;
}

static const struct troupe_handler echo_handlers[] = {
	{ &parlour__number__descriptor, echo_number },
	{ &parlour__words__descriptor, echo_words },
	{ 0 }
};

static const struct troupe_class echo = { .name = "echo",
					  .handlers = echo_handlers };

static const struct troupe_class idle = { .name = "idle" };

int troupe_main(int argc, char **argv)
{
	int idlers = argc > 1 ? atoi(argv[1]) : 0;
	struct troupe_message message;
	troupe_ref ref;
	int r;

	r = troupe_spawn_named("doubler", &doubler, NULL, &ref);
	if (r == 0)
		r = troupe_spawn_named("echo", &echo, NULL, &ref);
	while (r == 0 && idlers-- > 0)
		r = troupe_spawn(&idle, NULL, &ref);
	if (r < 0)
		return r;
	puts("ready");
	r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	return r == -ECANCELED ? 0 : r;
}
