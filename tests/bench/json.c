/* SPDX-License-Identifier: MIT */
/*
 * The schema of google/benchmark, which its compare.py reads: each run is a
 * row of kind "iteration", and behind them come the aggregates.  A time is of
 * one item, as google/benchmark's is of one iteration.
 *
 * Our additions: a few keys in each row, and "latencies", every cell of the
 * histograms.  results.c reads all of it.
 */
#include "tests/bench/harness.h"

#include <stdlib.h>
#include "tests/bench/statistics.h"

static void head(FILE *file, const struct entry *entry, const char *suffix,
		 bool *is_first)
{
	fprintf(file, "%s    {\n", *is_first ? "" : ",\n");
	*is_first = false;
	fprintf(file, "      \"name\": \"%s%s\",\n", entry->name, suffix);
	fprintf(file, "      \"run_name\": \"%s\",\n", entry->name);
	fprintf(file, "      \"repetitions\": %d,\n", entry->count);
	fprintf(file, "      \"threads\": 1,\n");
}

static const char *isolation_of(const struct bench *bench)
{
	return bench->shares_memory ? "shares memory in one" : "by process";
}

static void text(FILE *file, const char *key, const char *value)
{
	fprintf(file, "      \"%s\": \"", key);
	for (; *value; value++)
		fputc(*value == '"' || *value == '\\' ? '\'' : *value, file);
	fputs("\",\n", file);
}

static void row(FILE *file, const struct entry *entry, int index,
		bool *is_first)
{
	const struct run *run = &entry->run[index];
	double items = (double)run->items;

	head(file, entry, "", is_first);
	fprintf(file, "      \"run_type\": \"iteration\",\n");
	text(file, "suite", entry->bench->suite);
	text(file, "item", entry->bench->item);
	text(file, "waiting", entry->waiting);
	text(file, "isolation", isolation_of(entry->bench));
	fprintf(file, "      \"repetition_index\": %d,\n", index);
	fprintf(file, "      \"iterations\": %ld,\n", run->items);
	if (run->why[0]) {
		fprintf(file, "      \"error_occurred\": true,\n");
		text(file, "error_message", run->why);
	}
	if (run->bytes > 0 && run->seconds > 0)
		fprintf(file, "      \"bytes_per_second\": %.9g,\n",
			run->bytes / run->seconds);
	for (int i = 0; i < FIGURES && run->figure[i].name[0]; i++)
		fprintf(file, "      \"%s\": %.9g,\n", run->figure[i].name,
			run->figure[i].value);
	fprintf(file, "      \"items_per_second\": %.9g,\n",
		run->seconds > 0 ? items / run->seconds : 0);
	fprintf(file, "      \"run_seconds\": %.9g,\n", run->seconds);
	fprintf(file, "      \"node_seconds\": %.9g,\n", run->whole);
	fprintf(file, "      \"context_switches\": %ld,\n", run->switches);
	fprintf(file, "      \"max_rss_kib\": %ld,\n", run->rss);
	fprintf(file, "      \"arena_pages_kept\": %ld,\n", run->pages);
	fprintf(file, "      \"real_time\": %.9g,\n",
		run->seconds * 1e9 / items);
	fprintf(file, "      \"cpu_time\": %.9g,\n", run->cpu * 1e9 / items);
	fprintf(file, "      \"time_unit\": \"ns\"\n    }");
}

static void aggregate(FILE *file, const struct entry *entry, const char *name,
		      double seconds, bool *is_first)
{
	char suffix[32];

	snprintf(suffix, sizeof(suffix), "_%s", name);
	head(file, entry, suffix, is_first);
	fprintf(file, "      \"run_type\": \"aggregate\",\n");
	text(file, "aggregate_name", name);
	fprintf(file, "      \"aggregate_unit\": \"time\",\n");
	fprintf(file, "      \"iterations\": %d,\n", entry->count);
	fprintf(file, "      \"real_time\": %.9g,\n", seconds * 1e9);
	fprintf(file, "      \"cpu_time\": 0,\n");
	fprintf(file, "      \"time_unit\": \"ns\"\n    }");
}

static void aggregates(FILE *file, const struct entry *entry, unsigned seed,
		       bool *is_first)
{
	struct statistics s;
	int count;
	double *value = entry_values(entry, &count);

	if (count > 1) {
		statistics_of(value, count, seed, &s);
		aggregate(file, entry, "mean", s.mean, is_first);
		aggregate(file, entry, "median", s.median, is_first);
		aggregate(file, entry, "stddev", s.deviation, is_first);
		aggregate(file, entry, "min", s.least, is_first);
		aggregate(file, entry, "max", s.most, is_first);
		aggregate(file, entry, "ci95_low", s.low, is_first);
		aggregate(file, entry, "ci95_high", s.high, is_first);
	}
	free(value);
	for (int i = 0; entry->latency && i < 5; i++) {
		static const double percent[] = { 50, 90, 99, 99.9, 99.99 };
		char name[16];

		snprintf(name, sizeof(name), "p%g", percent[i]);
		aggregate(file, entry, name,
			  (double)histogram_percentile(entry->latency,
						       percent[i]) /
				  1e9,
			  is_first);
	}
}

static void cells(FILE *file, const struct histogram *histogram)
{
	bool is_first = true;

	for (int i = 0; i < HISTOGRAM_CELLS; i++) {
		if (!histogram->cell[i])
			continue;
		fprintf(file, "%s[%lld, %llu]", is_first ? "" : ", ",
			(long long)histogram_value(i),
			(unsigned long long)histogram->cell[i]);
		is_first = false;
	}
}

/* In nanoseconds; a cell is its highest value and its count. */
static void latencies(FILE *file, const struct entries *entries)
{
	bool is_first = true;

	fputs("  \"latencies\": [", file);
	for (int i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];

		if (!entry->latency)
			continue;
		fprintf(file, "%s\n    {\n", is_first ? "" : ",");
		is_first = false;
		text(file, "name", entry->name);
		text(file, "loop",
		     entry->bench->is_open_loop ? "open" : "closed");
		fprintf(file, "      \"least\": %lld,\n      \"most\": %lld,\n",
			(long long)entry->latency->least,
			(long long)entry->latency->most);
		fputs("      \"cells\": [", file);
		cells(file, entry->latency);
		fputs("]\n    }", file);
	}
	fputs("\n  ]\n", file);
}

void json_write(FILE *file, const struct entries *entries,
		const struct settings *settings)
{
	bool is_first = true;

	fputs("{\n  \"context\": {\n", file);
	context_json(file, settings);
	fputs("  },\n  \"benchmarks\": [\n", file);
	for (int i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];

		for (int j = 0; j < entry->count; j++)
			row(file, entry, j, &is_first);
		aggregates(file, entry, settings->seed, &is_first);
	}
	fputs("\n  ],\n", file);
	latencies(file, entries);
	fputs("}\n", file);
}
