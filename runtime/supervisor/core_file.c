/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/core_file.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* "*": not known here. */
static const char *value_of(char which, const struct trp_core_file *of,
			    char space[128])
{
	struct utsname machine;

	switch (which) {
	case 'p':
		snprintf(space, 128, "%d", (int)of->pid);
		return space;
	case 's':
		snprintf(space, 128, "%d", of->signal);
		return space;
	case 'u':
		snprintf(space, 128, "%u", getuid());
		return space;
	case 'g':
		snprintf(space, 128, "%u", getgid());
		return space;
	case 'e':
		return of->comm;
	case 'h':
		if (uname(&machine) < 0)
			return "*";
		snprintf(space, 128, "%s", machine.nodename);
		return space;
	case '%':
		return "%";
	default:
		return "*";
	}
}

/* A value is meant as it is, except for a lone star; the kernel has no '/'
 * there. */
static void append(char *glob, size_t *used, const char *text, bool is_value)
{
	bool is_star = is_value && strcmp(text, "*") == 0;

	for (; *text && *used < PATH_MAX - 2; text++) {
		if (!is_star && strchr("*?[\\", *text))
			glob[(*used)++] = '\\';
		glob[(*used)++] = is_value && *text == '/' ? '!' : *text;
	}
	glob[*used] = '\0';
}

bool trp_core_file_glob(const char *pattern, bool uses_pid,
			const struct trp_core_file *of, char ret_glob[PATH_MAX])
{
	char space[128], one[2] = "";
	bool has_pid = false;
	size_t used = 0;

	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			one[0] = *pattern;
			append(ret_glob, &used, one, false);
		} else if (pattern[1]) {
			pattern++;
			has_pid |= *pattern == 'p';
			append(ret_glob, &used, value_of(*pattern, of, space),
			       true);
		}
	}
	if (uses_pid && !has_pid) {
		snprintf(space, sizeof(space), ".%d", (int)of->pid);
		append(ret_glob, &used, space, false);
	}
	return used > 0 && used < PATH_MAX - 2;
}

bool trp_core_file_find(const char *pattern, char ret_path[PATH_MAX])
{
	struct stat st, newest = { 0 };
	const char *best = NULL;
	glob_t found;
	bool is_found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (stat(found.gl_pathv[i], &st) < 0 || !S_ISREG(st.st_mode) ||
		    (best && (st.st_mtim.tv_sec < newest.st_mtim.tv_sec ||
			      (st.st_mtim.tv_sec == newest.st_mtim.tv_sec &&
			       st.st_mtim.tv_nsec < newest.st_mtim.tv_nsec))))
			continue;
		best = found.gl_pathv[i];
		newest = st;
	}
	is_found = best && realpath(best, ret_path);
	globfree(&found);
	return is_found;
}

const char *trp_core_file_setting(const char *name, char text[PATH_MAX])
{
	char path[64];
	FILE *file;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	file = fopen(path, "re");
	if (!file)
		return text;
	if (!fgets(text, PATH_MAX, file))
		text[0] = '\0';
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return text;
}
