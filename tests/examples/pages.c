/* SPDX-License-Identifier: MIT */
/*
 * The lines of C in man pages that teach are lines of programs, which run.  A
 * line `.Pa examples/FILE` names the file for those that follow: each line
 * `.Li "..."`, and each literal block other than commands ("$ ", "# "), where
 * "..." on a line of its own stands for what is left out.  A page that goes by
 * steps leaves out nothing that a step adds to the one before.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(pages, .timeout = 60);

struct page {
	const char *path;
	FILE *file;
	char line[1024];
	char name[256]; /* of the program */
	char *program;	/* without blanks; or NULL */
	bool goes_by_steps;
	char *before; /* the program of the step before; or NULL */
	char shown[1 << 14];
	unsigned programs;
	unsigned pieces;
};

/* Appends `from` without blanks and line breaks; returns the new end. */
static char *squeeze(char *to, const char *from)
{
	for (; *from; from++)
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	*to = '\0';
	return to;
}

/* Each line of the program is on the page, or was in the one before. */
static void expect_whole(struct page *p)
{
	char line[256], wanted[256];
	FILE *file = fopen(p->name, "r");

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file)) {
		squeeze(wanted, line);
		if (strncmp(wanted, "/*", 2) != 0 && *wanted != '*' &&
		    !strstr(p->shown, wanted) &&
		    !(p->before && strstr(p->before, wanted)))
			cr_expect_fail("%s leaves out, of %s: %s", p->path,
				       p->name, line);
	}
	fclose(file);
}

static void close_program(struct page *p)
{
	if (p->program && p->goes_by_steps && strstr(p->name, ".c"))
		expect_whole(p);
	free(p->before);
	p->before = p->program;
	p->program = NULL;
	*p->shown = '\0';
}

static void open_program(struct page *p)
{
	FILE *file;
	char *text = NULL;
	size_t room = 0;

	close_program(p);
	sscanf(p->line, ".Pa %255s", p->name);
	file = fopen(p->name, "r");
	cr_assert_not_null(file, "%s names %s", p->path, p->name);
	cr_assert_gt(getdelim(&text, &room, '\0', file), 0);
	fclose(file);
	squeeze(text, text);
	p->program = text;
	p->programs++;
}

static void expect_piece(struct page *p, const char *piece)
{
	if (!*piece)
		return;
	cr_assert_not_null(p->program, "%s: no program before %s", p->path,
			   piece);
	cr_expect(strstr(p->program, piece), "%s: %s has no %s", p->path,
		  p->name, piece);
	p->pieces++;
	cr_assert_lt(strlen(p->shown) + strlen(piece), sizeof(p->shown));
	strcat(p->shown, piece);
}

/* "\e" is a backslash. */
static void unescape(char *line)
{
	char *to = line;

	for (const char *from = line; *from; from++) {
		*to++ = *from;
		if (from[0] == '\\' && from[1] == 'e')
			from++;
	}
	*to = '\0';
}

/* The argument of `.Li "..."`, in which "" is one quote. */
static void expect_argument(struct page *p, const char *from)
{
	char text[sizeof(p->line)], *to = text;

	unescape(p->line);
	for (; *from; from++) {
		if (*from == '"' && *++from != '"')
			break;
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	}
	*to = '\0';
	expect_piece(p, text);
}

static void expect_block(struct page *p)
{
	char text[8192] = "", *to = text;
	bool is_commands = false;

	while (fgets(p->line, sizeof(p->line), p->file) &&
	       strcmp(p->line, ".Ed\n") != 0) {
		if (to == text && strchr("$#", p->line[0]) && p->line[1] == ' ')
			is_commands = true;
		if (is_commands)
			continue;
		if (strcmp(p->line, "\\&...\n") == 0) {
			expect_piece(p, text);
			*(to = text) = '\0';
			continue;
		}
		cr_assert_lt((size_t)(to - text) + strlen(p->line),
			     sizeof(text));
		unescape(p->line);
		to = squeeze(to, p->line);
	}
	expect_piece(p, text);
}

static void expect_page(const char *path, bool goes_by_steps, unsigned programs,
			unsigned pieces)
{
	const char *of = ".Pa examples/", *ours = ".Li \"";
	static struct page p;

	p.path = path;
	p.goes_by_steps = goes_by_steps;
	p.file = fopen(path, "r");
	cr_assert_not_null(p.file, "%s", path);
	while (fgets(p.line, sizeof(p.line), p.file)) {
		if (strncmp(p.line, of, strlen(of)) == 0 &&
		    isalnum((unsigned char)p.line[strlen(of)]))
			open_program(&p);
		else if (strncmp(p.line, ours, strlen(ours)) == 0)
			expect_argument(&p, p.line + strlen(ours));
		else if (strncmp(p.line, ".Bd -literal", 12) == 0)
			expect_block(&p);
	}
	fclose(p.file);
	close_program(&p);
	free(p.before);
	cr_expect_eq(p.programs, programs, "%s: %u", path, p.programs);
	cr_expect_geq(p.pieces, pieces, "%s: %u", path, p.pieces);
}

Test(pages, each_line_for_those_who_know_another_is_one_of_a_program)
{
	expect_page("runtime/man/troupe-coming-from.7", false, 5, 119);
}

Test(pages, each_line_for_those_who_know_erlang_caf_or_systemd_too)
{
	expect_page("runtime/man/troupe-faq.7", false, 3, 70);
}

Test(pages, each_piece_of_the_tutorial_is_one_of_its_steps)
{
	expect_page("runtime/man/troupe-tutorial.7", true, 8, 18);
}
