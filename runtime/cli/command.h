/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_COMMAND_H
#define TRP_RUNTIME_COMMAND_H

/*
 * The commands that ask a running node: command_NAME.c each.  They are given
 * the words after their name, return the exit status, and have said on
 * standard error why it is not 0.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "runtime/cli/options.h"
#include "runtime/troupe.h"

enum {
	TRP_COMMAND_OK = 0,
	TRP_COMMAND_FAILED = 1,
	TRP_COMMAND_USAGE = 2,
};

int trp_cli_beacon(int argc, char **argv);
int trp_cli_ps(int argc, char **argv);
int trp_cli_stop(int argc, char **argv);
int trp_cli_send(int argc, char **argv);
int trp_cli_ask(int argc, char **argv);

/* ---- command_line.c: what they have in common -------------------------- */

struct trp_command_option {
	const char *name;   /* "--node" */
	const char **value; /* where it goes; or */
	bool *flag;	    /* an option without value */
};

/*
 * Takes the options from the front of argv, up to `count` of them.  Returns
 * how many words they are; -EINVAL: it has said what is wrong.
 */
int trp_arguments_options(const char *command, int argc, char **argv,
			  const struct trp_command_option *options,
			  size_t count);

/* Says "troupe COMMAND: ..." and returns `status`. */
int trp_arguments_fail(int status, const char *command, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- command_types.c: the application of a node, and its types --------- */

/*
 * Loads the application of the node (NULL: as trp_client_open()) into this
 * process: its types are known from now on, and its services are found.
 * node: where the node's name goes.  0, or the exit status.
 */
struct trp_application {
	char node[TRP_NODE_NAME_SIZE];
	char path[PATH_MAX];
	void *handle;
};
int trp_application_load(const char *command, const char *node,
			 struct trp_application *ret_application);

/* "parlour.Number", or "Number" where that is clear.  NULL: it said why. */
const ProtobufCMessageDescriptor *trp_application_type(const char *command,
						       const char *name);

/* "parlour.Doubler.Twice", "Doubler.Twice", "Twice".  The same. */
const ProtobufCServiceDescriptor *trp_application_method(
	const char *command, const struct trp_application *application,
	const char *name, unsigned *ret_index);

/* The message that a text means, static.  NULL: it said why. */
const ProtobufCMessage *trp_application_message(
	const char *command, const ProtobufCMessageDescriptor *type,
	const char *text);

/*
 * Joins the node and finds `whom`: a name, an address or SLOT.GENERATION.  0,
 * or the exit status; then this process is no guest.
 */
int trp_application_join(const char *command,
			 const struct trp_application *application,
			 const char *whom, troupe_ref *ret_ref);

/* The exit status for what trp_client_open() has returned. */
int trp_arguments_status(int r);

#endif
