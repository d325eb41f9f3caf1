/* SPDX-License-Identifier: MIT */
/* Compares with the JSON that json.c wrote, key by key, line by line. */
#include "tests/bench/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/statistics.h"

enum { VALUES_MOST = 4096 };

/* The runs of one name, in seconds an item; those that failed left out. */
static int read_values(FILE *file, const char *name, double *value)
{
	char line[512], found[256] = "";
	bool is_iteration = false, is_wrong = false;
	double ns;
	int count = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) && count < VALUES_MOST) {
		if (sscanf(line, " \"name\": \"%255[^\"]", found) == 1)
			is_iteration = is_wrong = false;
		if (strstr(line, "\"run_type\": \"iteration\""))
			is_iteration = true;
		if (strstr(line, "\"error_occurred\": true"))
			is_wrong = true;
		if (sscanf(line, " \"real_time\": %lf", &ns) == 1 &&
		    is_iteration && !is_wrong && strcmp(found, name) == 0)
			value[count++] = ns / 1e9;
	}
	return count;
}

static void compare(FILE *file, FILE *baseline, const struct entry *entry,
		    const struct settings *settings)
{
	static const char *const word[] = { "within noise", "improved",
					    "WORSE" };
	static double before[VALUES_MOST];
	struct statistics old, new;
	int old_count = read_values(baseline, entry->name, before), count;
	double *after = entry_values(entry, &count);

	if (old_count == 0 || count == 0) {
		fprintf(file, "%-48s not in both\n", entry->name);
	} else {
		statistics_of(before, old_count, settings->seed, &old);
		statistics_of(after, count, settings->seed, &new);
		fprintf(file, "%-48s %12.1f -> %12.1f ns %+7.1f %%  %s\n",
			entry->name, old.median * 1e9, new.median * 1e9,
			(new.median / old.median - 1) * 100,
			word[statistics_compare(&old, &new, settings->noise)]);
	}
	free(after);
}

int baseline_compare(FILE *file, const struct entries *entries,
		     const struct settings *settings)
{
	FILE *baseline = fopen(settings->baseline, "re");

	if (!baseline)
		return -errno;
	fprintf(file, "\ncompared with %s, medians an item:\n",
		settings->baseline);
	for (int i = 0; i < entries->count; i++)
		compare(file, baseline, &entries->entry[i], settings);
	fclose(baseline);
	return 0;
}
