/* SPDX-License-Identifier: MIT */
#include "runtime/cli/query.h"

#include <string.h>
#include "runtime/cli/arguments.h"

int trp_query_run(const struct trp_query *query, int argc, char **argv)
{
	static struct trp_client client;
	const char *node = NULL, *command = query->command;
	bool is_json = false;
	const struct trp_arguments_option options[] = {
		{ "--node", &node, NULL }, { "--json", NULL, &is_json }
	};
	int r = trp_arguments_options(command, argc, argv, options,
				      query->has_json ? 2 : 1);

	if (r < 0)
		return TRP_ARGUMENTS_USAGE;
	if (r < argc)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "what is \"%s\"? %s", argv[r],
					  query->usage);
	r = trp_client_open_any(&client, node);
	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), command,
					  "%s", client.why);
	r = query->run(&client, is_json);
	trp_client_close(&client);
	if (r == 0)
		return TRP_ARGUMENTS_OK;
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s",
				  client.why[0] ? client.why : strerror(-r));
}
