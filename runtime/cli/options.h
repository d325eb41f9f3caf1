/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The options of `troupe run`: a table.  An option with a variable of the
 * environment takes that when it is not given.
 */

#include "runtime/node/options.h"

/*
 * Reads them from the environment and from argv[0 .. argc - 1], the words after
 * `run`; the first that is no option is the application, and what follows is
 * its arguments.  argv is borrowed for as long as ret_options is used.
 * Returns 0, or -EINVAL: it has written to standard error what is wrong.
 */
int trp_options_read(int argc, char **argv, struct trp_options *ret_options);

/* A line for each, for `troupe help`. */
void trp_options_help(void);
