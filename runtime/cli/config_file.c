/* SPDX-License-Identifier: MIT */
#include "runtime/cli/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifdef HAVE_INIH
#include <ini.h>
#include "ipc/library.h"
#include "libraries.h"
#include "runtime/cli/cookie.h"

#define FUNCTIONS(F) F(ini_, parse_file)
TRP_LIBRARY(inih, LIBRARY_INIH, FUNCTIONS);

struct reading {
	trp_config_file_set *set;
	void *data;
	char wrong[320]; /* with the first wrong line */
};

/* ini_parse() returns the number of the first line that gets 0 here. */
static int take(void *user, const char *section, const char *key,
		const char *value)
{
	struct reading *reading = user;
	const char *takes = NULL;
	char wrong[sizeof(reading->wrong)];

	if (*section && strcmp(section, "run") != 0)
		snprintf(wrong, sizeof(wrong), "no section [%s] is known",
			 section);
	else if (strcmp(key, "config") != 0 &&
		 reading->set(reading->data, key, value, &takes))
		return 1;
	else if (takes && trp_cookie_is_in(value))
		snprintf(wrong, sizeof(wrong), "%s takes %s", key, takes);
	else if (takes)
		snprintf(wrong, sizeof(wrong), "%s takes %s, not \"%.32s\"",
			 key, takes, value);
	else
		snprintf(wrong, sizeof(wrong), "no option %s is known", key);
	if (!reading->wrong[0])
		memcpy(reading->wrong, wrong, sizeof(wrong));
	return 0;
}

/*
 * As ini_parse(), which would read a folder as an empty file.  Returns 0, the
 * number of the first wrong line, or a negative errno.
 */
static int parse(const char *path, struct reading *reading)
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return -errno;
	r = inih.parse_file(file, take, reading);
	if (ferror(file))
		r = errno ? -errno : -EIO;
	else if (r < 0)
		r = -ENOMEM;
	fclose(file);
	return r;
}

int trp_config_file_read(const char *path, trp_config_file_set *set, void *data,
			 char *why, size_t size)
{
	struct reading reading = { .set = set, .data = data };
	int line = trp_library_load(&inih_library);

	if (line < 0) {
		snprintf(why, size, "%s is not read: %s cannot be loaded", path,
			 LIBRARY_INIH);
		return line;
	}
	line = parse(path, &reading);
	if (line == 0)
		return 0;
	if (line < 0) {
		snprintf(why, size, "cannot read %s: %s", path,
			 strerror(-line));
		return line;
	}
	snprintf(why, size, "%s:%d: %s", path, line,
		 reading.wrong[0] ? reading.wrong
				  : "neither KEY = VALUE nor [SECTION]");
	return -EINVAL;
}
#else
int trp_config_file_read(const char *path, trp_config_file_set *set, void *data,
			 char *why, size_t size)
{
	snprintf(why, size,
		 "%s is not read: built without libinih; install libinih-dev "
		 "and build again",
		 path);
	return -ENOTSUP;
}
#endif
