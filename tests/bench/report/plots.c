/* SPDX-License-Identifier: MIT */
#include "tests/bench/report/report.h"

#include <math.h>
#include <string.h>

static struct plot plot; /* one at a time */

/* The place of the first row that has `same` as this one. */
static bool is_first(const struct rows *rows, int at,
		     bool (*same)(const struct result *, const struct result *))
{
	for (int i = 0; i < at; i++)
		if (same(rows->row[i].result, rows->row[at].result))
			return false;
	return true;
}

/* "pingpong", and the file where there are several. */
static void family_of(const struct row *row, char title[160])
{
	const char *file = strstr(row->label, " [");

	snprintf(title, 160, "%s%s", row->result->family, file ? file : "");
}

static int add(const char *title, double x, double y)
{
	bool is_there = (!plot.is_log_x || x > 0) && (!plot.is_log_y || y > 0);
	struct series *series = is_there ? plot_series(&plot, title) : NULL;

	if (is_there && !series)
		plot.is_cut = true;
	return series ? plot_point(series, x, y) : 0;
}

/* ---- by size ------------------------------------------------------------- */

static bool has_bytes(const struct result *result)
{
	return result->count > 0 && result_parameter(result, "bytes") > 0;
}

static bool same_item(const struct result *a, const struct result *b)
{
	return has_bytes(a) && has_bytes(b) && strcmp(a->item, b->item) == 0;
}

static int plot_sizes(FILE *page, const struct rows *rows,
		      const struct result *like, bool is_bytes)
{
	char title[160];
	int r = 0;

	snprintf(plot.title, sizeof(plot.title), "%s by payload, %s",
		 is_bytes ? "Bytes" : "Rate", like->item);
	plot.x_label = "bytes of payload";
	plot.y_label = is_bytes ? "bytes a second" : "a second";
	plot.x_marks = "('16' 16, '256' 256, '4 Ki' 4096, '64 Ki' 65536, "
		       "'1 Mi' 1048576, '64 Mi' 67108864)";
	plot.is_log_x = plot.is_log_y = true;
	for (int i = 0; i < rows->count && r == 0; i++) {
		const struct row *row = &rows->row[i];
		double bytes = result_parameter(row->result, "bytes");

		if (!same_item(row->result, like))
			continue;
		family_of(row, title);
		r = add(title, bytes, (is_bytes ? bytes : 1) / row->median);
	}
	return r < 0 ? r : plot_draw(page, &plot);
}

int plots_sizes(FILE *page, const struct rows *rows)
{
	int r = 0;

	for (int i = 0; i < rows->count && r == 0; i++) {
		const struct result *result = rows->row[i].result;

		if (!has_bytes(result) || !is_first(rows, i, same_item))
			continue;
		r = plot_sizes(page, rows, result, false);
		if (r == 0)
			r = plot_sizes(page, rows, result, true);
	}
	return r;
}

/* ---- latencies ----------------------------------------------------------- */

static bool same_loop(const struct result *a, const struct result *b)
{
	return a->latency && b->latency && strcmp(a->loop, b->loop) == 0 &&
	       strcmp(a->item, b->item) == 0;
}

/* Each halving of what is left in five steps, as in a .hgrm file. */
static int add_percentiles(const char *title, const struct histogram *histogram)
{
	double count = (double)histogram->count;
	int r = 0;

	for (int step = 0; r == 0; step++) {
		double left = exp2(-step / 5.0);
		int64_t ns = histogram_percentile(histogram, 100 * (1 - left));

		if (left * count < 1)
			break;
		r = add(title, 1 / left, (double)ns / 1e9);
	}
	return r < 0 ? r : add(title, count, (double)histogram->most / 1e9);
}

static int plot_latencies(FILE *page, const struct rows *rows,
			  const struct result *like)
{
	int r = 0;

	snprintf(plot.title, sizeof(plot.title), "Latency, %s loop: %s",
		 like->loop, like->item);
	plot.x_label = "part of all that is no later";
	plot.y_label = "seconds";
	plot.x_marks = "('0 %%' 1, '50 %%' 2, '90 %%' 10, '99 %%' 100, "
		       "'99.9 %%' 1e3, '99.99 %%' 1e4, '99.999 %%' 1e5, "
		       "'99.9999 %%' 1e6)";
	plot.is_log_x = plot.is_log_y = plot.is_line = true;
	for (int i = 0; i < rows->count && r == 0; i++)
		if (same_loop(rows->row[i].result, like))
			r = add_percentiles(rows->row[i].label,
					    rows->row[i].result->latency);
	return r < 0 ? r : plot_draw(page, &plot);
}

int plots_latencies(FILE *page, const struct rows *rows)
{
	int r = 0;

	for (int i = 0; i < rows->count && r == 0; i++)
		if (rows->row[i].result->latency &&
		    is_first(rows, i, same_loop))
			r = plot_latencies(page, rows, rows->row[i].result);
	return r;
}

/* ---- by number ----------------------------------------------------------- */

static bool same_family(const struct result *a, const struct result *b)
{
	return strcmp(a->family, b->family) == 0;
}

/* The first parameter, bytes apart, that differs within the family. */
static const char *varied(const struct rows *rows, const struct result *like)
{
	for (int p = 0; p < like->parameters; p++) {
		const char *name = like->parameter_name[p];

		if (strcmp(name, "bytes") == 0)
			continue;
		for (int i = 0; i < rows->count; i++)
			if (rows->row[i].result->count > 0 &&
			    same_family(rows->row[i].result, like) &&
			    result_parameter(rows->row[i].result, name) !=
				    like->parameter[p])
				return name;
	}
	return NULL;
}

/* figure: its place; -1: the time of an item. */
static int plot_scaling(FILE *page, const struct rows *rows,
			const struct result *like, const char *parameter,
			int figure)
{
	char title[160];
	int r = 0;

	snprintf(plot.title, sizeof(plot.title), "%s: %s by %s", like->family,
		 figure < 0 ? "time" : like->figure[figure].name, parameter);
	plot.x_label = parameter;
	plot.y_label =
		figure < 0 ? "seconds an item" : like->figure[figure].name;
	plot.is_log_x = true;
	for (int i = 0; i < rows->count && r == 0; i++) {
		const struct row *row = &rows->row[i];
		const struct result *result = row->result;
		double x = result_parameter(result, parameter);

		if (!result->count || !same_family(result, like) || x <= 0 ||
		    figure >= result->figures)
			continue;
		family_of(row, title);
		r = add(title, x,
			figure < 0
				? row->median
				: result_median(result->figure[figure].value,
						result->figure[figure].count));
	}
	return r < 0 ? r : plot_draw(page, &plot);
}

int plots_scaling(FILE *page, const struct rows *rows)
{
	int r = 0;

	for (int i = 0; i < rows->count && r == 0; i++) {
		const struct result *result = rows->row[i].result;
		const char *parameter = varied(rows, result);

		if (!result->count || !parameter ||
		    !is_first(rows, i, same_family))
			continue;
		for (int f = -1; f < result->figures && r == 0; f++)
			r = plot_scaling(page, rows, result, parameter, f);
	}
	return r;
}
