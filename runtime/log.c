/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "runtime/actor.h"

static const char *const level_name[] = {
	[TROUPE_DEBUG] = "debug",
	[TROUPE_INFO] = "info",
	[TROUPE_WARNING] = "warning",
	[TROUPE_FATAL] = "fatal",
};

void troupe_log(enum troupe_level level, const char *format, ...)
{
	char line[1024];
	struct timespec now;
	struct tm local;
	va_list arguments;
	int size, n, error = errno;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	size = snprintf(line, sizeof(line), "%02d:%02d:%02d.%03ld %s %s[%d] ",
			local.tm_hour, local.tm_min, local.tm_sec,
			now.tv_nsec / 1000000, level_name[level],
			trp_actor.title[0] ? trp_actor.title : "troupe",
			(int)getpid());
	va_start(arguments, format);
	n = vsnprintf(line + size, sizeof(line) - (size_t)size - 1, format,
		      arguments);
	va_end(arguments);
	if (n < 0)
		return;
	size += n;
	if ((size_t)size > sizeof(line) - 2)
		size = sizeof(line) - 2;
	line[size++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		errno = error; /* nowhere to say so */
}
