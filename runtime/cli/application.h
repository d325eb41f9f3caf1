/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The application of a running node: this process knows its types and finds its
 * services, for the commands that talk to actors.  These functions print their
 * errors before they return them.
 */

#include <limits.h>
#include "runtime/cli/arguments.h"
#include "runtime/node/options.h"
#include "runtime/troupe.h"

struct trp_application {
	const char *command;		  /* for errors */
	const char *wants;		  /* its words */
	const char *whom, *member, *json; /* words; member: type or method */
	const char *named;		  /* by --node; NULL: none is */
	char node[TRP_NODE_NAME_SIZE];
	char path[PATH_MAX];
	void *handle;
};

/*
 * Parses the options, `--node` and up to 3 more, and the words WHOM MEMBER
 * [JSON], at least so many.  0, or the exit status.
 */
int trp_application_words(struct trp_application *application, int argc,
			  char **argv, const struct trp_arguments_option *more,
			  size_t count, int words);

/* Loads it from the node that trp_client_open() finds.  0, or the exit
 * status. */
int trp_application_load(struct trp_application *application);

/* "parlour.Number", or "Number" if unambiguous; or NULL. */
const ProtobufCMessageDescriptor *trp_application_type(
	const struct trp_application *application);

/* "parlour.Doubler.Twice", "Doubler.Twice", "Twice"; or NULL. */
const ProtobufCServiceDescriptor *trp_application_method(
	const struct trp_application *application, unsigned *ret_index);

/* The message in the JSON, static; or NULL. */
const ProtobufCMessage *trp_application_message(
	const struct trp_application *application,
	const ProtobufCMessageDescriptor *type);

/* Describes that error of a request or a send, for people. */
const char *trp_application_error(int r);

/*
 * Joins the node and finds `whom`: a name, an address or SLOT.GENERATION.  0,
 * or the exit status; then this process is no guest.
 */
int trp_application_join(const struct trp_application *application,
			 troupe_ref *ret_ref);
