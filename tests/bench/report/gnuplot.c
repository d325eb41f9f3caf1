/* SPDX-License-Identifier: MIT */
/*
 * gnuplot reads its commands from one file in memory and writes the drawing
 * into another.  Its drawings use the same names for their marks, and a page
 * has several: each gets names of its own.
 */
#include "tests/bench/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127 };

struct series *plot_series(struct plot *plot, const char *title)
{
	struct series *series = plot->series;

	for (int i = 0; i < plot->count; i++)
		if (strcmp(series[i].title, title) == 0)
			return &series[i];
	if (plot->count == PLOT_SERIES)
		return NULL;
	series += plot->count++;
	snprintf(series->title, sizeof(series->title), "%s", title);
	return series;
}

int plot_point(struct series *series, double x, double y)
{
	struct point *more = reallocarray(
		series->point, (size_t)series->count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	series->point = more;
	more[series->count++] = (struct point) { x, y };
	return 0;
}

static void empty(struct plot *plot)
{
	for (int i = 0; i < plot->count; i++)
		free(plot->series[i].point);
	*plot = (struct plot) { 0 };
}

/* ---- commands ------------------------------------------------------------ */

static void quote(FILE *script, const char *text)
{
	fputc('"', script);
	for (; *text; text++)
		fputc(*text == '"' || *text == '\\' ? '\'' : *text, script);
	fputc('"', script);
}

static void set(FILE *script, const char *what, const char *text)
{
	fprintf(script, "set %s ", what);
	quote(script, text);
	fputc('\n', script);
}

static int by_x(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void write_points(FILE *script, const struct series *series, int number)
{
	fprintf(script, "$s%d << END\n", number);
	for (int j = 0; j < series->count; j++)
		fprintf(script, "%.9g %.9g\n", series->point[j].x,
			series->point[j].y);
	fputs("END\n", script);
}

static void write_script(FILE *script, const struct plot *plot)
{
	fputs("set terminal svg size 900,420 noenhanced "
	      "font 'sans-serif,12' background 'white'\n"
	      "set grid\nset key outside right top\n"
	      "set format y '%.1s %c'\n"
	      "set colorsequence podo\n",
	      script);
	set(script, "title", plot->title);
	set(script, "xlabel", plot->x_label);
	set(script, "ylabel", plot->y_label);
	if (plot->is_log_x)
		fputs("set logscale x\n", script);
	if (plot->is_log_y)
		fputs("set logscale y\n", script);
	else
		fputs("set yrange [*<0:*]\n", script);
	if (plot->x_marks)
		fprintf(script, "set xtics %s\n", plot->x_marks);
	for (int i = 0; i < plot->count; i++) {
		const struct series *series = &plot->series[i];

		qsort(series->point, (size_t)series->count,
		      sizeof(*series->point), by_x);
		write_points(script, series, i);
	}
	for (int i = 0; i < plot->count; i++) {
		fprintf(script, "%s $s%d using 1:2 with %s title ",
			i ? "," : "plot", i,
			plot->is_line ? "lines lw 1.5" : "linespoints");
		quote(script, plot->series[i].title);
	}
	fputc('\n', script);
}

/* ---- the program --------------------------------------------------------- */

static int complain(int status)
{
	if (status == NOT_FOUND)
		fputs("troupe-bench: the plots of a report are drawn by "
		      "gnuplot, which is not there: please run, as root: "
		      "apt-get install gnuplot-nox\n",
		      stderr);
	else
		fprintf(stderr,
			"troupe-bench: gnuplot cannot draw: it ended with "
			"status %d\n",
			status);
	return status == NOT_FOUND ? -ENOENT : -EIO;
}

static int run_gnuplot(int script, int drawing)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		dup2(script, STDIN_FILENO);
		dup2(drawing, STDOUT_FILENO);
		execlp("gnuplot", "gnuplot", "-", (char *)NULL);
		_exit(NOT_FOUND);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (status)
		return complain(WIFEXITED(status) ? WEXITSTATUS(status)
						  : 128 + WTERMSIG(status));
	return 0;
}

/* A name begins behind these. */
static size_t name_follows(const char *at)
{
	static const char *const before[] = { " id='", " id=\"", "href='#",
					      "href=\"#", "url(#" };

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
		if (strncmp(at, before[i], strlen(before[i])) == 0)
			return strlen(before[i]);
	return 0;
}

/* From <svg on, for what comes before is of a file of its own. */
static int include(FILE *page, char *drawing, size_t size)
{
	static int number;
	const char *at = memmem(drawing, size, "<svg", 4);
	const char *end = drawing + size;

	if (!at)
		return complain(0);
	number++;
	while (at < end) {
		size_t length = name_follows(at);

		if (length) {
			fwrite(at, 1, length, page);
			fprintf(page, "plot%d-", number);
			at += length;
		} else {
			fputc(*at++, page);
		}
	}
	return 0;
}

static int draw(FILE *page, const struct plot *plot, FILE *script, int drawing)
{
	char *text;
	off_t size;
	int r;

	write_script(script, plot);
	if (fflush(script) != 0 || lseek(fileno(script), 0, SEEK_SET) < 0)
		return -errno;
	r = run_gnuplot(fileno(script), drawing);
	if (r < 0)
		return r;
	size = lseek(drawing, 0, SEEK_END);
	text = size > 0 ? calloc(1, (size_t)size + 1) : NULL;
	if (!text)
		return size > 0 ? -ENOMEM : complain(0);
	r = pread(drawing, text, (size_t)size, 0) == size ? 0 : -EIO;
	if (r == 0)
		r = include(page, text, (size_t)size);
	if (r == 0 && plot->is_cut)
		fprintf(page,
			"<p>These are the first %d; all are in the "
			"table.</p>\n",
			PLOT_SERIES);
	free(text);
	return r;
}

/* A single place on the x axis is better shown in a table. */
static bool is_a_line(const struct plot *plot)
{
	const struct series *series = plot->series;

	for (int i = 0; i < plot->count; i++)
		for (int j = 0; j < series[i].count; j++)
			if (series[i].point[j].x < series->point->x ||
			    series[i].point[j].x > series->point->x)
				return true;
	return false;
}

int plot_draw(FILE *page, struct plot *plot)
{
	int input = memfd_create("script", MFD_CLOEXEC);
	int drawing = memfd_create("drawing", MFD_CLOEXEC);
	FILE *script = input >= 0 ? fdopen(input, "w") : NULL;
	int r = 0;

	if (!script || drawing < 0)
		r = -errno;
	else if (is_a_line(plot))
		r = draw(page, plot, script, drawing);
	if (script)
		fclose(script);
	else if (input >= 0)
		close(input);
	if (drawing >= 0)
		close(drawing);
	empty(plot);
	return r;
}
