/* SPDX-License-Identifier: MIT */
#include "runtime/cli/nodes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/cli/query.h"
#include "runtime/mail/presence.pb-c.h"
#include "runtime/mesh/nodes.pb-c.h"
#include "runtime/troupe_value.h"
#include "serialize/json.h"
#include "serialize/printable.h"

/* Others are heard in milliseconds; after that silence all were. */
enum { SILENCE_MS = 1000 };

struct listing {
	struct troupe_value *list; /* NULL: as a table */
	int failed;
};

/* ---- one node ------------------------------------------------------------ */

static void print_time(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	char text[24] = "-";

	if (ms && localtime_r(&seconds, &parts))
		strftime(text, sizeof(text), "%F %T", &parts);
	printf("  %-19s", text);
}

static void print(const Troupe__Nodes__Run *run,
		  const Troupe__Presence__Words *words)
{
	printf("%c%-20s %8u", run->is_self ? '*' : ' ', run->node, run->run);
	print_time(words->since_ms);
	fputs("  ", stdout);
	trp_printable_write(stdout, words->application);
	if (words->build)
		printf("  %016" PRIx64, words->build);
	putchar('\n');
}

static struct troupe_value *value_of(const Troupe__Nodes__Run *run,
				     const Troupe__Presence__Words *words)
{
	struct troupe_value *map = troupe_value_map();
	char build[24];
	int r;

	snprintf(build, sizeof(build), "%016" PRIx64, words->build);
	r = trp_value_add_text(map, "node", run->node);
	r |= trp_value_add_int(map, "run", run->run);
	r |= trp_value_add(map, "is_self", troupe_value_bool(run->is_self));
	r |= trp_value_add_text(map, "version", words->version);
	r |= trp_value_add_text(map, "application", words->application);
	r |= trp_value_add_text(map, "build", build);
	r |= trp_value_add_int(map, "since_ms", (int64_t)words->since_ms);
	if (r == 0)
		return map;
	troupe_value_free(map);
	return NULL;
}

/* Its words come from another node. */
static void see(struct listing *listing, const Troupe__Nodes__Run *run)
{
	static const Troupe__Presence__Words none =
		TROUPE__PRESENCE__WORDS__INIT;
	Troupe__Presence__Words *words;

	if (run->is_gone)
		return;
	words = troupe__presence__words__unpack(NULL, run->words.len,
						run->words.data);
	if (!listing->list)
		print(run, words ? words : &none);
	else if (troupe_value_append(listing->list,
				     value_of(run, words ? words : &none)) < 0)
		listing->failed = -ENOMEM;
	troupe__presence__words__free_unpacked(words, NULL);
}

/* ---- all of them --------------------------------------------------------- */

static int hear(struct trp_client *client, struct listing *listing)
{
	Troupe__Nodes__List request = TROUPE__NODES__LIST__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_ask(client, &request.base);

	while (r >= 0 && !listing->failed) {
		r = trp_client_next(client, &troupe__nodes__run__descriptor, 0,
				    &item);
		if (r == 1)
			see(listing, (const Troupe__Nodes__Run *)item);
		trp_client_patience(client, SILENCE_MS);
		if (r == 0)
			break;
	}
	if (r == -ETIMEDOUT)
		r = 0;
	return listing->failed ? listing->failed : r;
}

static int list_nodes(struct trp_client *client, bool is_json)
{
	struct listing listing = { is_json ? troupe_value_list() : NULL, 0 };
	char *text;
	int r;

	if (is_json && !listing.list)
		return -ENOMEM;
	if (!is_json)
		printf(" %-20s %8s  %-19s  %s\n", "NODE", "RUN", "SINCE",
		       "APPLICATION  BUILD");
	r = hear(client, &listing);
	if (r == 0 && is_json)
		r = trp_json_write(listing.list, &text);
	if (r == 0 && is_json) {
		puts(text);
		free(text);
	}
	troupe_value_free(listing.list);
	return r;
}

int trp_cli_nodes(int argc, char **argv)
{
	static const struct trp_query query = {
		.command = "nodes",
		.usage = "nodes [--node NAME] [--json]",
		.has_json = true,
		.run = list_nodes,
	};

	return trp_query_run(&query, argc, argv);
}
