/* SPDX-License-Identifier: MIT */
/*
 * desk.so: /desk supervises /desk/clerk, which says each message of type Words
 * and crashes of one whose text is "crash"; /other has no supervisor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe.h>
#include <troupe_restart.h>
#include <troupe_supervise.h>
#include <troupe_tree.h>
#include "parlour.pb-c.h"

static int clerk_words(const struct troupe_message *message)
{
	const Parlour__Words *words = message->body;

	if (strcmp(words->text, "crash") == 0)
		abort();
	printf("%u: %s\n", troupe_incarnation(), words->text);
	return fflush(stdout);
}

static const struct troupe_handler clerk_handlers[] = {
	{ &parlour__words__descriptor, clerk_words },
	{ 0 },
};
static const struct troupe_class clerk = { .name = "clerk",
					   .handlers = clerk_handlers };
static const struct troupe_child_spec children[] = {
	{ .id = "clerk", .klass = &clerk, .name = "clerk" },
	{ 0 },
};
static const struct troupe_supervisor rules = {
	.children = children,
	.intensity = 2,
	.first_ms = 1,
	.last_ms = 1,
};
static const struct troupe_class desk = { .name = "desk",
					  .supervises = &rules };
static const struct troupe_class other = { .name = "other" };

int troupe_main(int argc, char **argv)
{
	struct troupe_message message;
	troupe_ref ref;
	int r = troupe_spawn_child("desk", &desk, NULL, NULL);

	if (r == 0)
		r = troupe_spawn_child("other", &other, NULL, NULL);
	while (r == 0 && troupe_whereis("clerk", &ref) < 0)
		troupe_receive(NULL, 0, troupe_in_ms(5), &message);
	printf("ready\n");
	fflush(stdout);
	return r < 0 ? r : troupe_receive(NULL, 0, TROUPE_NEVER, &message);
}
