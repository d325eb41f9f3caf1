/* SPDX-License-Identifier: MIT */
#include "runtime/cli/help.h"

#include <stdbool.h>
#include <stdio.h>
#include "runtime/cli/options.h"

void trp_help_list(void)
{
	puts("usage: troupe COMMAND [OPTION]... [ARGUMENT]...\n");
	for (const struct trp_command *one = trp_command_all(); one->name;
	     one++)
		if (one->help)
			printf("  %-10s %s\n", one->name, one->help);
	puts("\n`troupe help COMMAND` shows its options; troupe(1) is the "
	     "manual.\n\n"
	     "    troupe run ./hello.so Ann");
}

/* More than a few are listed below it alone. */
static bool are_few(const struct trp_command_part *part)
{
	enum { FEW = 5 };
	size_t count = 0;

	for (; part && part->name; part++)
		count += part->name[0] == '-';
	return count <= FEW;
}

static void print_usage(const struct trp_command *command)
{
	const struct trp_command_part *part = command->parts;
	bool has_few = are_few(part);

	printf("usage: troupe %s%s", command->name,
	       has_few ? "" : " [OPTION]...");
	for (; has_few && part && part->name; part++)
		if (part->name[0] == '-')
			printf(" [%s%s%s]", part->name, part->value ? " " : "",
			       part->value ? part->value : "");
	printf("%s%s\n\n%s: %s\n", *command->words ? " " : "", command->words,
	       command->name, command->help);
}

void trp_help_on(const struct trp_command *command)
{
	const struct trp_command_part *part = command->parts;
	char name[64];

	print_usage(command);
	if (part)
		putchar('\n');
	for (; part && part->name; part++) {
		snprintf(name, sizeof(name), "%s%s%s", part->name,
			 part->value ? " " : "",
			 part->value ? part->value : "");
		printf("  %-21s %s\n", name, part->help);
	}
}
