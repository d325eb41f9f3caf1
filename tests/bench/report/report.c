/* SPDX-License-Identifier: MIT */
#include "tests/bench/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/harness.h"
#include "tests/bench/statistics.h"

enum { FILES_MOST = 16, STATUS_USAGE = 2 };

static const char help[] =
	"usage: troupe-bench report [FILE.json...] -o REPORT.html\n"
	"\n"
	"Makes one page of HTML, which needs nothing beside itself, of what "
	"was\n"
	"written with --out FILE.json or --format json; without a file, of "
	"the\n"
	"standard input.  Runs that spin, runs that sleep and runs that do "
	"either\n"
	"have tables and plots of their own; most peers sleep, so ours are "
	"beside\n"
	"them where they were told to (--spin never).  gnuplot draws.\n";

static const char *const waiting_text[BENCH_WAITINGS] = {
	[BENCH_SLEEPS] = "Each side sleeps in the kernel until it is woken.",
	[BENCH_SPINS] =
		"Each side looks again and again, and takes a processor "
		"for that.",
	[BENCH_ADAPTS] =
		"Each side looks for a while and then sleeps: ours where "
		"looking has lately paid, some peers always.",
};

/* ---- rows ---------------------------------------------------------------- */

static void fill(struct row *row, const struct result *result, int file,
		 int files)
{
	struct statistics s = { 0 };

	if (result->count)
		statistics_of(result->value, result->count, 1, &s);
	*row = (struct row) {
		.result = result,
		.file = file,
		.median = s.median,
		.low = s.low,
		.high = s.high,
		.least = s.least,
		.most = s.most,
	};
	if (files > 1)
		snprintf(row->label, sizeof(row->label), "%s [%d]",
			 result->name, file + 1);
	else
		snprintf(row->label, sizeof(row->label), "%s", result->name);
}

static bool is_known(const struct result *result)
{
	for (int w = 0; w < BENCH_WAITINGS; w++)
		if (strcmp(result->waiting, waiting_name[w]) == 0)
			return true;
	return false;
}

/* The kind of waiting of others, such as google/benchmark's own programs, is
 * unknown. */
static int has_ours(const struct results *results)
{
	for (int i = 0; i < results->count; i++)
		if (is_known(&results->result[i]))
			return 0;
	fprintf(stderr,
		"troupe-bench: %s: has no run in it that troupe-bench made\n",
		results->path);
	return -EINVAL;
}

/* Those that wait in one way. */
static int choose(const struct results *files, int count, const char *waiting,
		  struct rows *ret_rows)
{
	int most = 0;

	for (int i = 0; i < count; i++)
		most += files[i].count;
	ret_rows->count = 0;
	ret_rows->row = calloc((size_t)most + 1, sizeof(*ret_rows->row));
	if (!ret_rows->row)
		return -ENOMEM;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < files[i].count; j++)
			if (strcmp(files[i].result[j].waiting, waiting) == 0)
				fill(&ret_rows->row[ret_rows->count++],
				     &files[i].result[j], i, count);
	return 0;
}

/* ---- the page ------------------------------------------------------------ */

static int section(FILE *page, const struct rows *rows, const char *waiting,
		   const char *text)
{
	int r;

	fputs("<h2>Waiting: ", page);
	html_text(page, waiting);
	fputs("</h2>\n<p>", page);
	html_text(page, text);
	fputs("</p>\n", page);
	tables_peers(page, rows);
	r = plots_sizes(page, rows);
	if (r == 0)
		r = plots_latencies(page, rows);
	if (r < 0)
		return r;
	tables_scale(page, rows);
	r = plots_scaling(page, rows);
	fputs("<h3>All of them</h3>\n", page);
	tables_all(page, rows);
	return r;
}

static int sections(FILE *page, const struct results *files, int count)
{
	int r = 0;

	for (int w = 0; w < BENCH_WAITINGS && r == 0; w++) {
		struct rows rows;

		r = choose(files, count, waiting_name[w], &rows);
		if (r == 0 && rows.count > 0)
			r = section(page, &rows, waiting_name[w],
				    waiting_text[w]);
		free(rows.row);
	}
	return r;
}

static void how_again(FILE *page, const struct results *files, int count,
		      const char *out)
{
	fputs("<h2>How to make it again</h2>\n<pre><code>", page);
	for (int i = 0; i < count; i++) {
		const json_t *command =
			json_object_get(files[i].context, "command");

		html_text(page, json_is_string(command)
					? json_string_value(command)
					: "(unknown)");
		fputc('\n', page);
	}
	fputs("troupe-bench report", page);
	for (int i = 0; i < count; i++) {
		fputc(' ', page);
		html_text(page, files[i].path);
	}
	fputs(" -o ", page);
	html_text(page, out);
	fputs("</code></pre>\n", page);
}

static int write_page(FILE *page, const struct results *files, int count,
		      const char *out)
{
	int r;

	html_head(page, "troupe: what actors that are processes cost");
	fputs("<p>Times are medians over the runs, with a bootstrap interval "
	      "of 95 %, of one item. Every value of every run, and every cell "
	      "of the latencies, is in the JSON. A closed loop sends the next "
	      "when the last was answered; an open loop sends at a rate, and "
	      "counts from the planned time.",
	      page);
	if (count > 1)
		fputs(" The number in brackets is that of the file.", page);
	fputs("</p>\n", page);
	r = sections(page, files, count);
	fputs("<h2>Where and how</h2>\n", page);
	tables_context(page, files, count);
	how_again(page, files, count, out);
	html_foot(page);
	return r;
}

/* Nothing is written unless all of it is there. */
static int make(const struct results *files, int count, const char *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *page = open_memstream(&text, &size), *file;
	int r = page ? write_page(page, files, count, out) : -ENOMEM;

	if (page && fclose(page) != 0 && r == 0)
		r = -ENOMEM;
	file = r == 0 ? fopen(out, "we") : NULL;
	if (r == 0 && (!file || fwrite(text, 1, size, file) != size ||
		       fclose(file) != 0)) {
		r = -errno;
		fprintf(stderr, "troupe-bench: cannot write %s: %s\n", out,
			strerror(errno));
	}
	free(text);
	return r;
}

/* ---- the command --------------------------------------------------------- */

static int read_all(char *const *path, int paths, struct results *files,
		    int *count)
{
	int r = 0;

	for (int i = 0; i < paths && r == 0; i++) {
		r = results_read(path[i], &files[i]);
		*count += r == 0;
		if (r == 0)
			r = has_ours(&files[i]);
	}
	return r;
}

/* -o FILE is taken out of argv.  NULL: it is not there. */
static const char *take_out(int *argc, char **argv)
{
	const char *out = NULL;
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "-o") == 0 && i + 1 < *argc)
			out = argv[++i];
		else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return out;
}

int report_main(int argc, char **argv)
{
	static struct results files[FILES_MOST];
	static char *input[] = { "-" };
	const char *out = take_out(&argc, argv);
	int count = 0, r;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (!out || argc - 1 > FILES_MOST ||
	    (argc > 1 && argv[1][0] == '-' && argv[1][1])) {
		fputs(help, stderr);
		return STATUS_USAGE;
	}
	r = argc > 1 ? read_all(argv + 1, argc - 1, files, &count)
		     : read_all(input, 1, files, &count);
	if (r == 0)
		r = make(files, count, out);
	while (count > 0)
		results_free(&files[--count]);
	return r < 0;
}
