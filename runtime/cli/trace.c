/* SPDX-License-Identifier: MIT */
#include "runtime/cli/trace.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/cli/looker.h"

/* The wish of the user. */
static const char *whom, *seconds = "5", *output = "troupe-trace.json",
			 *rate = "10000";
static double length_s;
static uint32_t rate_of;
static char path[PATH_MAX + NAME_MAX];

static int check(void)
{
	char *end, folder[PATH_MAX];
	unsigned long number;

	length_s = strtod(seconds, &end);
	if (end == seconds || *end || !(length_s >= 0.01 && length_s <= 3600))
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "trace",
					  "--seconds takes 0.01 to 3600, not "
					  "\"%s\"",
					  seconds);
	number = strtoul(rate, &end, 10);
	if (end == rate || *end || rate[0] == '-' || number > 100000000)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "trace",
					  "--rate takes 0 (all) to 100000000 "
					  "events a second, not \"%s\"",
					  rate);
	rate_of = (uint32_t)number;
	if (!output[0])
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "trace",
					  "the name of the file is empty");
	/* The node, which opens it, is elsewhere. */
	if (output[0] == '/')
		snprintf(path, sizeof(path), "%s", output);
	else if (getcwd(folder, sizeof(folder)))
		snprintf(path, sizeof(path), "%s/%s", folder, output);
	else
		return trp_arguments_fail(TRP_ARGUMENTS_FAILED, "trace", "%s",
					  strerror(errno));
	return 0;
}

static int trace(struct trp_look *look, const char *word, bool is_json)
{
	enum { PATIENCE_MS = 10000 };
	struct trp_client *client = &look->client;
	Troupe__Guest__Trace request = TROUPE__GUEST__TRACE__INIT;
	const struct trp_look_actor *actor = NULL;
	const ProtobufCMessage *item;
	int r;

	if (whom)
		actor = trp_looker_find(look, whom);
	if (whom && !actor)
		return -ENOENT;
	request.path = path;
	request.rate = rate_of;
	request.ms = (int64_t)(length_s * 1000);
	request.ref = actor ? actor->told->ref : 0;
	trp_client_patience(client, request.ms + PATIENCE_MS);
	client->why[0] = '\0';
	r = trp_client_get(client, &request.base,
			   &troupe__guest__done__descriptor, &item);
	if (r < 0)
		return r;
	printf("%s: open it at https://ui.perfetto.dev\n", output);
	return 0;
}

int trp_cli_trace(int argc, char **argv)
{
	static const struct trp_arguments_option more[] = {
		{ "--actor", &whom, NULL },    { "--seconds", &seconds, NULL },
		{ "--output", &output, NULL }, { "-o", &output, NULL },
		{ "--rate", &rate, NULL },
	};
	static const struct trp_looker looker = {
		.command = "trace",
		.more = more,
		.count = sizeof(more) / sizeof(more[0]),
		.check = check,
		.run = trace,
	};

	return trp_looker_run(&looker, argc, argv);
}
