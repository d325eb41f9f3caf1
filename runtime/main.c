/* SPDX-License-Identifier: MIT */
/* The program `troupe`; see troupe(1). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "runtime/command.h"
#include "runtime/doctor.h"
#include "runtime/options.h"
#include "runtime/supervisor.h"

enum { STATUS_USAGE = 2 };

static int run(int argc, char **argv)
{
	struct trp_options options;
	char path[4096];
	char **application;

	if (trp_options_read(argc, argv, &options) < 0)
		return STATUS_USAGE;
	application = &options.argv[0];
	/* Without a slash dlopen() would search the library path. */
	if (!strchr(*application, '/')) {
		snprintf(path, sizeof(path), "./%s", *application);
		*application = path;
	}
	if (access(*application, R_OK) < 0) {
		fprintf(stderr, "troupe: cannot load %s: %s\n", *application,
			strerror(errno));
		return STATUS_USAGE;
	}
	return trp_supervisor_run(&options);
}

static int doctor(int argc, char **argv)
{
	return trp_doctor();
}

static int version(int argc, char **argv)
{
	puts("troupe " TROUPE_VERSION);
	return 0;
}

static int help(int argc, char **argv);

static const struct {
	const char *name;
	const char *arguments;
	const char *help;
	/* The words after the command's name; the exit status. */
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", "[OPTION VALUE]... APPLICATION.so [ARGUMENT]...",
	  "starts a node: the root actor troupe_main() of the application and\n"
	  "all that it spawns, each a process of its own",
	  run },
	{ "ps", "[--node NAME] [--json]",
	  "who is alive in a running node, as a tree", trp_command_ps },
	{ "send", "[--node NAME] WHOM TYPE ['{JSON}']",
	  "sends a message to an actor of a running node, by its name",
	  trp_command_send },
	{ "ask", "[--node NAME] [--timeout S] WHOM [SERVICE.]METHOD ['{JSON}']",
	  "asks an actor of a running node, and prints its answer as JSON",
	  trp_command_ask },
	{ "stop", "[--node NAME]",
	  "stops a running node in order, and waits for its end",
	  trp_command_stop },
	{ "beacon", "[watch] [--node NAME] [--json]",
	  "who is it in the mesh, who is there and offers what, and packets;\n"
	  "watch: what happens, as it comes",
	  trp_command_beacon },
	{ "doctor", "",
	  "what this machine allows, and what to do where it does not",
	  doctor },
	{ "version", "", NULL, version },
	{ "help", "", NULL, help },
};

enum { COUNT = sizeof(commands) / sizeof(commands[0]) };

static int help(int argc, char **argv)
{
	const char *line;
	size_t i, n;

	for (i = 0; i < COUNT; i++)
		printf("%s troupe %s %s\n",
		       i ? "      " : "usage:", commands[i].name,
		       commands[i].arguments);
	for (i = 0; i < COUNT; i++) {
		if (!commands[i].help)
			continue;
		printf("\n%s\n", commands[i].name);
		for (line = commands[i].help; *line; line += n + !!line[n]) {
			n = strcspn(line, "\n");
			printf("  %.*s\n", (int)n, line);
		}
		if (commands[i].run == run)
			trp_options_help();
	}
	puts("\nExit status: 0 the root actor ended normally, 1 it failed, "
	     "2 wrong use.");
	return 0;
}

static int wrong(const char *what, const char *which)
{
	fprintf(stderr, "troupe: %s%s%s\nTry `troupe help`.\n", what,
		which ? ": " : "", which ? which : "");
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	size_t i;

	if (!name)
		return wrong("what to do?", NULL);
	if (strcmp(name, "--help") == 0 || strcmp(name, "--version") == 0)
		name += 2;
	for (i = 0; i < COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	return wrong("no such command", argv[1]);
}
