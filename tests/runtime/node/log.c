/* SPDX-License-Identifier: MIT */
/* A call of troupe_log() is a line of text, whatever its arguments bring. */
#include "tests/support/stage.h"

#include "tests/support/output.h"

static int logging_root(int argc, char **argv)
{
	troupe_log(TROUPE_INFO, "from %s", "a\n12:00:00.000 fatal forged");
	troupe_log(TROUPE_INFO, "clears %s, bad %s", "\x1b[2J", "\xff");
	troupe_log(TROUPE_INFO, "caf\xc3\xa9\tends\n");
	return 0;
}

Test(log, what_steers_a_terminal_or_begins_a_line_is_shown_by_its_bytes)
{
	char *text = output_of(logging_root), *at;
	int lines = 0;

	for (at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 3, "%s", text);
	cr_expect(strstr(text, "from a\\x0a12:00:00.000 fatal forged\n"), "%s",
		  text);
	cr_expect(strstr(text, "clears \\x1b[2J, bad \\xff\n"), "%s", text);
	cr_expect(strstr(text, "caf\xc3\xa9\tends\n"), "%s", text);
	free(text);
}
