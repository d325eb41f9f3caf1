/* SPDX-License-Identifier: MIT */
/* A line each run: CSV, and what ReBench's RebenchLog adapter reads. */
#include "tests/bench/harness.h"

void lines_csv(FILE *file, const struct entries *entries)
{
	fputs("name,suite,run,item,items,seconds,ns_per_item,cpu_seconds,"
	      "node_seconds,bytes,context_switches,max_rss_kib,error\n",
	      file);
	for (int i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];

		for (int j = 0; j < entry->count; j++) {
			const struct run *run = &entry->run[j];

			fprintf(file,
				"%s,%s,%d,%s,%ld,%.9g,%.9g,%.9g,%.9g,%.9g,%ld,"
				"%ld,\"%s\"\n",
				entry->name, entry->bench->suite, j,
				entry->bench->item, run->items, run->seconds,
				run->seconds * 1e9 / (double)run->items,
				run->cpu, run->whole, run->bytes, run->switches,
				run->rss, run->why);
		}
	}
}

void lines_rebench(FILE *file, const struct entries *entries)
{
	for (int i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];

		for (int j = 0; j < entry->count; j++) {
			const struct run *run = &entry->run[j];

			if (run->why[0]) /* the word that marks it invalid */
				fprintf(file, "%s: incorrect: %s\n",
					entry->name, run->why);
			else
				fprintf(file,
					"%s: iterations=1 runtime: %.0fus\n",
					entry->name, run->seconds * 1e6);
		}
	}
}
