/* SPDX-License-Identifier: MIT */
#include "runtime/cli/command.h"

#include <string.h>
#include "runtime/cli/nearest.h"

static const struct trp_command *all;

void trp_command_set_all(const struct trp_command *commands)
{
	all = commands;
}

const struct trp_command *trp_command_all(void)
{
	return all;
}

const struct trp_command *trp_command_find(const char *name)
{
	const struct trp_command *one = all;

	while (one->name && strcmp(one->name, name) != 0)
		one++;
	return one->name ? one : NULL;
}

const char *trp_command_nearest(const char *name)
{
	struct trp_nearest nearest = { .word = name };

	for (const struct trp_command *one = all; one->name; one++)
		if (one->help)
			trp_nearest_try(&nearest, one->name);
	return nearest.best[0] ? trp_command_find(nearest.best)->name : NULL;
}
