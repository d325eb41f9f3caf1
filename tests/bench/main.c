/* SPDX-License-Identifier: MIT */
/* troupe-bench: what actors that are processes cost, and what they reach. */
#include "tests/bench/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "tests/bench/report/report.h"

static void list(const struct entries *entries)
{
	for (int i = 0; i < entries->count; i++) {
		const struct bench *bench = entries->entry[i].bench;

		printf("%-20s %-10s", bench->name, bench->suite);
		for (int p = 0; p < BENCH_PARAMETERS; p++) {
			const struct bench_parameter *parameter =
				&bench->parameters[p];

			if (p == 0 && bench->sweep[0])
				printf(" %s=%ld", parameter->name,
				       entries->entry[i].value[0]);
			else if (parameter->name)
				printf(" %s=%ld|%ld|%ld", parameter->name,
				       parameter->value[BENCH_SMOKE],
				       parameter->value[BENCH_STD],
				       parameter->value[BENCH_LARGE]);
		}
		if (bench->needs)
			fputs("  (not built)", stdout);
		else if (entries->entry[i].skipped[0])
			printf("  (skipped: %s)", entries->entry[i].skipped);
		putchar('\n');
	}
}

/* ---- the rounds ---------------------------------------------------------- */

static bool is_done(const struct entry *entry, const struct settings *settings)
{
	if (entry->skipped[0])
		return true;
	/* What hangs or is wrong once is not asked again. */
	if (entry->failed)
		return true;
	return entry->count >= settings->repetitions &&
	       (settings->is_dry || entry->total >= settings->min_time);
}

static void progress(const struct entry *entry, int done, int all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%d/%d] %s, run %d", done, all,
			entry->name, entry->count + 1);
}

static void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void shuffle(int *place, int count, unsigned *seed)
{
	for (int i = count - 1; i > 0; i--) {
		int j = rand_r(seed) % (i + 1), kept = place[i];

		place[i] = place[j];
		place[j] = kept;
	}
}

/* 1: that was its last run, and its row is shown; 0; -errno. */
static int step(struct entry *entry, const struct settings *settings, int done,
		int all)
{
	bool is_table = strcmp(settings->format, "table") == 0;
	int r = 0;

	if (!is_done(entry, settings)) {
		progress(entry, done, all);
		r = run_once(entry, settings);
	}
	if (r < 0) {
		fprintf(stderr, "troupe-bench: %s: %s\n", entry->name,
			strerror(-r));
		return r;
	}
	if (!is_done(entry, settings))
		return 0;
	progress_end();
	if (is_table)
		table_row(stdout, entry);
	return 1;
}

/* Those that still have to run are place[0] to place[left - 1]. */
static int run_all(struct entries *entries, const struct settings *settings)
{
	int *place = calloc((size_t)entries->count + 1, sizeof(*place));
	unsigned seed = settings->seed;
	int all = entries->count, left = all, r = place ? 0 : -ENOMEM;

	for (int i = 0; place && i < all; i++)
		place[i] = i;
	while (r >= 0 && left > 0) {
		int kept = 0, round = left;

		if (settings->order == ORDER_RANDOM)
			shuffle(place, left, &seed);
		for (int i = 0; i < round && r >= 0; i++) {
			struct entry *entry = &entries->entry[place[i]];

			do
				r = step(entry, settings, all - left, all);
			while (r == 0 && settings->order == ORDER_SEQUENTIAL);
			left -= r == 1;
			if (r == 0)
				place[kept++] = place[i];
		}
	}
	free(place);
	return r < 0 ? r : 0;
}

/* ---- the output ---------------------------------------------------------- */

static void write_as(FILE *file, const char *format,
		     const struct entries *entries,
		     const struct settings *settings)
{
	if (strcmp(format, "json") == 0)
		json_write(file, entries, settings);
	else if (strcmp(format, "csv") == 0)
		lines_csv(file, entries);
	else if (strcmp(format, "rebench") == 0)
		lines_rebench(file, entries);
}

static void write_table(FILE *file, const struct entries *entries,
			const struct settings *settings)
{
	context_print(file, settings);
	table_head(file, entries);
	for (int i = 0; i < entries->count; i++)
		table_row(file, &entries->entry[i]);
	table_others(file, entries);
}

static int write_file(const struct entries *entries,
		      const struct settings *settings)
{
	const char *ending = strrchr(settings->out, '.');
	FILE *file = fopen(settings->out, "we");

	if (!file)
		return -errno;
	ending = ending ? ending + 1 : "table";
	if (strcmp(ending, "json") && strcmp(ending, "csv") &&
	    strcmp(ending, "rebench"))
		write_table(file, entries, settings);
	else
		write_as(file, ending, entries, settings);
	return fclose(file) == 0 ? 0 : -errno;
}

static int write_latencies(const struct entries *entries, const char *folder)
{
	for (int i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];
		char path[512], name[128];
		FILE *file;

		if (!entry->latency)
			continue;
		snprintf(name, sizeof(name), "%s", entry->name);
		for (char *c = name; *c; c++)
			*c = *c == '/' ? '_' : *c;
		snprintf(path, sizeof(path), "%s/%s.hgrm", folder, name);
		file = fopen(path, "we");
		if (!file)
			return -errno;
		histogram_write(file, entry->latency);
		fprintf(file, "#[%s, %s loop]\n", entry->name,
			entry->bench->is_open_loop ? "open" : "closed");
		fclose(file);
	}
	return 0;
}

/* The table has rows for them, the other formats have not. */
static void name_skipped(const struct entries *entries)
{
	for (int i = 0; i < entries->count; i++)
		if (entries->entry[i].skipped[0])
			fprintf(stderr, "troupe-bench: %s: skipped: %s\n",
				entries->entry[i].name,
				entries->entry[i].skipped);
}

static int output(const struct entries *entries,
		  const struct settings *settings)
{
	int r = 0;

	write_as(stdout, settings->format, entries, settings);
	if (strcmp(settings->format, "table") != 0)
		name_skipped(entries);
	if (settings->out)
		r = write_file(entries, settings);
	if (r == 0 && settings->latency_folder)
		r = write_latencies(entries, settings->latency_folder);
	if (r == 0 && settings->baseline)
		r = baseline_compare(stdout, entries, settings);
	if (r < 0)
		fprintf(stderr, "troupe-bench: cannot write or compare: %s\n",
			strerror(-r));
	return r;
}

static int verdict(const struct entries *entries)
{
	int wrong = 0;

	for (int i = 0; i < entries->count; i++)
		wrong += entries->entry[i].failed > 0;
	if (wrong)
		fprintf(stderr, "troupe-bench: %d of %d benchmarks FAILED\n",
			wrong, entries->count);
	return wrong ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct entries entries;
	int r;

	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return report_main(argc - 1, argv + 1);
	r = options_parse(argc, argv, &settings);
	if (r != 0)
		return r;
	if (select_benches(&settings, &entries) < 0)
		return 2;
	if (settings.is_list) {
		list(&entries);
		select_free(&entries);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (strcmp(settings.format, "table") == 0) {
		context_print(stdout, &settings);
		table_head(stdout, &entries);
	}
	r = run_all(&entries, &settings);
	if (r == 0 && strcmp(settings.format, "table") == 0)
		table_others(stdout, &entries);
	if (r == 0)
		r = output(&entries, &settings);
	r = r < 0 ? 1 : verdict(&entries);
	select_free(&entries);
	return r;
}
