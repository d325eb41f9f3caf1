/* SPDX-License-Identifier: MIT */
/*
 * The output after all runs: in files, on standard output if that is not the
 * table, and compared with earlier runs.
 */
#include "tests/bench/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/bench/results.h"

static int complain(const char *path, const char *what)
{
	int r = errno ? -errno : -EIO;

	fprintf(stderr, "troupe-bench: %s: %s: %s\n", path, what, strerror(-r));
	return r;
}

/* ---- before the first run ------------------------------------------------ */

static bool can_be_written(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[512] = ".";

	if (access(path, F_OK) == 0)
		return access(path, W_OK) == 0;
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s",
			 (int)(slash - path) + (slash == path), path);
	return access(folder, W_OK | X_OK) == 0;
}

int output_check(const struct settings *settings)
{
	const char *folder = settings->latency_folder;
	struct results baseline;
	int r;

	if (settings->out && !can_be_written(settings->out))
		return complain(settings->out, "cannot be written");
	if (folder && access(folder, W_OK | X_OK) < 0)
		return complain(folder, "no folder that can be written to");
	/* Standard input can be read once. */
	if (!settings->baseline || strcmp(settings->baseline, "-") == 0)
		return 0;
	r = results_read(settings->baseline, &baseline);
	if (r == 0)
		results_free(&baseline);
	return r;
}

/* ---- after the last ------------------------------------------------------ */

static void write_as(FILE *file, const char *format,
		     const struct entries *entries,
		     const struct settings *settings)
{
	if (strcmp(format, "json") == 0)
		json_write(file, entries, settings);
	else if (strcmp(format, "csv") == 0)
		lines_csv(file, entries, settings);
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
	bool is_bad;

	if (!file)
		return complain(settings->out, "cannot be written");
	ending = ending ? ending + 1 : "table";
	if (strcmp(ending, "json") && strcmp(ending, "csv") &&
	    strcmp(ending, "rebench"))
		write_table(file, entries, settings);
	else
		write_as(file, ending, entries, settings);
	is_bad = ferror(file);
	if (fclose(file) != 0 || is_bad)
		return complain(settings->out, "cannot be written");
	return 0;
}

static int write_latency(const struct entry *entry, const struct settings *s)
{
	char path[512], name[128];
	FILE *file;

	snprintf(name, sizeof(name), "%s", entry->name);
	for (char *c = name; *c; c++)
		*c = *c == '/' ? '_' : *c;
	snprintf(path, sizeof(path), "%s/%s.hgrm", s->latency_folder, name);
	file = fopen(path, "we");
	if (!file)
		return complain(path, "cannot be written");
	histogram_write(file, entry->latency);
	fprintf(file, "#[%s, %s loop]\n", entry->name,
		entry->bench->is_open_loop ? "open" : "closed");
	fprintf(file,
		"#[waiting %s, pinning %s, wait %s, spin %s, mailbox %ld, "
		"seed %u]\n",
		entry->waiting, pinning_name[s->pinning],
		s->wait ?: getenv("TROUPE_WAIT") ?: "best",
		s->spin ?: getenv("TROUPE_SPIN") ?: "auto", s->mailbox,
		s->seed);
	return fclose(file) == 0 ? 0 : complain(path, "cannot be written");
}

static int write_latencies(const struct entries *entries,
			   const struct settings *settings)
{
	int r = 0;

	for (int i = 0; i < entries->count && r == 0; i++)
		if (entries->entry[i].latency)
			r = write_latency(&entries->entry[i], settings);
	return r;
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

int output_write(const struct entries *entries, const struct settings *settings)
{
	int r = 0;

	write_as(stdout, settings->format, entries, settings);
	if (strcmp(settings->format, "table") != 0)
		name_skipped(entries);
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout))
		r = complain("standard output", "cannot be written");
	if (r == 0 && settings->out)
		r = write_file(entries, settings);
	if (r == 0 && settings->latency_folder)
		r = write_latencies(entries, settings);
	if (r == 0 && settings->baseline)
		r = baseline_compare(stdout, entries, settings);
	return r;
}
