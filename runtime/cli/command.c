/* SPDX-License-Identifier: MIT */
#include "runtime/cli/command.h"

#include <string.h>
#include "runtime/cli/nearest.h"

const struct trp_command *trp_command_find(const char *name)
{
	for (size_t i = 0; trp_commands[i].name; i++)
		if (strcmp(trp_commands[i].name, name) == 0)
			return &trp_commands[i];
	return NULL;
}

const char *trp_command_nearest(const char *name)
{
	struct trp_nearest nearest = { .word = name };

	for (size_t i = 0; trp_commands[i].name; i++)
		if (trp_commands[i].help)
			trp_nearest_try(&nearest, trp_commands[i].name);
	return nearest.best[0] ? trp_command_find(nearest.best)->name : NULL;
}
