/* SPDX-License-Identifier: MIT */
/*
 * Several nodes: each prints the events of its mesh, and one of them keeps the
 * lamp.
 *
 *	troupe run --beacon local --node a mesh.so
 *	troupe run --beacon local --node b mesh.so
 *
 * The colour of its lamp is the value of each node.  To tell all of them:
 *
 *	troupe beacon say --node a "good night"
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_beacon.h>
#include "mesh.pb-c.h"

/* ---- the singleton ------------------------------------------------------ */

static int lamp_init(const void *arguments)
{
	const Mesh__Lamp *lamp = arguments;

	/* The resource it writes to must refuse a smaller fence. */
	printf("the %s lamp is lit, fence %" PRIx64 "\n", lamp->colour,
	       troupe_fence());
	return 0;
}

static void lamp_stop(void)
{
	puts("the lamp is out");
}

static const struct troupe_class lamp_class = {
	.name = "lamp",
	.init = lamp_init,
	.stop = lamp_stop,
};

/* ---- on each node ------------------------------------------------------- */

static void say(const struct troupe_mesh_event *event)
{
	switch (event->kind) {
	case TROUPE_MESH_CAME:
		printf("%s is here\n", event->node);
		break;
	case TROUPE_MESH_OTHER_IT:
		if (*event->value)
			printf("%s has the value %s\n", event->node,
			       event->value);
		break;
	case TROUPE_MESH_SAID:
		printf("%s says: %.*s\n", event->node, (int)event->said_size,
		       (const char *)event->said);
		break;
	case TROUPE_MESH_WENT:
		printf("%s has gone\n", event->node);
		break;
	case TROUPE_MESH_LEADING:
		printf("this node leads, term %" PRIu64 "\n", event->term);
		break;
	case TROUPE_MESH_FOLLOWING:
		printf("%s leads\n", *event->node ? event->node : "nobody");
		break;
	case TROUPE_MESH_HEALED:
		puts("a split is healed");
		break;
	default:
		break;
	}
}

int troupe_main(int argc, char **argv)
{
	Mesh__Lamp lamp = MESH__LAMP__INIT;
	struct troupe_value *value;
	struct troupe_mesh_event event;
	struct troupe_message message;
	int r;

	lamp.colour = argc > 1 ? argv[1] : "red";
	r = troupe_mesh_subscribe();
	if (r == -ENOTCONN)
		puts("this node is in no mesh; start it with --beacon local");
	if (r == 0)
		r = troupe_singleton("lamp", &lamp_class, &lamp.base);
	if (r == 0) {
		value = troupe_value_text(lamp.colour);
		r = troupe_beacon_set_value(value);
		troupe_value_free(value);
	}
	while (r >= 0) {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r >= 0 && troupe_mesh_event(&message, &event) == 0)
			say(&event);
	}
	return r;
}
