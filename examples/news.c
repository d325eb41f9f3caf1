/* SPDX-License-Identifier: MIT */
/*
 * news: publish and subscribe.  Readers join a group, and leave it by ending
 * when they have read as much as they want.
 */
#include <stdio.h>
#include <troupe.h>
#include <troupe_group.h>
#include "news.pb-c.h"

/* ---- a reader ------------------------------------------------------------ */

static const News__Reader *me;
static uint32_t items;

static int join(const void *arguments)
{
	News__Joined joined = NEWS__JOINED__INIT;
	int r = troupe_group_join("news", troupe_self());

	me = arguments;
	return r < 0 ? r : troupe_send(troupe_parent(), &joined.base);
}

static int read_item(const struct troupe_message *message)
{
	printf("%s reads: %s\n", me->name,
	       ((const News__Item *)message->body)->text);
	return ++items == me->patience ? TROUPE_STOP : 0;
}

static const struct troupe_handler reader_handlers[] = {
	{ &news__item__descriptor, read_item },
	{},
};

static const struct troupe_class reader = {
	.name = "reader",
	.init = join,
	.handlers = reader_handlers,
};

/* ---- the root ------------------------------------------------------------ */

static int hire(char *name, uint32_t patience, troupe_ref *ret_ref)
{
	const struct troupe_pattern joined = {
		.type = &news__joined__descriptor
	};
	News__Reader arguments = NEWS__READER__INIT;
	struct troupe_message message;
	int r;

	arguments.name = name;
	arguments.patience = patience;
	r = troupe_spawn(&reader, &arguments.base, ret_ref);
	return r < 0 ? r : troupe_receive(&joined, 1, TROUPE_NEVER, &message);
}

static int publish(char *text)
{
	News__Item item = NEWS__ITEM__INIT;
	int reached;

	item.text = text;
	reached = troupe_publish("news", &item.base);
	if (reached >= 0)
		printf("%s: %d readers\n", text, reached);
	return reached;
}

int troupe_main(int argc, char **argv)
{
	troupe_ref ann, bob;
	int r;

	setlinebuf(stdout);
	r = publish("nobody is here");
	if (r >= 0)
		r = hire("ann", 1, &ann);
	if (r >= 0)
		r = hire("bob", 2, &bob);
	if (r >= 0)
		r = publish("rain is expected");
	if (r >= 0)
		r = troupe_wait(ann, TROUPE_NEVER, NULL);
	if (r >= 0)
		r = publish("it rains");
	return r >= 0 ? troupe_wait(bob, TROUPE_NEVER, NULL) : r;
}
