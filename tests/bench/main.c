/* SPDX-License-Identifier: MIT */
/* troupe-bench: the cost and the speed of actors that are processes. */
#include "tests/bench/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_INTERRUPTED = 130 };

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
	/* A benchmark that hangs or fails once is not run again. */
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
		progress_end();
		fprintf(stderr, "troupe-bench: %s: %s\n", entry->name,
			run_is_interrupted() ? "interrupted" : strerror(-r));
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

/* Also of those that were interrupted between two runs. */
static void show_rest(const struct entries *entries,
		      const struct settings *settings)
{
	for (int i = 0; i < entries->count; i++)
		if (!is_done(&entries->entry[i], settings))
			table_row(stdout, &entries->entry[i]);
}

static int measure(struct entries *entries, const struct settings *settings)
{
	bool is_table = strcmp(settings->format, "table") == 0;
	int r;

	if (is_table) {
		context_print(stdout, settings);
		table_head(stdout, entries);
	}
	r = run_all(entries, settings);
	if (r < 0 && !run_is_interrupted())
		return 1;
	if (is_table) {
		show_rest(entries, settings);
		table_others(stdout, entries);
	}
	r = output_write(entries, settings) < 0 ? 1 : verdict(entries);
	return run_is_interrupted() ? STATUS_INTERRUPTED : r;
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct entries entries;
	int r;

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
	if (settings.pinning == PIN_TWO && kit_processors() < 2) {
		fputs("troupe-bench: --pin two: there is one processor here\n",
		      stderr);
		select_free(&entries);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	run_watch_signals();
	r = output_check(&settings) < 0 ? 1 : measure(&entries, &settings);
	select_free(&entries);
	return r;
}
