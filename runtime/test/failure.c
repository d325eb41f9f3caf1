/* SPDX-License-Identifier: MIT */
#include "runtime/test/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "runtime/test/link.h"
#include "runtime/troupe_test.h"

static void (*tell)(const char *file, int line, const char *text);
static const char *here_file = "?";
static int here_line;

void trp_failure_begin(void (*failed)(const char *file, int line,
				      const char *text))
{
	tell = failed;
}

void troupe_test_here(const char *file, int line)
{
	here_file = file;
	here_line = line;
}

/* Static, as nobody frees it after a longjmp(). */
void trp_failure_tell(const char *format, ...)
{
	static char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (tell) {
		tell(here_file, here_line, text);
		return;
	}
	fprintf(stderr, "%s:%d: %s\n", here_file, here_line, text);
	trp_link_end();
	abort();
}
