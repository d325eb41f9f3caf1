/* SPDX-License-Identifier: MIT */
#include "tests/bench/report/report.h"

#include <stdlib.h>
#include <string.h>

static void begin(FILE *page, const char *const *titles)
{
	fputs("<table>\n", page);
	html_row(page);
	for (; *titles; titles++)
		html_title(page, *titles);
	html_end_row(page);
}

static void end(FILE *page)
{
	fputs("</table>\n", page);
}

/* ---- where and how ------------------------------------------------------- */

static void context_cell(FILE *page, const json_t *value)
{
	char text[64];

	if (json_is_string(value)) {
		html_cell(page, json_string_value(value));
		return;
	}
	if (json_is_number(value))
		snprintf(text, sizeof(text), "%.15g", json_number_value(value));
	else
		snprintf(text, sizeof(text), "%s",
			 json_is_true(value) ? "yes" : "no");
	html_cell(page, text);
}

/* A line each; the keys are those of the first file. */
void tables_context(FILE *page, const struct results *files, int count)
{
	const char *key;
	json_t *value;

	fputs("<table>\n", page);
	html_row(page);
	html_title(page, "file");
	for (int i = 0; i < count; i++)
		html_title(page, files[i].path);
	html_end_row(page);
	json_object_foreach(files[0].context, key, value)
	{
		if (json_is_array(value) || json_is_object(value))
			continue;
		html_row(page);
		html_cell(page, key);
		for (int i = 0; i < count; i++)
			context_cell(page,
				     json_object_get(files[i].context, key));
		html_end_row(page);
	}
	end(page);
}

/* ---- everything ---------------------------------------------------------- */

static void times(FILE *page, const struct row *row)
{
	char a[24], b[24];

	html_number(page, "%s", html_duration(row->median, a));
	html_number(page, "%s .. %s", html_duration(row->low, a),
		    html_duration(row->high, b));
	html_number(page, "%s .. %s", html_duration(row->least, a),
		    html_duration(row->most, b));
}

static void rates(FILE *page, const struct row *row)
{
	char a[24];

	html_number(page, "%s %s/s", html_scaled(1 / row->median, a),
		    row->result->item);
	if (row->result->bytes > 0)
		html_number(page, "%.2f GiB/s",
			    row->result->bytes / row->median / (1 << 30));
	else
		html_cell(page, "");
}

static void latency(FILE *page, const struct result *result)
{
	const struct histogram *histogram = result->latency;
	char a[24], b[24], c[24], d[24];

	if (!histogram) {
		html_cell(page, "");
		return;
	}
	html_number(
		page, "%s: %s, %s, %s, %s", result->loop,
		html_duration(histogram_percentile(histogram, 50) / 1e9, a),
		html_duration(histogram_percentile(histogram, 99) / 1e9, b),
		html_duration(histogram_percentile(histogram, 99.9) / 1e9, c),
		html_duration((double)histogram->most / 1e9, d));
}

static void figures(FILE *page, const struct result *result)
{
	fputs("<td>", page);
	for (int i = 0; i < result->figures; i++) {
		const struct result_figure *figure = &result->figure[i];

		fputs(i ? ", " : "", page);
		html_text(page, figure->name);
		fprintf(page, " %.6g",
			result_median(figure->value, figure->count));
	}
	fputs("</td>", page);
}

static void row_of_all(FILE *page, const struct row *row)
{
	const struct result *result = row->result;

	html_row(page);
	html_cell(page, row->label);
	html_cell(page, result->suite);
	html_number(page, "%d", result->count);
	if (result->count > 0) {
		times(page, row);
		rates(page, row);
		latency(page, result);
		figures(page, result);
	}
	if (result->failed)
		html_number(page, "%d FAILED", result->failed);
	html_end_row(page);
}

void tables_all(FILE *page, const struct rows *rows)
{
	static const char *const titles[] = {
		"benchmark",
		"suite",
		"runs",
		"median an item",
		"95 % of the median",
		"least .. most",
		"rate",
		"bytes",
		"latency: loop: p50, p99, p99.9, most",
		"and",
		NULL
	};

	begin(page, titles);
	for (int i = 0; i < rows->count; i++)
		row_of_all(page, &rows->row[i]);
	end(page);
}

/* ---- ours beside the peers ----------------------------------------------- */

static bool is_suite(const struct row *row, const char *suite)
{
	return strcmp(row->result->suite, suite) == 0;
}

static bool is_compared(const struct row *row)
{
	return row->result->count > 0 &&
	       (is_suite(row, "troupe") || is_suite(row, "peer") ||
		is_suite(row, "floor"));
}

static bool has_same(const struct row *a, const struct row *b,
		     const char *parameter)
{
	double x = result_parameter(a->result, parameter);
	double y = result_parameter(b->result, parameter);

	return x >= y && x <= y;
}

/* The same thing in the same size. */
static bool is_alike(const struct row *a, const struct row *b)
{
	return is_compared(a) && is_compared(b) &&
	       strcmp(a->result->item, b->result->item) == 0 &&
	       has_same(a, b, "bytes") && has_same(a, b, "senders");
}

static int by_median(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a;
	const struct row *y = *(const struct row *const *)b;

	return (x->median > y->median) - (x->median < y->median);
}

static void row_of_peers(FILE *page, const struct row *row, double ours)
{
	bool is_ours = is_suite(row, "troupe");

	fputs(is_ours ? "<tr class=\"ours\">" : "<tr>", page);
	html_cell(page, row->label);
	html_cell(page, is_ours ? "ours" : row->result->suite);
	html_cell(page, strcmp(row->result->isolation, "by process") == 0
				? "isolates by process"
				: row->result->isolation);
	times(page, row);
	rates(page, row);
	html_number(page, "%.2f", row->median / ours);
	html_end_row(page);
}

static void table_of(FILE *page, const struct row *like,
		     const struct row **chosen, int count, double ours)
{
	static const char *const titles[] = { "benchmark",
					      "",
					      "its actors",
					      "median an item",
					      "95 % of the median",
					      "least .. most",
					      "rate",
					      "bytes",
					      "time by our best",
					      NULL };
	double bytes = result_parameter(like->result, "bytes");
	double senders = result_parameter(like->result, "senders");

	fputs("<h4>", page);
	html_text(page, like->result->item);
	if (bytes > 0)
		fprintf(page, ", %.0f bytes each", bytes);
	if (senders > 0)
		fprintf(page, ", %.0f to one", senders);
	fputs("</h4>\n", page);
	begin(page, titles);
	qsort(chosen, (size_t)count, sizeof(*chosen), by_median);
	for (int i = 0; i < count; i++)
		row_of_peers(page, chosen[i], ours);
	end(page);
}

/* True: there was one with ours and peers both. */
static bool compare_with(FILE *page, const struct rows *rows,
			 const struct row *like)
{
	const struct row **chosen =
		calloc((size_t)rows->count, sizeof(*chosen));
	bool has_peer = false;
	double ours = 0;
	int count = 0;

	for (int i = 0; chosen && i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		if (!is_alike(row, like))
			continue;
		has_peer |= is_suite(row, "peer");
		if (is_suite(row, "troupe") && (!ours || row->median < ours))
			ours = row->median;
		chosen[count++] = row;
	}
	if (has_peer && ours > 0)
		table_of(page, like, chosen, count, ours);
	free(chosen);
	return has_peer && ours > 0;
}

void tables_peers(FILE *page, const struct rows *rows)
{
	bool is_any = false;

	fputs("<h3>Ours beside the peers</h3>\n", page);
	for (int i = 0; i < rows->count; i++) {
		int before = 0;

		if (!is_suite(&rows->row[i], "peer"))
			continue;
		while (before < i &&
		       !(is_suite(&rows->row[before], "peer") &&
			 is_alike(&rows->row[before], &rows->row[i])))
			before++;
		if (before == i)
			is_any |= compare_with(page, rows, &rows->row[i]);
	}
	if (!is_any)
		fputs("<p>No peer that waits in this way was measured together "
		      "with ours.</p>\n",
		      page);
}

/* ---- how many ------------------------------------------------------------ */

void tables_scale(FILE *page, const struct rows *rows)
{
	static const char *const titles[] = { "processes", "a hop",
					      "95 % of the median", "and",
					      NULL };
	bool is_open = false;
	char a[24], b[24];

	for (int i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		if (strcmp(row->result->family, "scale") != 0 ||
		    !row->result->count)
			continue;
		if (!is_open) {
			fputs("<h3>By the number of processes</h3>\n", page);
			begin(page, titles);
		}
		is_open = true;
		html_row(page);
		html_number(page, "%.0f", result_parameter(row->result, "n"));
		html_number(page, "%s", html_duration(row->median, a));
		html_number(page, "%s .. %s", html_duration(row->low, a),
			    html_duration(row->high, b));
		figures(page, row->result);
		html_end_row(page);
	}
	if (is_open)
		end(page);
}
