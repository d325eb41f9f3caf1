/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CONFIG_H
#define TRP_RUNTIME_CONFIG_H

/*
 * Options of `troupe run` in a file: lines KEY = VALUE, where a key is the name
 * of an option without its dashes, before any section or in [run].
 */

#include <stddef.h>
#include "runtime/cli/options.h"

/*
 * Sets what the file says.  Returns 0; -EINVAL, -ENOENT, ... and `why` says
 * what is wrong, and in which line; -ENOTSUP: built without libinih.
 */
int trp_config_file_read(const char *path, struct trp_options *options,
			 char *why, size_t size);

#endif
