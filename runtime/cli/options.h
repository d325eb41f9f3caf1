/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The options of `troupe run`: a table.  An option that is not given is taken
 * from its environment variable, if it has one.
 */

#include "runtime/node/options.h"

/*
 * Reads them from the environment and from argv[0 .. argc - 1], the words after
 * `run`; the first that is no option is the application, and its arguments
 * follow.  argv is borrowed as long as ret_options is used.
 * Returns 0, or -EINVAL: it has printed the error.
 */
int trp_options_read(int argc, char **argv, struct trp_options *ret_options);

/* A line for each, for `troupe help`. */
void trp_options_help(void);

/* Calls visit for each, and for the opposite of a flag, whose value is NULL;
 * the name is borrowed. */
void trp_options_each(void (*visit)(const char *name, const char *value,
				    void *data),
		      void *data);
