/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Options of `troupe run` in a file: lines KEY = VALUE, where a key is the name
 * of an option without its dashes, before any section or in [run].
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Sets one option by its key.  False: it takes *ret_takes instead, or (NULL)
 * there is no such key.
 */
typedef bool trp_config_file_set(void *data, const char *key, const char *text,
				 const char **ret_takes);

/*
 * Sets the options in the file.  Returns 0; -EINVAL, -ENOENT, ... with the
 * error and its line in `why`; -ENOTSUP: built without libinih.
 */
int trp_config_file_read(const char *path, trp_config_file_set *set, void *data,
			 char *why, size_t size);
