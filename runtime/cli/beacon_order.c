/* SPDX-License-Identifier: MIT */
#include "runtime/cli/beacon_order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/arguments.h"
#include "runtime/control/client.h"
#include "runtime/mesh/app_value.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/steer.h"
#include "runtime/troupe_beacon.h"

static const char command[] = "beacon";

/* The settings as options; NULL: as they are. */
static struct {
	const char *cycle, *gap, *listed, *splits, *hosts, *version;
	bool force_in, no_force_in;
} wanted;

static int wrong(const char *what, const char *text)
{
	return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
				  "%s is not \"%s\"", what, text);
}

/* ---- asking ------------------------------------------------------------- */

static const char *reason_of(const struct trp_client *client, int r)
{
	switch (r) {
	case -EAGAIN:
		return "the bus lags behind";
	case -EHOSTDOWN:
		return "the node is disabled, or has not joined yet";
	case -EINVAL:
		return "these settings are impossible, or the value is none "
		       "that nodes can compare";
	case -EMSGSIZE:
		return "it is too long for this bus";
	case -ESTALE:
		return "the version is not above the one in force";
	default:
		return client->why[0] ? client->why : strerror(-r);
	}
}

static int fail(const struct trp_client *client, int r)
{
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s",
				  reason_of(client, r));
}

static int steer(struct trp_client *client, const Troupe__Mesh__Steer *order)
{
	const ProtobufCMessage *item;
	int r = trp_client_ask(client, &order->base);

	if (r == 0)
		r = trp_client_next(client, &troupe__mesh__view__descriptor, 0,
				    &item);
	return r < 0 ? fail(client, r) : TRP_ARGUMENTS_OK;
}

/* Borrowed until the next call of the client. */
static int look(struct trp_client *client, const Troupe__Mesh__View **ret_view)
{
	Troupe__Mesh__Status request = TROUPE__MESH__STATUS__INIT;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_ask(client, &request.base);

	if (r == 0)
		r = trp_client_next(client, &troupe__mesh__view__descriptor, 0,
				    &item);
	*ret_view = (const Troupe__Mesh__View *)item;
	return r < 0 ? r : item ? 0 : -EPROTO;
}

/* ---- orders ------------------------------------------------------------- */

static int print_value(struct trp_client *client)
{
	const Troupe__Mesh__View *view;
	struct troupe_value *value;
	char *json = NULL;
	int r = look(client, &view);

	if (r < 0)
		return fail(client, r);
	value = view->said ? trp_mesh_app_value_make(view->said)
			   : troupe_value_null();
	r = troupe_value_to_json(value, &json);
	troupe_value_free(value);
	if (r < 0)
		return fail(client, r);
	puts(json);
	free(json);
	return TRP_ARGUMENTS_OK;
}

static int value(struct trp_client *client, const char *word)
{
	Troupe__Mesh__Steer order = TROUPE__MESH__STEER__INIT;
	Troupe__Mesh__Scalar scalar;
	struct troupe_value *parsed;
	struct troupe_mistake mistake;
	int r;

	if (!word)
		return print_value(client);
	r = troupe_value_from_json(word, &parsed, &mistake);
	if (r < 0)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "the value is no JSON: %s",
					  mistake.text);
	r = trp_mesh_app_value_of(parsed, &scalar);
	order.order = TRP_MESH_SET_VALUE;
	order.value = &scalar;
	r = r < 0 ? fail(client, r) : steer(client, &order);
	troupe_value_free(parsed);
	return r;
}

static int ready(struct trp_client *client, const char *word)
{
	Troupe__Mesh__Steer order = TROUPE__MESH__STEER__INIT;
	bool is_ready = !word || strcmp(word, "yes") == 0;

	if (!is_ready && strcmp(word, "no") != 0)
		return wrong("yes or no", word);
	order.order = is_ready ? TRP_MESH_SET_READY : TRP_MESH_SET_UNREADY;
	return steer(client, &order);
}

static int enable(struct trp_client *client, const char *word)
{
	Troupe__Mesh__Steer order = TROUPE__MESH__STEER__INIT;

	order.order = TRP_MESH_ENABLE;
	return word ? wrong("an option", word) : steer(client, &order);
}

static int disable(struct trp_client *client, const char *word)
{
	Troupe__Mesh__Steer order = TROUPE__MESH__STEER__INIT;

	order.order = TRP_MESH_DISABLE;
	return word ? wrong("an option", word) : steer(client, &order);
}

static int say(struct trp_client *client, const char *word)
{
	Troupe__Mesh__Steer order = TROUPE__MESH__STEER__INIT;

	if (!word)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "say needs a text");
	order.order = TRP_MESH_SAY;
	order.said.data = (uint8_t *)word;
	order.said.len = strlen(word);
	return steer(client, &order);
}

/* Each returns false if the text is not of its kind. */
static bool take_seconds(const char *text, double *seconds)
{
	char *end = NULL;

	if (text)
		*seconds = strtod(text, &end);
	return !text || (end != text && !*end);
}

static bool take_count(const char *text, int64_t *count)
{
	char *end = NULL;

	errno = 0;
	if (text)
		*count = strtoll(text, &end, 10);
	return !text || (end != text && !*end && !errno);
}

/* The rest of a view would be taken for the answer to an order. */
static int drain(struct trp_client *client)
{
	const ProtobufCMessage *item;
	int r;

	do {
		r = trp_client_next(client, &troupe__mesh__node__descriptor, 0,
				    &item);
	} while (r > 0);
	return r;
}

static int configure(struct trp_client *client, const char *word)
{
	Troupe__Mesh__Steer order = TROUPE__MESH__STEER__INIT;
	const Troupe__Mesh__View *view;
	Troupe__Mesh__Config config;
	int r;

	if (word)
		return wrong("an option", word);
	r = look(client, &view);
	if (r < 0 || !view->config)
		return fail(client, r < 0 ? r : -EPROTO);
	config = *view->config;
	config.version = 0;
	if (!take_seconds(wanted.cycle, &config.cycle_s) ||
	    !take_seconds(wanted.gap, &config.gap_s) ||
	    !take_count(wanted.listed, &config.nodes) ||
	    !take_count(wanted.splits, &config.splits) ||
	    !take_count(wanted.hosts, &config.n_hosts) ||
	    !take_count(wanted.version, &config.version))
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "the settings take numbers; see "
					  "troupe(1)");
	if (wanted.force_in || wanted.no_force_in)
		config.force_in = !wanted.no_force_in;
	r = drain(client);
	if (r < 0)
		return fail(client, r);
	order.order = TRP_MESH_CONFIGURE;
	order.config = &config;
	return steer(client, &order);
}

static const struct order {
	const char *name;
	int (*run)(struct trp_client *client, const char *word);
} orders[] = {
	{ "value", value },	{ "ready", ready }, { "enable", enable },
	{ "disable", disable }, { "say", say },	    { "configure", configure },
};

static const struct order *find(int argc, char **argv)
{
	for (size_t i = 0; argc > 0 && i < sizeof(orders) / sizeof(orders[0]);
	     i++)
		if (strcmp(argv[0], orders[i].name) == 0)
			return &orders[i];
	return NULL;
}

bool trp_cli_beacon_order_is(int argc, char **argv)
{
	return find(argc, argv);
}

int trp_cli_beacon_order(int argc, char **argv)
{
	static struct trp_client client;
	const char *node = NULL;
	const struct trp_arguments_option options[] = {
		{ "--node", &node, NULL },
		{ "--cycle", &wanted.cycle, NULL },
		{ "--gap", &wanted.gap, NULL },
		{ "--listed", &wanted.listed, NULL },
		{ "--splits", &wanted.splits, NULL },
		{ "--hosts", &wanted.hosts, NULL },
		{ "--force-in", NULL, &wanted.force_in },
		{ "--no-force-in", NULL, &wanted.no_force_in },
		{ "--beacon-version", &wanted.version, NULL },
	};
	const struct order *order = find(argc, argv);
	size_t count = order->run == configure
			       ? sizeof(options) / sizeof(options[0])
			       : 1;
	const char *word = NULL;
	int r;

	/* The word may stand in front of the options, or behind them. */
	for (argc--, argv++; argc > 0; argc -= r, argv += r) {
		r = trp_arguments_options(command, argc, argv, options, count);
		if (r < 0)
			return TRP_ARGUMENTS_USAGE;
		if (r == argc)
			break;
		if (word)
			return wrong("one word", argv[r]);
		word = argv[r++];
	}
	r = trp_client_open_any(&client, node);
	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), command,
					  "%s", client.why);
	r = order->run(&client, word);
	trp_client_close(&client);
	return r;
}
