/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words that a command is given.  A command asks a running node: it
 * returns the exit status, and has said on standard error why it is not 0.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	TRP_ARGUMENTS_OK = 0,
	TRP_ARGUMENTS_FAILED = 1,
	TRP_ARGUMENTS_USAGE = 2,
};

struct trp_arguments_option {
	const char *name;   /* "--node" */
	const char **value; /* where it goes; or */
	bool *flag;	    /* an option without value */
};

/*
 * Takes the options from the front of argv, up to `count` of them.  Returns
 * how many words they are; -EINVAL: it has said what is wrong.
 */
int trp_arguments_options(const char *command, int argc, char **argv,
			  const struct trp_arguments_option *options,
			  size_t count);

/* Says "troupe COMMAND: ..." and returns `status`. */
int trp_arguments_fail(int status, const char *command, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The exit status for what trp_client_open() has returned. */
int trp_arguments_status(int r);
