/* SPDX-License-Identifier: MIT */
/*
 * speaker.so: /speaker logs each message of type Words, by the level that its
 * first character says: "d", "i" or "w"; "crash" crashes it.  /other logs once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe.h>
#include <troupe_restart.h>
#include <troupe_tree.h>
#include "parlour.pb-c.h"

static int words(const struct troupe_message *message)
{
	const Parlour__Words *what = message->body;

	if (strcmp(what->text, "crash") == 0)
		abort();
	troupe_log(what->text[0] == 'd'	  ? TROUPE_DEBUG
		   : what->text[0] == 'i' ? TROUPE_INFO
					  : TROUPE_WARNING,
		   "%s", what->text);
	printf("took %s\n", what->text);
	return fflush(stdout);
}

static int other_init(const void *arguments)
{
	troupe_log(TROUPE_INFO, "the other");
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &parlour__words__descriptor, words },
	{ 0 },
};
static const struct troupe_class speaker = { .name = "speaker",
					     .handlers = handlers,
					     .restart = TROUPE_RESTART_ALWAYS };
static const struct troupe_class other = { .name = "other",
					   .init = other_init };

int troupe_main(int argc, char **argv)
{
	const struct troupe_spawn_options waiting = {
		.child = "other", .ready_by = troupe_in_ms(60000)
	};
	struct troupe_message message;
	int r = troupe_spawn_child("speaker", &speaker, NULL, NULL);

	if (r == 0)
		r = troupe_spawn_with(&waiting, &other, NULL, NULL);
	printf("ready\n");
	fflush(stdout);
	return r < 0 ? r : troupe_receive(NULL, 0, TROUPE_NEVER, &message);
}
