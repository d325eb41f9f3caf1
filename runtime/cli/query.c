/* SPDX-License-Identifier: MIT */
#include "runtime/cli/query.h"

#include <string.h>
#include "runtime/cli/arguments.h"
#include "runtime/cli/command.h"
#include "runtime/cli/nearest.h"

/* The nearest of those that the help names. */
static int no_such_word(const struct trp_query *query, const char *word)
{
	const struct trp_command *command = trp_command_find(query->command);
	const struct trp_command_part *part = command ? command->parts : NULL;
	struct trp_nearest nearest = { .word = word };

	for (; part && part->name; part++)
		trp_nearest_try(&nearest, part->name);
	return trp_arguments_fail(TRP_ARGUMENTS_USAGE, query->command,
				  "what is \"%s\"? %s%s%s", word,
				  nearest.best[0] ? "did you mean " : "",
				  nearest.best[0] ? nearest.best : query->usage,
				  nearest.best[0] ? "?" : "");
}

int trp_query_run(const struct trp_query *query, int argc, char **argv)
{
	static struct trp_client client;
	const char *node = NULL, *command = query->command;
	bool is_json = false;
	const struct trp_arguments_option options[] = {
		{ "--node", &node, NULL }, { "--json", NULL, &is_json }
	};
	int r = trp_arguments_words(command, argc, argv, options,
				    query->has_json ? 2 : 1);

	if (r < 0)
		return TRP_ARGUMENTS_USAGE;
	if (r > 0)
		return no_such_word(query, argv[0]);
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
