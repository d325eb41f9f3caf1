/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGUMENTS = 16, PATH_SIZE = 4096 };

static unsigned files_before;

typedef int starter(struct program *p, const char *const argv[]);

static void start_with(starter *start, struct program *p, const char *name,
		       va_list arguments)
{
	char troupe[PATH_SIZE], file[64], object[PATH_SIZE];
	const char *argv[MAX_ARGUMENTS + 1] = { troupe, "run", object };
	int count = 3;

	snprintf(troupe, sizeof(troupe), "%s", program_built("bin/troupe"));
	snprintf(file, sizeof(file), "examples/%s.so", name);
	snprintf(object, sizeof(object), "%s", program_built(file));
	while (count < MAX_ARGUMENTS &&
	       (argv[count] = va_arg(arguments, const char *)))
		count++;
	files_before = program_files();
	cr_assert_eq(start(p, argv), 0);
}

void start_example(struct program *p, const char *name, ...)
{
	va_list arguments;

	va_start(arguments, name);
	start_with(program_start, p, name, arguments);
	va_end(arguments);
}

void start_example_on_terminal(struct program *p, const char *name, ...)
{
	va_list arguments;

	va_start(arguments, name);
	start_with(program_start_on_terminal, p, name, arguments);
	va_end(arguments);
}

void expect_end(struct program *p, int status)
{
	int got = program_finish(p, PATIENCE_MS);

	cr_expect_eq(got, status, "ended with %d, not %d; it wrote:\n%s%s", got,
		     status, p->out, p->err);
	cr_expect_eq(program_leftovers(p, 0), 0, "processes are left");
	cr_expect_eq(program_files(), files_before, "files are left");
}

void expect_usage(const char *name, const char *argument)
{
	struct program p;
	char usage[80];

	snprintf(usage, sizeof(usage), "^%s: usage: ", name);
	start_example(&p, name, argument, NULL);
	expect_end(&p, 1);
	cr_expect_str_empty(p.out);
	cr_expect_eq(count_lines(p.err, usage), 1, "%s", p.err);
	program_fini(&p);
}

static bool next_line(const char **text, char *line, size_t size)
{
	size_t length = strcspn(*text, "\r\n");

	if (**text == '\0')
		return false;
	snprintf(line, size, "%.*s", (int)length, *text);
	*text += length;
	*text += strspn(*text, "\r");
	*text += **text == '\n';
	return true;
}

unsigned count_lines(const char *text, const char *pattern)
{
	char line[4096];
	unsigned count = 0;
	regex_t regex;

	cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	while (next_line(&text, line, sizeof(line)))
		count += regexec(&regex, line, 0, NULL, 0) == 0;
	regfree(&regex);
	return count;
}

long number_after(const char *text, const char *before, unsigned nth)
{
	const char *at = text;

	for (unsigned i = 0; i <= nth; i++) {
		at = strstr(at, before);
		if (!at)
			return -1;
		at += strlen(before);
	}
	return strtol(at, NULL, 10);
}
