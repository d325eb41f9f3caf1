/* SPDX-License-Identifier: MIT */
/* The program `troupe`; see troupe(1). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "runtime/cli/ask.h"
#include "runtime/cli/beacon.h"
#include "runtime/cli/children.h"
#include "runtime/cli/complete.h"
#include "runtime/cli/cookie.h"
#include "runtime/cli/command.h"
#include "runtime/cli/doctor.h"
#include "runtime/cli/help.h"
#include "runtime/cli/inspect.h"
#include "runtime/cli/log.h"
#include "runtime/cli/metrics.h"
#include "runtime/cli/nodes.h"
#include "runtime/cli/options.h"
#include "runtime/cli/order.h"
#include "runtime/cli/ps.h"
#include "runtime/cli/send.h"
#include "runtime/cli/top.h"
#include "runtime/cli/trace.h"
#include "runtime/cli/types.h"
#include "runtime/cli/wait_for.h"
#include "runtime/mail/module.h"
#include "runtime/cli/web.h"
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/nodes.h"
#include "runtime/node/fork_handlers.h"
#include "runtime/node/listen_fds.h"
#include "runtime/node/log.h"
#include "runtime/service/service.h"
#include "runtime/supervision/module.h"
#include "runtime/supervisor/supervisor.h"

enum { STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* See runtime/node/fork_handlers.h. */
int __register_atfork(void (*prepare)(void), void (*parent)(void),
		      void (*child)(void), void *library);

int __register_atfork(void (*prepare)(void), void (*parent)(void),
		      void (*child)(void), void *library)
{
	const struct trp_fork_handlers handlers = { prepare, parent, child,
						    library };
	int (*pass_on)(void (*)(void), void (*)(void), void (*)(void), void *);
	void *symbol = dlsym(RTLD_NEXT, "__register_atfork");
	int r = trp_fork_handlers_add(&handlers);

	if (r < 0 || !symbol)
		return r < 0 ? -r : ENOSYS;
	memcpy(&pass_on, &symbol, sizeof(symbol));
	return pass_on(prepare, parent, child, library);
}

/* The modules of the supervisor. */
static const struct trp_module *const modules[] = {
	&trp_mail_module,	&trp_service_module,	 &trp_mesh_module,
	&trp_mesh_nodes_module, &trp_supervision_module, NULL,
};

static int run(int argc, char **argv)
{
	struct trp_options options;
	static char path[PATH_MAX], library[PATH_MAX + sizeof(".so")];
	char **application;

	trp_listen_fds_begin();
	if (trp_options_read(argc, argv, &options) < 0)
		return STATUS_USAGE;
	application = &options.argv[0];
	/* Without a slash dlopen() would search the library path. */
	snprintf(path, sizeof(path), "%s%s",
		 strchr(*application, '/') ? "" : "./", *application);
	snprintf(library, sizeof(library), "%s.so", path);
	*application = access(path, F_OK) < 0 && access(library, F_OK) == 0
			       ? library
			       : path;
	if (access(*application, R_OK) < 0) {
		trp_log_complain(": cannot load %s: %s", *application,
				 strerror(errno));
		return STATUS_USAGE;
	}
	return trp_supervisor_run(&options, modules);
}

/* near: the name that may be meant; or NULL. */
static int wrong(const char *try_this, const char *what, const char *which,
		 const char *near)
{
	trp_log_complain(": %s%s%s", what, which ? ": " : "",
			 which ? which : "");
	if (near)
		fprintf(stderr, "Did you mean `troupe %s`?\n", near);
	else
		fprintf(stderr, "Try `troupe help%s%s`.\n",
			*try_this ? " " : "", try_this);
	return STATUS_USAGE;
}

static int no_such_command(const char *name)
{
	return wrong("", "no such command", name, trp_command_nearest(name));
}

static int version(int argc, char **argv)
{
	if (argc)
		return wrong("", "version takes no arguments", argv[0], NULL);
	puts("troupe " TROUPE_VERSION);
	return 0;
}

static int help_on(const struct trp_command *command)
{
	trp_help_on(command);
	if (command->run == run) {
		trp_options_help();
		puts("\nExit status: 0 the root actor ended normally, 1 it "
		     "failed, 2 wrong use;\nor that of its exit(3).");
	}
	return 0;
}

static int help(int argc, char **argv)
{
	const struct trp_command *command =
		argc ? trp_command_find(argv[0]) : NULL;

	if (command)
		return help_on(command);
	if (argc)
		return no_such_command(argv[0]);
	trp_help_list();
	return 0;
}

/* ---- the table ----------------------------------------------------------- */

#define NODE                                                               \
	{                                                                  \
		"--node", "NAME",                                          \
			"which node, if several are running (TROUPE_NODE)" \
	}
#define JSON                                           \
	{                                              \
		"--json", NULL, "as JSON, in one line" \
	}
#define WHOM                                                                 \
	{                                                                    \
		"WHOM", NULL,                                                \
			"a registered name, an address (/a/b) or a REF, as " \
			"ps shows it"                                        \
	}
#define ANYONE                                                                \
	{                                                                     \
		"WHOM", NULL,                                                 \
			"a registered name, an address (/a/b), one of these " \
			"behind NODE:, or a REF, as ps shows it"              \
	}

static const struct trp_command_part of_ps[] = {
	NODE,
	JSON,
	{ "--columns", "LIST", "those, by commas; or all" },
	{ "-o", "LIST", "the same" },
	{ "--sort", "COLUMN", "the most first, or as the alphabet goes" },
	{ "--address", "ADDRESS", "those of such an address, as '/shop/*'" },
	{ "--class", "CLASS", "those of such a class, a pattern" },
	{ "--state", "STATE", "those in that state" },
	{ "--wide", NULL, "longer lines than the terminal has" },
	{ "--interval", "S", "looks twice, for the columns in, out and share" },
	{ 0 },
};
static const struct trp_command_part of_metrics[] = { NODE, { 0 } };
static const struct trp_command_part of_top[] = {
	NODE,
	{ "--interval", "S", "seconds between two looks; default: 1" },
	{ "--sort", "COLUMN", "the column of the order; default: share" },
	{ 0 },
};
static const struct trp_command_part of_trace[] = {
	NODE,
	{ "--actor", "WHOM", "that one; default: all actors" },
	{ "--seconds", "S", "so long; default: 5" },
	{ "--output", "FILE", "default: troupe-trace.json" },
	{ "-o", "FILE", "the same" },
	{ "--rate", "N",
	  "events a second of each process, 0: all; "
	  "default: 10000" },
	{ 0 },
};
static const struct trp_command_part of_query[] = { NODE, JSON, { 0 } };
static const struct trp_command_part of_inspect[] = {
	NODE, JSON,  { "--stack", NULL, "with its stack, by eu-stack or gdb" },
	WHOM, { 0 },
};
static const struct trp_command_part of_types[] = {
	NODE,
	JSON,
	{ "TYPE", NULL, "those of that name, or of that pattern" },
	{ 0 },
};
static const struct trp_command_part of_web[] = {
	NODE,
	{ "--port", "N", "of 127.0.0.1; any that is free unless given" },
	{ "--control", NULL, "the page may stop, start and restart actors" },
	{ 0 },
};
static const struct trp_command_part of_order[] = { NODE, WHOM, { 0 } };
static const struct trp_command_part of_stop[] = { NODE, ANYONE, { 0 } };
static const struct trp_command_part of_doctor[] = {
	{ "--mesh", "MESH", "looks at that mesh too, as of run" },
	{ "--beacon", "BUS", "of the mesh, as of run" },
	{ "--cookie-file", "FILE", "of the mesh, as of run" },
	{ 0 },
};
static const struct trp_command_part of_nodes[] = { NODE, JSON, { 0 } };
static const struct trp_command_part of_children[] = {
	NODE, JSON, WHOM, { 0 }
};
static const struct trp_command_part of_send[] = {
	NODE,
	ANYONE,
	{ "TYPE", NULL, "a message type of the application" },
	{ "JSON", NULL, "the message; {} unless given" },
	{ 0 },
};
static const struct trp_command_part of_ask[] = {
	NODE,
	{ "--timeout", "S", "seconds to wait for the answer; default: 5" },
	ANYONE,
	JSON,
	{ "METHOD", NULL, "of a service; without one, all of WHOM are listed" },
	{ "JSON", NULL, "its argument; {} unless given" },
	{ 0 },
};
static const struct trp_command_part of_log[] = {
	NODE,
	JSON,
	{ "-f", NULL, "goes on with the lines to come (--follow)" },
	{ "-n", "N", "the N latest lines; default: 20 (--lines)" },
	{ "--level", "LEVEL",
	  "leaves out those below debug, info, warning, "
	  "fatal" },
	{ "--format", "FORMAT", "short, iso (with the date), json, journal" },
	{ "--set-level", "LEVEL", "the node leaves them out from now on" },
	{ "WHOM", NULL, "an actor, and those below it" },
	{ 0 },
};
static const struct trp_command_part of_beacon[] = {
	NODE,
	JSON,
	{ "watch", NULL, "events as they happen" },
	{ "value", "[JSON]", "prints or sets the value of this node" },
	{ "ready", "yes|no", "whether its application works" },
	{ "enable", NULL, "takes part" },
	{ "disable", NULL, "only listens" },
	{ "configure", NULL, "settings for all nodes:" },
	{ "--cycle", "S", "of configure: between two pings" },
	{ "--gap", "S", "of configure: the most time of a message" },
	{ "--listed", "N", "of configure: how many nodes take turns" },
	{ "--splits", "N", "of configure: the parts of a mesh, plus one" },
	{ "--hosts", "N", "of configure: the minimum number of nodes" },
	{ "--force-in", NULL, "of configure: new nodes join at once" },
	{ "--no-force-in", NULL, "of configure: they do not" },
	{ "--beacon-version", "N", "of configure: of these settings" },
	{ "say", "TEXT", "tells all nodes" },
	{ "--past", "N", "of watch: the N latest events first" },
	{ 0 },
};

static const struct trp_command commands[] = {
	{ "run", "[OPTION [VALUE]]... APPLICATION.so [ARGUMENT]...",
	  "runs an application in a new node", NULL, run },
	{ "ps", "", "lists the live actors of a running node as a tree", of_ps,
	  trp_cli_ps },
	{ "metrics", "", "prints the counters of a running node for Prometheus",
	  of_metrics, trp_cli_metrics },
	{ "top", "", "shows the actors of a node live in the terminal", of_top,
	  trp_cli_top },
	{ "trace", "", "writes a trace of some seconds, of one actor or all",
	  of_trace, trp_cli_trace },
	{ "inspect", "[WHOM]", "shows all that can be seen of an actor",
	  of_inspect, trp_cli_inspect },
	{ "wait-for", "", "draws who waits for whom, and names cycles",
	  of_query, trp_cli_wait_for },
	{ "types", "[TYPE]", "lists the services and messages of a node",
	  of_types, trp_cli_types },
	{ "web", "", "shows a running node as a page in the browser", of_web,
	  trp_cli_web },
	{ "send", "WHOM TYPE ['{JSON}']",
	  "sends a message to an actor of a running node", of_send,
	  trp_cli_send },
	{ "ask", "WHOM [[SERVICE.]METHOD ['{JSON}']]",
	  "calls a method of an actor, and prints the answer as JSON", of_ask,
	  trp_cli_ask },
	{ "stop", "[WHOM]",
	  "stops an actor until it is started by hand; or the whole node",
	  of_stop, trp_cli_order_stop },
	{ "start", "WHOM",
	  "starts a supervised actor that is stopped, ended or given up",
	  of_order, trp_cli_order_start },
	{ "restart", "WHOM", "stops a supervised actor and starts it again",
	  of_order, trp_cli_order_restart },
	{ "remove", "WHOM", "forgets a supervised actor that is down", of_order,
	  trp_cli_order_remove },
	{ "children", "[WHOM]",
	  "lists and counts the children of an actor, or of the root",
	  of_children, trp_cli_children },
	{ "log", "[WHOM]",
	  "shows the latest lines of the log of a running node", of_log,
	  trp_cli_log },
	{ "beacon", "[watch | ORDER]",
	  "shows the mesh: which node is it, live nodes, offers", of_beacon,
	  trp_cli_beacon },
	{ "nodes", "", "lists the nodes of the mesh that can get mail",
	  of_nodes, trp_cli_nodes },
	{ "cookie", "", "makes a secret for a mesh, of 256 random bits", NULL,
	  trp_cookie_make },
	{ "doctor", "", "checks what this machine and a mesh allow", of_doctor,
	  trp_doctor },
	{ "version", "", "prints the version", NULL, version },
	{ "help", "[COMMAND]", "lists the commands, or the options of COMMAND",
	  NULL, help },
	/* Of the shells, so no help. */
	{ "complete", "", NULL, NULL, trp_cli_complete },
	{ 0 },
};

/*
 * An opened file gets the lowest free number, that of a standard descriptor if
 * one is closed, and output would go there.  So closed ones are opened, in a
 * mode that fails their usual use.
 */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null",
			     fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A reader must not take half of an answer for the whole. */
static int have_written(int status)
{
	errno = EIO; /* the errno of an earlier write is lost */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "troupe: cannot write to standard output: %s\n",
		strerror(errno));
	return status ? status : STATUS_FAILED;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int obey(int argc, char **argv)
{
	const struct trp_command *command;

	if (argc < 2)
		return help(0, NULL);
	if (asks_for_help(argv[1]))
		return help(0, NULL);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return version(0, NULL);
	command = trp_command_find(argv[1]);
	if (!command)
		return no_such_command(argv[1]);
	if (argc > 2 && asks_for_help(argv[2]))
		return help_on(command);
	return command->run(argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	trp_command_set_all(commands);
	return have_written(obey(argc, argv));
}
