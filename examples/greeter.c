/* SPDX-License-Identifier: MIT */
/*
 * greeter: a plain message that is asked, without a service.
 *
 * The greeter says nothing itself: it spawns a worker for each name and
 * forwards the message.  The worker answers its sender, who is the one that
 * asked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <troupe.h>
#include <troupe_ask.h>
#include <troupe_result.h>
#include "greeter.pb-c.h"

enum { SECONDS = 5 };

static int worker_name(const struct troupe_message *message)
{
	const Greeter__Name *name = message->body;
	Greeter__Greeting greeting = GREETER__GREETING__INIT;
	char text[128];
	int r;

	snprintf(text, sizeof(text), "Hello, %s", name->name);
	greeting.text = text;
	r = troupe_send(message->sender, &greeting.base);
	return r < 0 ? r : TROUPE_STOP;
}

static const struct troupe_handler worker_handlers[] = {
	{ &greeter__name__descriptor, worker_name },
	{ 0 },
};
static const struct troupe_class worker = {
	.name = "worker",
	.handlers = worker_handlers,
};

static int greeter_name(const struct troupe_message *message)
{
	troupe_ref ref;
	int r = troupe_spawn(&worker, NULL, &ref);

	return r < 0 ? r : troupe_forward_message(message, ref);
}

static const struct troupe_handler greeter_handlers[] = {
	{ &greeter__name__descriptor, greeter_name },
	{ 0 },
};
static const struct troupe_class greeter = {
	.name = "greeter",
	.handlers = greeter_handlers,
};

int troupe_main(int argc, char **argv)
{
	Greeter__Name name = GREETER__NAME__INIT;
	struct troupe_message answer;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	r = troupe_spawn(&greeter, NULL, &ref);
	for (int i = 1; i < argc && r == 0; i++) {
		name.name = argv[i];
		r = troupe_ask(ref, &name.base, troupe_in_ms(SECONDS * 1000),
			       &answer);
		if (r == 0)
			puts(((const Greeter__Greeting *)answer.body)->text);
	}
	if (r == 0)
		r = troupe_stop_with(ref, 0, "there are no more names",
				     SECONDS * 1000);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (r == 0)
		printf("%s: %s\n", end.name, end.reason.text);
	else
		fprintf(stderr, "greeter: %s\n", strerror(-r));
	return r;
}
