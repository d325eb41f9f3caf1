/* SPDX-License-Identifier: MIT */
/*
 * hangs.so: /loops computes for ever, /pauses sits in pause(2), /receives waits
 * for a type that never comes, /blocked waits for room at /pauses, and /awaits
 * for an answer of /blocked.  /noose waits for room at /knot, which awaits an
 * answer of it: a cycle.
 */
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_tree.h>
#include <unistd.h>
#include "parlour.pb-c.h"

static int loops_words(const struct troupe_message *message)
{
	for (volatile unsigned n = 0;; n++)
		;
	return 0;
}

static int pauses_words(const struct troupe_message *message)
{
	for (;;)
		pause();
	return 0;
}

static int fill(const char *whom, const struct troupe_message *message)
{
	troupe_ref ref;
	int r = troupe_whereis(whom, &ref);

	while (r == 0)
		r = troupe_send_wait(ref, message->body, TROUPE_NEVER);
	return r;
}

static int blocked_words(const struct troupe_message *message)
{
	return fill("pauses", message);
}

static int noose_words(const struct troupe_message *message)
{
	return fill("knot", message);
}

static void done(const Parlour__Number *number, void *data)
{
}

static int call(const char *whom)
{
	Parlour__Number number = PARLOUR__NUMBER__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;
	int r = troupe_whereis(whom, &ref);

	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, ref, &parlour__doubler__descriptor);
	proxy.timeout_ms = -1;
	parlour__doubler__twice(&proxy.base, &number, done, NULL);
	return troupe_await(&proxy);
}

static int awaits_words(const struct troupe_message *message)
{
	return call("blocked");
}

static int knot_words(const struct troupe_message *message)
{
	return call("noose");
}

static int receives(const void *arguments)
{
	const struct troupe_pattern pattern = {
		.type = &parlour__number__descriptor
	};
	struct troupe_message message;

	return troupe_receive(&pattern, 1, TROUPE_NEVER, &message);
}

static void method(Parlour__Doubler_Service *service,
		   const Parlour__Number *number, Parlour__Number_Closure reply,
		   void *call_of)
{
	reply(number, call_of);
}

static const Parlour__Doubler_Service methods = {
	.base.descriptor = &parlour__doubler__descriptor,
	.twice = method,
};

#define CLASS(label)                                              \
	static const struct troupe_handler label##_handlers[] = { \
		{ &parlour__words__descriptor, label##_words },   \
		{ 0 },                                            \
	};                                                        \
	static const struct troupe_class label = {                \
		.name = #label,                                   \
		.service = &methods.base,                         \
		.handlers = label##_handlers,                     \
		.mailbox_limit = 4096,                            \
		.grace_ms = 1,                                    \
	}
CLASS(loops);
CLASS(pauses);
CLASS(blocked);
CLASS(awaits);
CLASS(noose);
CLASS(knot);
static const struct troupe_class receiver = { .name = "receives",
					      .run = receives };

int troupe_main(int argc, char **argv)
{
	static const struct troupe_class *const classes[] = {
		&receiver, &loops, &pauses, &blocked, &awaits, &knot, &noose,
	};
	enum { COUNT = sizeof(classes) / sizeof(classes[0]) };
	Parlour__Words words = PARLOUR__WORDS__INIT;
	struct troupe_message message;
	troupe_ref ref[COUNT];
	int r = 0;

	words.text = "go on";
	for (int i = 0; r == 0 && i < COUNT; i++) {
		r = troupe_spawn_child(classes[i]->name, classes[i], NULL,
				       &ref[i]);
		if (r == 0)
			r = troupe_register(classes[i]->name, ref[i]);
	}
	for (int i = 1; r == 0 && i < COUNT; i++)
		r = troupe_send(ref[i], &words.base);
	printf("ready\n");
	fflush(stdout);
	return r < 0 ? r : troupe_receive(NULL, 0, TROUPE_NEVER, &message);
}
