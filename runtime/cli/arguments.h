/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The arguments of commands that ask a running node.  A command returns the
 * exit status, and prints the reason on standard error if it is not 0.
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
 * Parses up to `count` options at the front of argv.  Returns the number of
 * words; -EINVAL: it has printed the error.
 */
int trp_arguments_options(const char *command, int argc, char **argv,
			  const struct trp_arguments_option *options,
			  size_t count);

/*
 * The same of options among the words, up to "--": moves the words to the
 * front, and returns their number.
 */
int trp_arguments_words(const char *command, int argc, char **argv,
			const struct trp_arguments_option *options,
			size_t count);

/* Prints "troupe COMMAND: ..." and returns `status`. */
int trp_arguments_fail(int status, const char *command, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The exit status for an error of trp_client_open(). */
int trp_arguments_status(int r);
