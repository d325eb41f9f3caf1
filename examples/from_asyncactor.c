/* SPDX-License-Identifier: MIT */
/* asyncactor, line by line: see troupe-coming-from(7). */
#include <stdio.h>
#include <string.h>
#include <troupe.h>
#include <troupe_mesh.h>

static int print_nodes(void)
{
	struct troupe_mesh_view *view;
	int r = troupe_mesh_look(&view);

	if (r < 0)
		return r;
	for (size_t i = 0; i < view->count; i++)
		printf("%s of %s%s\n", view->node[i].name, view->mesh,
		       view->node[i].is_self ? ", this node" : "");
	troupe_mesh_view_free(view);
	return 0;
}

/* Until this node has been it. */
static int one_turn(void)
{
	struct troupe_message message;
	struct troupe_mesh_event event;
	int r;

	for (;;) {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r < 0)
			return r;
		if (troupe_mesh_event(&message, &event) < 0)
			continue;
		switch (event.kind) {
		case TROUPE_MESH_IT:
			puts("it");
			break;
		case TROUPE_MESH_NOT_IT:
			puts("not it");
			return 0;
		case TROUPE_MESH_OTHER_IT:
			printf("%s is it\n", event.node);
			break;
		case TROUPE_MESH_HEALED:
			printf("healed, place %u\n", event.prio);
			break;
		case TROUPE_MESH_SETUP:
			printf("settings %lld\n", (long long)event.version);
			break;
		default:
			break;
		}
	}
}

int troupe_main(int argc, char **argv)
{
	int r = troupe_mesh_subscribe();

	if (r == 0)
		r = troupe_register("clock", troupe_self());
	if (r == 0)
		r = troupe_mesh_offer("clock", "127.0.0.1:37");
	if (r == 0)
		r = one_turn();
	if (r == 0)
		r = print_nodes();
	return r < 0 ? r : troupe_mesh_withdraw("clock");
}
