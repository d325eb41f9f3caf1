/* SPDX-License-Identifier: MIT */
#include "runtime/cli/children.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/arguments.h"
#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/ref.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/troupe_state.h"
#include "serialize/json.h"
#include "serialize/printable.h"

struct counts {
	unsigned all, active, supervisors;
};

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		[TROUPE_CHILD_DOWN] = "ended",
		[TROUPE_CHILD_WAITING] = "waiting",
		[TROUPE_CHILD_STARTING] = "starting",
		[TROUPE_CHILD_UP] = "up",
		[TROUPE_CHILD_STOPPING] = "stopping",
		[TROUPE_CHILD_STOPPED] = "stopped",
		[TROUPE_CHILD_GIVEN_UP] = "given up",
		[TROUPE_CHILD_ASLEEP] = "dormant",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void print_child(const Troupe__Control__ChildList__Entry *child)
{
	char ref[TRP_REF_TEXT_SIZE] = "-";

	if (child->ref)
		trp_ref_print(child->ref, ref);
	printf("%7d %-8s %-8s %8u ", child->pid, ref, state_name(child->state),
	       child->restarts);
	trp_printable_write(stdout, child->id);
	if (child->name[0]) {
		fputs("  \"", stdout);
		trp_printable_write(stdout, child->name);
		putchar('"');
	}
	puts(child->supervises ? " (supervises)" : "");
}

static struct troupe_value *child_value(
	const Troupe__Control__ChildList__Entry *child)
{
	struct troupe_value *map = troupe_value_map();
	char ref[24];
	int r;

	snprintf(ref, sizeof(ref), "%" PRIu64, child->ref);
	r = trp_value_add_text(map, "id", child->id);
	r |= trp_value_add_text(map, "name", child->name);
	r |= trp_value_add_text(map, "ref", ref);
	r |= trp_value_add_int(map, "pid", child->pid);
	r |= trp_value_add_text(map, "state", state_name(child->state));
	r |= trp_value_add_int(map, "restarts", child->restarts);
	r |= trp_value_add(map, "supervises",
			   troupe_value_bool(child->supervises));
	if (r == 0)
		return map;
	troupe_value_free(map);
	return NULL;
}

static int print_list(struct troupe_value *list)
{
	char *text;

	if (trp_json_write(list, &text) < 0)
		return -ENOMEM;
	puts(text);
	free(text);
	return 0;
}

/* list: as JSON; NULL: as a table. */
static int take_all(struct trp_client *client, struct counts *counts,
		    struct troupe_value *list)
{
	const ProtobufCMessage *item;
	int r;

	while ((r = trp_client_next(
			client, &troupe__control__child_list__entry__descriptor,
			0, &item)) == 1) {
		const Troupe__Control__ChildList__Entry *child =
			(const Troupe__Control__ChildList__Entry *)item;

		counts->all++;
		counts->active += child->pid != 0;
		counts->supervisors += child->supervises;
		if (!list)
			print_child(child);
		else if (troupe_value_append(list, child_value(child)) < 0)
			return -ENOMEM;
	}
	return r;
}

static int list_children(struct trp_client *client, const char *whom,
			 bool is_json)
{
	Troupe__Guest__Children request = TROUPE__GUEST__CHILDREN__INIT;
	struct troupe_value *list = is_json ? troupe_value_list() : NULL;
	struct counts counts = { 0 };
	int r;

	request.whom = (char *)whom;
	r = trp_client_ask(client, &request.base);
	if (r == 0 && !is_json)
		printf("%7s %-8s %-8s %8s %s\n", "PID", "REF", "STATE",
		       "RESTARTS", "ID  \"NAME\"");
	if (r == 0)
		r = take_all(client, &counts, list);
	if (r == 0 && is_json)
		r = print_list(list);
	else if (r == 0)
		printf("children: %u, with a process: %u, supervising: %u\n",
		       counts.all, counts.active, counts.supervisors);
	troupe_value_free(list);
	return r;
}

int trp_cli_children(int argc, char **argv)
{
	static struct trp_client client;
	const char *node = NULL, *command = "children", *whom = "/";
	bool is_json = false;
	const struct trp_arguments_option options[] = {
		{ "--node", &node, NULL }, { "--json", NULL, &is_json }
	};
	int n = trp_arguments_words(command, argc, argv, options, 2), r;

	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n > 1)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "what is \"%s\"? one actor at a time",
					  argv[1]);
	if (n)
		whom = argv[0];
	r = trp_client_open_any(&client, node);
	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), command,
					  "%s", client.why);
	r = list_children(&client, whom, is_json);
	trp_client_close(&client);
	if (r == 0)
		return TRP_ARGUMENTS_OK;
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s: %s", whom,
				  client.why[0] ? client.why : strerror(-r));
}
