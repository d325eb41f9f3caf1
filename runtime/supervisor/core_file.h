/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the kernel has put a core: core(5). */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A process that has died, as its parent saw it. */
struct trp_core_file {
	pid_t pid;
	int signal;
	const char *comm;
};

/*
 * A pattern for glob(3), as not all of the file's name is known here: of that
 * core_pattern, without a pipe.  uses_pid: core_uses_pid.  False: too long.
 */
bool trp_core_file_glob(const char *pattern, bool uses_pid,
			const struct trp_core_file *of,
			char ret_glob[PATH_MAX]);

/* The newest such file, from the working folder of this process on.  False:
 * there is none. */
bool trp_core_file_find(const char *glob, char ret_path[PATH_MAX]);

/* The process whose core it is now, as the next crash may have the same name;
 * 0: not known. */
pid_t trp_core_file_pid(const char *path);

/* A setting of /proc/sys/kernel; "" if it cannot be read. */
const char *trp_core_file_setting(const char *name, char text[PATH_MAX]);
