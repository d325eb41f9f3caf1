/* SPDX-License-Identifier: MIT */
/* asyncactor, line by line: see troupe-coming-from(7). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <troupe.h>
#include <troupe_beacon.h>
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

/* Until an event of that kind. */
static int events_until(enum troupe_mesh_kind last)
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
			printf("not it%s%s\n", *event.node ? ", but " : "",
			       event.node);
			break;
		case TROUPE_MESH_OTHER_IT:
			printf("%s is it, of %zu: %s\n", event.node,
			       event.listed_count, event.value);
			break;
		case TROUPE_MESH_HEALED:
			printf("healed, place %u of %zu\n", event.prio,
			       event.local_count);
			break;
		case TROUPE_MESH_SETUP:
			printf("settings %lld\n", (long long)event.version);
			break;
		case TROUPE_MESH_GOOD_NODES:
			printf("%s has a value\n", event.node);
			break;
		case TROUPE_MESH_SAID:
			printf("%s says %.*s\n", event.node,
			       (int)event.said_size, (const char *)event.said);
			break;
		case TROUPE_MESH_LOST:
			return event.error;
		case TROUPE_MESH_DEAF:
			return -ETIMEDOUT;
		default:
			break;
		}
		if (event.kind == last)
			return 0;
	}
}

static int set_value(void)
{
	struct troupe_value *value = troupe_value_text("127.0.0.1:37");
	int r = value ? troupe_beacon_set_value(value) : -ENOMEM;

	troupe_value_free(value);
	return r < 0 ? r : troupe_beacon_set_ready(true);
}

/* node NULL: this one. */
static int print_value(const char *node)
{
	struct troupe_value *value;
	int r = troupe_beacon_value(node, &value);

	if (r < 0)
		return r;
	printf("value %s\n", troupe_value_to_text(value, ""));
	troupe_value_free(value);
	return 0;
}

static int update_config(void)
{
	struct troupe_beacon_config config;
	int r = troupe_beacon_config(&config);

	config.version = 0; /* the next */
	config.hosts = 1;
	if (r == 0)
		printf("cycle %g\n", config.cycle_s);
	return r < 0 ? r : troupe_beacon_configure(&config);
}

static int pause_it(void)
{
	int r = troupe_beacon_disable();

	return r < 0 ? r : troupe_beacon_enable();
}

int troupe_main(int argc, char **argv)
{
	int r = troupe_beacon_subscribe(10);

	if (r == -ENOTCONN)
		puts("this node is in no mesh; start it with --beacon local");
	if (r == 0)
		r = troupe_register("clock", troupe_self());
	if (r == 0)
		r = troupe_mesh_offer("clock", "127.0.0.1:37");
	if (r == 0)
		r = set_value();
	if (r == 0)
		r = events_until(TROUPE_MESH_NOT_IT);
	if (r == 0)
		r = print_nodes();
	if (r == 0)
		r = print_value(NULL);
	if (r == 0)
		r = update_config();
	if (r == 0)
		r = troupe_beacon_say("hello", strlen("hello"));
	if (r == 0)
		r = events_until(TROUPE_MESH_SAID);
	if (r == 0)
		r = pause_it();
	return r < 0 ? r : troupe_mesh_withdraw("clock");
}
