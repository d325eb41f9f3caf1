/* SPDX-License-Identifier: MIT */
/* The lines of troupe-coming-from(7) are lines of programs, which run. */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(coming_from, .timeout = 600);

/* A whole file, without blanks and what breaks lines. */
static char *squeeze(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL, *to;
	size_t room = 0;

	cr_assert_not_null(file, "%s", path);
	cr_assert_gt(getdelim(&text, &room, '\0', file), 0);
	fclose(file);
	to = text;
	for (const char *from = text; *from; from++)
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	*to = '\0';
	return text;
}

/* The argument of `.Li "..."`, in which "" is one quote. */
static void unquote(const char *from, char *to)
{
	for (; *from; from++) {
		if (*from == '"' && *++from != '"')
			break;
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	}
	*to = '\0';
}

Test(coming_from, each_line_of_the_page_is_one_of_a_program)
{
	const char *of = ".Pa examples/from_", *ours = ".Li \"";
	FILE *page = fopen("runtime/man/troupe-coming-from.7", "r");
	char line[512], wanted[512], path[512], *program = NULL;
	unsigned programs = 0, lines = 0;

	cr_assert_not_null(page);
	while (fgets(line, sizeof(line), page)) {
		if (strncmp(line, of, strlen(of)) == 0) {
			free(program);
			sscanf(line, ".Pa %s", path);
			program = squeeze(path);
			programs++;
		} else if (strncmp(line, ours, strlen(ours)) == 0) {
			cr_assert_not_null(program);
			unquote(line + strlen(ours), wanted);
			cr_expect(strstr(program, wanted), "%s has no %s", path,
				  line);
			lines++;
		}
	}
	fclose(page);
	free(program);
	cr_expect_eq(programs, 5);
	cr_expect_geq(lines, 60);
}

static void expect_output(const char *example, const char *output)
{
	struct program p;

	start_example(&p, example, NULL);
	expect_end(&p, 0);
	cr_expect_str_eq(p.out, output);
	program_fini(&p);
}

Test(coming_from, pactor)
{
	expect_output("from_pactor", "total 12\nexit 0\n");
}

Test(coming_from, actorio)
{
	expect_output("from_actorio",
		      "Hello, Ann\nstopped\nunhandled nonsense\nchildren 1\n"
		      "greeter has stopped, after 3 inputs\nteardown\n");
}

Test(coming_from, aplay)
{
	expect_output("from_aplay",
		      "a is there already\n/a\n20, hop 1 of its flow\n"
		      "-33, hop 3 of its flow\n2, hop 5 of its flow\n");
}

Test(coming_from, pyact)
{
	struct program p;

	start_example(&p, "from_pyact", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^result 4$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^1 4 9 16 25 $"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^opened with 2 bytes$"), 1, "%s",
		     p.out);
	cr_expect_eq(count_lines(p.out, "^half 4$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^it is odd, at "), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^linked: 1$"), 1, "%s", p.out);
#if __has_include(<execinfo.h>)
	/* The static function, by its place in the application. */
	cr_expect_eq(count_lines(p.out, "^it is odd, at .*from_pyact[.]so[+]"),
		     1, "%s", p.out);
	cr_expect_eq(count_lines(p.err, "a call fails: .*from_pyact[.]so[+]"),
		     1, "%s", p.err);
#endif
	program_fini(&p);
}

Test(coming_from, asyncactor)
{
	struct program p;

	cr_assert_eq(
		program_troupe(&p, "run", "--beacon", "local", "--cycle", "1",
			       "--gap", "0.2", "--node", "a",
			       program_built("examples/from_asyncactor.so"),
			       NULL),
		0);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^it$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^not it$"), 1, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^a of .*, this node$"), 1, "%s",
		     p.out);
	program_fini(&p);
}
