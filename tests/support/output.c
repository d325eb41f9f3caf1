/* SPDX-License-Identifier: MIT */
#include "tests/support/output.h"

#include "tests/support/stage.h"

/*
 * LeakSanitizer reports each actor as an unknown thread, as it did not see the
 * clone.
 */
static void drop_sanitizer_lines(char *text)
{
	char *to = text, *line = text;

	while (*line) {
		size_t size = strcspn(line, "\n");

		size += line[size] == '\n';
		if (strncmp(line, "==", 2) != 0) {
			memmove(to, line, size);
			to += size;
		}
		line += size;
	}
	*to = '\0';
}

char *output_of(int (*root)(int argc, char **argv))
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	char *text = NULL;
	size_t size = 0;

	cr_assert(file && saved >= 0);
	dup2(fileno(file), STDERR_FILENO);
	stage_pass(root);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	/* There is a buffer even if there was nothing to read. */
	if (getdelim(&text, &size, '\0', file) < 0 && text)
		text[0] = '\0';
	fclose(file);
	cr_assert_not_null(text);
	drop_sanitizer_lines(text);
	return text;
}
