/* SPDX-License-Identifier: MIT */
#include "tests/harness/said.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

char said[1 << 20];

static int run_line(const char *line)
{
	char command[2048];
	size_t size;
	FILE *pipe;

	snprintf(command, sizeof(command), "{ %s\n} 2>&1", line);
	pipe = popen(command, "r");
	cr_assert_not_null(pipe);
	size = fread(said, 1, sizeof(said) - 1, pipe);
	said[size] = 0;
	return WEXITSTATUS(pclose(pipe));
}

int run(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	return run_line(line);
}

int bench(const char *format, ...)
{
	const char *build = getenv("TROUPE_BUILD");
	char line[1024];
	va_list arguments;
	int used = snprintf(line, sizeof(line), "%s/bin/troupe-bench ",
			    build ? build : "build");

	va_start(arguments, format);
	vsnprintf(line + used, sizeof(line) - (size_t)used, format, arguments);
	va_end(arguments);
	return run_line(line);
}

const char *scratch(const char *ending)
{
	static char path[4][64];
	static int next;
	char *mine = path[next++ % 4];

	snprintf(mine, sizeof(path[0]), "/tmp/troupe-bench-%d.%s",
		 (int)getpid(), ending);
	return mine;
}

void forget(void)
{
	run("rm -rf /tmp/troupe-bench-%d.*", (int)getpid());
}
