/* SPDX-License-Identifier: MIT */
#include "runtime/cli/beacon.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ipc/bus/bus.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/beacon_order.h"
#include "runtime/cli/query.h"
#include "runtime/mesh/app_value.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/pack.h"
#include "runtime/troupe_beacon.h"
#include "serialize/printable.h"
#include "serialize/value.h"

/* ---- as JSON ------------------------------------------------------------ */

static void put_bool(struct troupe_value *map, const char *key, bool flag)
{
	troupe_value_put(map, key, troupe_value_bool(flag));
}

/* Values of other nodes need not be text. */
static struct troupe_value *text_of(ProtobufCBinaryData bytes)
{
	char text[TRP_WIRE_VALUE_MAX + 1];

	snprintf(text, sizeof(text), "%.*s", (int)bytes.len,
		 (const char *)bytes.data);
	return troupe_value_text(text);
}

static int print_json(struct troupe_value *value)
{
	char *json;
	int r = troupe_value_to_json(value, &json);

	troupe_value_free(value);
	if (r < 0)
		return r;
	puts(json);
	fflush(stdout);
	free(json);
	return 0;
}

static struct troupe_value *offers_of(const Troupe__Mesh__Node *node)
{
	struct troupe_value *map = troupe_value_map();

	for (size_t i = 0; i < node->n_offer; i++)
		trp_value_add_text(map, node->offer[i]->name,
				   node->offer[i]->where);
	return map;
}

static struct troupe_value *json_of_node(const Troupe__Mesh__Node *node)
{
	struct troupe_value *map = troupe_value_map();

	troupe_value_put(map, "name", text_of(node->name));
	put_bool(map, "self", node->is_self);
	put_bool(map, "live", node->is_live);
	put_bool(map, "it", node->is_it);
	put_bool(map, "leader", node->is_leader);
	trp_value_add_int(map, "silent_ms", (uint64_t)node->silent_ms);
	trp_value_add_int(map, "incarnation", node->incarnation);
	troupe_value_put(map, "load", troupe_value_double(node->load / 100.0));
	trp_value_add_int(map, "actors", node->actors);
	troupe_value_put(map, "offers", offers_of(node));
	troupe_value_put(map, "value", text_of(node->value));
	if (node->said)
		troupe_value_put(map, "said",
				 trp_mesh_app_value_make(node->said));
	return map;
}

static struct troupe_value *json_of_counts(const Troupe__Mesh__Counts *counts)
{
	static const char *const type[] = { "init", "vers", "ping", "hist" };
	struct troupe_value *map = troupe_value_map();
	struct troupe_value *sent = troupe_value_map();
	struct troupe_value *received = troupe_value_map();

	for (size_t i = 0; i < TRP_WIRE_TYPES; i++) {
		trp_value_add_int(sent, type[i],
				  i < counts->n_sent ? counts->sent[i] : 0);
		trp_value_add_int(received, type[i],
				  i < counts->n_received ? counts->received[i]
							 : 0);
	}
	troupe_value_put(map, "sent", sent);
	troupe_value_put(map, "received", received);
	trp_value_add_int(map, "malformed", counts->malformed);
	trp_value_add_int(map, "stale", counts->stale);
	trp_value_add_int(map, "collisions", counts->collisions);
	trp_value_add_int(map, "tags", counts->tags);
	trp_value_add_int(map, "lost", counts->unsaid + counts->lost);
	return map;
}

static struct troupe_value *json_of_config(const Troupe__Mesh__Config *config)
{
	struct troupe_value *map = troupe_value_map();

	trp_value_add_int(map, "version", (uint64_t)config->version);
	troupe_value_put(map, "cycle", troupe_value_double(config->cycle_s));
	troupe_value_put(map, "gap", troupe_value_double(config->gap_s));
	trp_value_add_int(map, "listed", (uint64_t)config->nodes);
	trp_value_add_int(map, "splits", (uint64_t)config->splits);
	trp_value_add_int(map, "hosts", (uint64_t)config->n_hosts);
	put_bool(map, "force_in", config->force_in);
	return map;
}

static struct troupe_value *json_of_view(const Troupe__Mesh__View *view)
{
	struct troupe_value *map = troupe_value_map();
	struct troupe_value *listed = troupe_value_list();
	struct troupe_value *singletons = troupe_value_list();

	for (size_t i = 0; i < view->n_listed; i++)
		troupe_value_append(listed, text_of(view->listed[i]));
	for (size_t i = 0; i < view->n_singleton; i++)
		troupe_value_append(singletons,
				    troupe_value_text(view->singleton[i]));
	trp_value_add_text(map, "mesh", view->mesh);
	trp_value_add_text(map, "node", view->node);
	trp_value_add_text(map, "bus", view->bus);
	put_bool(map, "up", view->is_up);
	put_bool(map, "enabled", view->is_enabled);
	put_bool(map, "ready", view->is_ready);
	put_bool(map, "plain", view->is_plain);
	troupe_value_put(map, "it", text_of(view->it));
	troupe_value_put(map, "leader", text_of(view->leader));
	trp_value_add_int(map, "term", view->term);
	trp_value_add_int(map, "fence", view->fence);
	troupe_value_put(map, "listed", listed);
	troupe_value_put(map, "singletons", singletons);
	if (view->config)
		troupe_value_put(map, "config", json_of_config(view->config));
	if (view->counts)
		troupe_value_put(map, "packets", json_of_counts(view->counts));
	return map;
}

/* ---- for people --------------------------------------------------------- */

/* Names are untrusted: they must not control the terminal. */
static void print_bytes(ProtobufCBinaryData bytes)
{
	char text[TRP_WIRE_VALUE_MAX + 1];

	snprintf(text, sizeof(text), "%.*s", (int)bytes.len,
		 (const char *)bytes.data);
	trp_printable_write(stdout, text);
}

static uint64_t sum(const uint64_t *numbers, size_t count)
{
	uint64_t total = 0;

	while (count--)
		total += *numbers++;
	return total;
}

static void print_named(const char *what, ProtobufCBinaryData name)
{
	printf("%-11s", what);
	if (name.len)
		print_bytes(name);
	else
		putchar('-');
	putchar('\n');
}

static void print_view(const Troupe__Mesh__View *view)
{
	const Troupe__Mesh__Counts *counts = view->counts;
	const Troupe__Mesh__Config *config = view->config;

	printf("mesh       %s, node %s\n", view->mesh, view->node);
	printf("bus        %s, %s%s%s\n", view->bus,
	       view->is_up ? "up" : "down", view->error ? ": " : "",
	       view->error ? trp_bus_reason(view->error) : "");
	if (!view->is_enabled || !view->is_ready)
		printf("this node  %s%s\n", view->is_enabled ? "" : "disabled ",
		       view->is_ready ? "" : "not ready");
	print_named("it", view->it);
	print_named("leader", view->leader);
	printf("term       %" PRIu64 "%s\n", view->term,
	       view->fence ? ", held by this node" : "");
	printf("list      ");
	for (size_t i = 0; i < view->n_listed; i++) {
		putchar(' ');
		print_bytes(view->listed[i]);
	}
	putchar('\n');
	if (config)
		printf("settings   version %" PRId64
		       ", cycle %g s, gap %g s, %" PRId64 " listed\n",
		       config->version, config->cycle_s, config->gap_s,
		       config->nodes);
	if (counts)
		printf("packets    %" PRIu64 " out, %" PRIu64 " in, %" PRIu64
		       " malformed, %" PRIu64 " lost, %" PRIu64 " collisions\n",
		       sum(counts->sent, counts->n_sent),
		       sum(counts->received, counts->n_received),
		       counts->malformed, counts->unsaid + counts->lost,
		       counts->collisions);
}

/* Anybody in the net may have said it. */
static void print_offer(const Troupe__Mesh__Offer *offer)
{
	putchar(' ');
	trp_printable_write(stdout, offer->name);
	if (*offer->where)
		putchar('=');
	trp_printable_write(stdout, offer->where);
}

static void print_said(const Troupe__Mesh__Scalar *said)
{
	struct troupe_value *value = trp_mesh_app_value_make(said);
	char *json;

	if (troupe_value_to_json(value, &json) == 0) {
		printf(" value %s", json);
		free(json);
	}
	troupe_value_free(value);
}

static void print_node(const Troupe__Mesh__Node *node)
{
	printf("%-4s %-4s %-6s %8.1f %6.2f %7u  ", node->is_live ? "live" : "-",
	       node->is_it ? "it" : "-", node->is_leader ? "leader" : "-",
	       (double)node->silent_ms / 1000, node->load / 100.0,
	       node->actors);
	print_bytes(node->name);
	for (size_t i = 0; i < node->n_offer; i++)
		print_offer(node->offer[i]);
	if (node->said)
		print_said(node->said);
	putchar('\n');
}

/* ---- requests ----------------------------------------------------------- */

static int show(struct trp_client *client, bool is_json)
{
	Troupe__Mesh__Status request = TROUPE__MESH__STATUS__INIT;
	struct troupe_value *map = NULL, *list = NULL;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_ask(client, &request.base);

	if (r == 0)
		r = trp_client_next(client, &troupe__mesh__view__descriptor, 0,
				    &item);
	if (r <= 0 || !item)
		return r < 0 ? r : -EPROTO;
	if (is_json) {
		map = json_of_view((const Troupe__Mesh__View *)item);
		list = troupe_value_list();
	} else {
		print_view((const Troupe__Mesh__View *)item);
		printf("\n                 silent s   load  actors  node and "
		       "offers\n");
	}
	while ((r = trp_client_next(client, &troupe__mesh__node__descriptor, 0,
				    &item)) > 0) {
		const Troupe__Mesh__Node *node =
			(const Troupe__Mesh__Node *)item;

		if (is_json)
			troupe_value_append(list, json_of_node(node));
		else
			print_node(node);
	}
	if (!is_json)
		return r;
	troupe_value_put(map, "nodes", list);
	if (r == 0)
		return print_json(map);
	troupe_value_free(map);
	return r;
}

static const char *kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[TROUPE_MESH_IT] = "it",
		[TROUPE_MESH_NOT_IT] = "not-it",
		[TROUPE_MESH_OTHER_IT] = "other-it",
		[TROUPE_MESH_CAME] = "came",
		[TROUPE_MESH_WENT] = "went",
		[TROUPE_MESH_HEALED] = "healed",
		[TROUPE_MESH_LEADING] = "leading",
		[TROUPE_MESH_FOLLOWING] = "following",
		[TROUPE_MESH_UP] = "up",
		[TROUPE_MESH_DOWN] = "down",
		[TROUPE_MESH_LOST] = "lost",
		[TROUPE_MESH_SETUP] = "setup",
		[TROUPE_MESH_DEAF] = "deaf",
		[TROUPE_MESH_GOOD_NODES] = "good-nodes",
		[TROUPE_MESH_SAID] = "said",
		[TROUPE_MESH_NODE_UP] = "node-up",
		[TROUPE_MESH_NODE_DOWN] = "node-down",
	};

	return kind && kind < sizeof(names) / sizeof(*names) ? names[kind]
							     : "?";
}

static struct troupe_value *list_of(char *const *names, size_t count)
{
	struct troupe_value *list = troupe_value_list();

	for (size_t i = 0; i < count; i++)
		troupe_value_append(list,
				    text_of(trp_mesh_pack_text(names[i])));
	return list;
}

/* As in the log, with the day: what is past may be of another one. */
static void time_of(const Troupe__BeaconEvent *event, char *space, size_t size)
{
	time_t second = (time_t)(event->at_ms / 1000);
	struct tm day;
	size_t length;

	localtime_r(&second, &day);
	length = strftime(space, size, "%Y-%m-%d %H:%M:%S", &day);
	snprintf(space + length, size - length, ".%03d",
		 (int)(event->at_ms % 1000));
}

static struct troupe_value *json_of_event(const Troupe__BeaconEvent *event)
{
	struct troupe_value *map = troupe_value_map();
	struct troupe_value *value;
	char when[64];

	trp_value_add_text(map, "event", kind_name(event->kind));
	troupe_value_put(map, "node", text_of(trp_mesh_pack_text(event->node)));
	trp_value_add_int(map, "term", event->term);
	trp_value_add_int(map, "fence", event->fence);
	trp_value_add_int(map, "error", (uint64_t)(int64_t)event->error);
	if (event->kind == TROUPE_MESH_SETUP)
		trp_value_add_int(map, "version", (uint64_t)event->version);
	if (event->kind == TROUPE_MESH_HEALED) {
		trp_value_add_int(map, "prio", event->prio);
		put_bool(map, "replaced", event->is_replaced);
		troupe_value_put(map, "local",
				 list_of(event->local, event->n_local));
		troupe_value_put(map, "remote",
				 list_of(event->remote, event->n_remote));
	}
	time_of(event, when, sizeof(when));
	trp_value_add_text(map, "time", when);
	trp_value_add_int(map, "at_ms", (uint64_t)event->at_ms);
	put_bool(map, "past", event->is_past);
	troupe_value_put(map, "listed",
			 list_of(event->listed, event->n_listed));
	if (*event->value &&
	    troupe_value_from_json(event->value, &value, NULL) == 0)
		troupe_value_put(map, "value", value);
	if (event->kind == TROUPE_MESH_SAID)
		troupe_value_put(map, "said", text_of(event->said));
	if (event->kind == TROUPE_MESH_GOOD_NODES)
		troupe_value_put(map, "remote",
				 list_of(event->remote, event->n_remote));
	return map;
}

static void print_names(const char *what, char *const *names, size_t count)
{
	printf(" %s", what);
	for (size_t i = 0; i < count; i++) {
		putchar(i ? ',' : ' ');
		print_bytes(trp_mesh_pack_text(names[i]));
	}
}

static int print_event(const Troupe__BeaconEvent *event, bool is_json)
{
	char when[64];

	if (is_json)
		return print_json(json_of_event(event));
	time_of(event, when, sizeof(when));
	printf("%s %-10s ", when, kind_name(event->kind));
	print_bytes(trp_mesh_pack_text(event->node));
	if (event->term)
		printf(" term %" PRIu64, event->term);
	if (event->kind == TROUPE_MESH_SETUP)
		printf(" version %" PRId64, event->version);
	if (event->kind == TROUPE_MESH_HEALED) {
		print_names("ours", event->local, event->n_local);
		print_names("theirs", event->remote, event->n_remote);
	}
	if (event->kind == TROUPE_MESH_GOOD_NODES)
		print_names("with", event->remote, event->n_remote);
	if (*event->value && event->kind != TROUPE_MESH_SAID)
		printf(" value %s", event->value);
	if (event->kind == TROUPE_MESH_SAID) {
		putchar(' ');
		print_bytes(event->said);
	}
	if (event->error)
		printf(" %s", trp_bus_reason(event->error));
	putchar('\n');
	fflush(stdout);
	return 0;
}

static uint32_t past; /* events to begin with */

static int watch(struct trp_client *client, bool is_json)
{
	Troupe__Mesh__Watch request = TROUPE__MESH__WATCH__INIT;
	const ProtobufCMessage *item;
	int r;

	request.past = past;
	trp_client_patience(client, -1);
	r = trp_client_ask(client, &request.base);
	while (r >= 0 && !ferror(stdout)) { /* which main() tells */
		r = trp_client_next(client, &troupe__beacon_event__descriptor,
				    0, &item);
		if (r <= 0)
			break;
		r = print_event((const Troupe__BeaconEvent *)item, is_json);
	}
	return r == -ESHUTDOWN ? 0 : r; /* the node has ended in order */
}

/* Takes "--past N" out of the words behind "watch". */
static int take_past(int *argc, char **argv)
{
	char *end;
	long count;

	for (int i = 1; i + 1 < *argc; i++) {
		if (strcmp(argv[i], "--past") != 0)
			continue;
		count = strtol(argv[i + 1], &end, 10);
		if (end == argv[i + 1] || *end || count < 0 ||
		    count > TROUPE_BEACON_PAST_MOST)
			return trp_arguments_fail(
				TRP_ARGUMENTS_USAGE, "beacon",
				"--past takes 0 to %d, not \"%s\"",
				TROUPE_BEACON_PAST_MOST, argv[i + 1]);
		past = (uint32_t)count;
		*argc -= 2;
		memmove(argv + i, argv + i + 2,
			(size_t)(*argc - i) * sizeof(*argv));
		break;
	}
	return 0;
}

int trp_cli_beacon(int argc, char **argv)
{
	bool is_watch = argc > 0 && strcmp(argv[0], "watch") == 0;
	int r = is_watch ? take_past(&argc, argv) : 0;
	const struct trp_query query = {
		.command = "beacon",
		.usage = "beacon [watch [--past N] | ORDER] [--node NAME] "
			 "[--json]",
		.has_json = true,
		.run = is_watch ? watch : show,
	};

	if (r != 0)
		return r;
	if (trp_cli_beacon_order_is(argc, argv))
		return trp_cli_beacon_order(argc, argv);
	return trp_query_run(&query, argc - is_watch, argv + is_watch);
}
