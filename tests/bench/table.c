/* SPDX-License-Identifier: MIT */
/* For people. */
#include "tests/bench/harness.h"

#include <stdlib.h>
#include <string.h>
#include "tests/bench/statistics.h"

static int name_width = 24;
static const char *shown; /* how those of the first table wait */

static void head(FILE *file, const char *waiting)
{
	char name[32];

	snprintf(name, sizeof(name), "waiting: %s", waiting);
	fprintf(file, "%-*s %4s %10s %21s %21s  %s\n", name_width, name, "runs",
		"median", "95 % of the median", "least .. most", "and");
}

void table_head(FILE *file, const struct entries *entries)
{
	for (int i = 0; i < entries->count; i++) {
		int width = (int)strlen(entries->entry[i].name);

		if (width > name_width)
			name_width = width;
	}
	shown = entries->count ? entries->entry[0].waiting : NULL;
	if (shown)
		head(file, shown);
}

static const char *scaled(double value, char buffer[16])
{
	static const char unit[] = " kMGT";
	int i = 0;

	while (value >= 1000 && unit[i + 1]) {
		value /= 1000;
		i++;
	}
	snprintf(buffer, 16, "%.*f%.*s",
		 value < 10 ? 2 : value<100, value, i> 0, &unit[i]);
	return buffer;
}

static const char *duration(double seconds, char buffer[16])
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	double value = seconds * 1e9;
	int i = 0;

	while (value >= 1000 && i < 3) {
		value /= 1000;
		i++;
	}
	snprintf(buffer, 16, "%.*f %s", value < 10 ? 2 : value < 100, value,
		 unit[i]);
	return buffer;
}

static void latency(FILE *file, const struct entry *entry)
{
	static const double percent[] = { 50, 90, 99, 99.9, 99.99 };
	char text[16];

	fprintf(file,
		", %s loop:", entry->bench->is_open_loop ? "open" : "closed");
	for (size_t i = 0; i < sizeof(percent) / sizeof(*percent); i++) {
		double ns = (double)histogram_percentile(entry->latency,
							 percent[i]);

		fprintf(file, " p%g %s,", percent[i], duration(ns / 1e9, text));
	}
	fprintf(file, " most %s",
		duration((double)entry->latency->most / 1e9, text));
}

static void extra(FILE *file, const struct entry *entry, double median)
{
	const struct run *last = &entry->run[entry->count - 1];
	char a[16];

	fprintf(file, "  %s %s/s", scaled(1 / median, a), entry->bench->item);
	if (last->bytes > 0)
		fprintf(file, ", %.2f GiB/s",
			last->bytes / (double)last->items / median / (1 << 30));
	if (entry->bench->shares_memory)
		fputs(", shares memory", file);
	else if (strcmp(entry->bench->suite, "peer") == 0)
		fputs(", isolates by process", file);
	for (int i = 0; i < FIGURES && last->figure[i].name[0]; i++)
		fprintf(file, ", %s %.6g", last->figure[i].name,
			entry_figure(entry, i));
	if (!entry->latency)
		return;
	latency(file, entry);
}

static void whys(FILE *file, const struct entry *entry)
{
	for (int i = 0; i < entry->count; i++)
		if (entry->run[i].why[0])
			fprintf(file, "  FAILED: %s, run %d: %s\n", entry->name,
				i + 1, entry->run[i].why);
}

static void row(FILE *file, const struct entry *entry)
{
	struct statistics s;
	char a[16], b[16];
	double *value;
	int count;

	if (entry->skipped[0]) {
		fprintf(file, "%-*s skipped: %s\n", name_width, entry->name,
			entry->skipped);
		return;
	}
	value = entry_values(entry, &count);
	if (count > 0) {
		statistics_of(value, count, 1, &s);
		fprintf(file, "%-*s %4d %10s", name_width, entry->name, count,
			duration(s.median, a));
		fprintf(file, " %10s %10s", duration(s.low, a),
			duration(s.high, b));
		fprintf(file, " %10s %10s", duration(s.least, a),
			duration(s.most, b));
		extra(file, entry, s.median);
		fputc('\n', file);
	}
	whys(file, entry);
	free(value);
}

void table_row(FILE *file, const struct entry *entry)
{
	if (entry->waiting == shown)
		row(file, entry);
}

void table_others(FILE *file, const struct entries *entries)
{
	for (int w = 0; w < BENCH_WAITINGS; w++) {
		bool has_head = waiting_name[w] == shown;

		for (int i = 0; i < entries->count; i++) {
			const struct entry *entry = &entries->entry[i];

			if (entry->waiting != waiting_name[w] ||
			    entry->waiting == shown)
				continue;
			if (!has_head) {
				fputc('\n', file);
				head(file, waiting_name[w]);
			}
			has_head = true;
			row(file, entry);
		}
	}
}
