/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Options of `troupe run` in a file: lines KEY = VALUE, where a key is the name
 * of an option without its dashes, before any section or in [run].
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Sets one option by its key.  False: it takes something else, *ret_takes, or
 * (NULL) there is no such key.
 */
typedef bool trp_config_file_set(void *data, const char *key, const char *text,
				 const char **ret_takes);

/*
 * Sets what the file says.  Returns 0; -EINVAL, -ENOENT, ... and `why` says
 * what is wrong, and in which line; -ENOTSUP: built without libinih.
 */
int trp_config_file_read(const char *path, trp_config_file_set *set, void *data,
			 char *why, size_t size);
