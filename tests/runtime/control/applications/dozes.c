/* SPDX-License-Identifier: MIT */
/* dozes.so: /dozer, of the class napper, says each message of type Words, and
 * falls asleep at once. */
#include <stdio.h>
#include <troupe.h>
#include <troupe_sleep.h>
#include <troupe_tree.h>
#include "parlour.pb-c.h"

static int words(const struct troupe_message *message)
{
	puts(((const Parlour__Words *)message->body)->text);
	return fflush(stdout);
}

static int save(const ProtobufCMessage **ret_state)
{
	*ret_state = NULL;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &parlour__words__descriptor, words },
	{ 0 },
};
static const struct troupe_class dozer = {
	.name = "napper", .handlers = handlers, .save = save, .idle_ms = 1
};

int troupe_main(int argc, char **argv)
{
	struct troupe_message message;
	int r = troupe_spawn_child("dozer", &dozer, NULL, NULL);

	puts("ready");
	fflush(stdout);
	return r < 0 ? r : troupe_receive(NULL, 0, TROUPE_NEVER, &message);
}
