/* SPDX-License-Identifier: MIT */
/* Compares with the JSON of an earlier run. */
#include "tests/bench/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/results.h"
#include "tests/bench/statistics.h"

static void compare(FILE *file, const struct result *before,
		    const struct entry *entry, const struct settings *settings)
{
	static const char *const word[] = {
		[CHANGE_NOISE] = "within noise",
		[CHANGE_BETTER] = "improved",
		[CHANGE_WORSE] = "WORSE",
		[CHANGE_UNKNOWN] = "too few runs to say",
	};
	struct statistics old, new;
	int count;
	double *after = entry_values(entry, &count);

	if (!before || before->count == 0 || count == 0) {
		fprintf(file, "%-48s not in both\n", entry->name);
	} else if (strcmp(before->waiting, entry->waiting) != 0) {
		/* Different kinds of waiting: see README.md. */
		fprintf(file, "%-48s not comparable: %s then, %s now\n",
			entry->name, before->waiting, entry->waiting);
	} else {
		statistics_of(before->value, before->count, settings->seed,
			      &old);
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
	struct results baseline;
	int r = results_read(settings->baseline, &baseline);

	if (r < 0)
		return r;
	fprintf(file,
		"\ncompared with %s, medians an item; a change is more than "
		"%g %%,\nwith intervals of 95 %% that do not touch:\n",
		settings->baseline, settings->noise);
	for (int i = 0; i < entries->count; i++)
		compare(file, results_find(&baseline, entries->entry[i].name),
			&entries->entry[i], settings);
	results_free(&baseline);
	return 0;
}
