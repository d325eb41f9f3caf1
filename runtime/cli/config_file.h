/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CLI_CONFIG_FILE_H
#define TRP_RUNTIME_CLI_CONFIG_FILE_H

/*
 * Options of `troupe run` in a file: lines KEY = VALUE, where a key is the name
 * of an option without its dashes, before any section or in [run].
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Sets what the file says.  set: one by its key; false: it takes something
 * else, *ret_takes, or (NULL) there is no such key.  Returns 0; -EINVAL,
 * -ENOENT, ... and `why` says what is wrong, and in which line; -ENOTSUP: built
 * without libinih.
 */
int trp_config_file_read(const char *path,
			 bool (*set)(void *data, const char *key,
				     const char *text, const char **ret_takes),
			 void *data, char *why, size_t size);

#endif
