/* SPDX-License-Identifier: MIT */
/* A line each run: CSV, and what ReBench's RebenchLog adapter reads. */
#include "tests/bench/harness.h"

#include <stdlib.h>

static void csv_row(FILE *file, const struct entry *entry, int index,
		    const struct settings *settings)
{
	const struct run *run = &entry->run[index];
	const struct bench *bench = entry->bench;

	fprintf(file, "%s,%s,%d,%s,%ld,", entry->name, bench->suite, index,
		bench->item, run->items);
	fprintf(file, "%.9g,%.9g,%.9g,%.9g,%.9g,%ld,%ld,", run->seconds,
		run->seconds * 1e9 / (double)run->items, run->cpu, run->whole,
		run->bytes, run->switches, run->rss);
	fprintf(file, "%s,%s,%s,%s,", entry->waiting,
		bench->shares_memory ? "memory" : "nothing",
		bench->is_open_loop ? "open" : "closed",
		pinning_name[settings->pinning]);
	fprintf(file, "%s,%s,%ld,%u,\"",
		settings->wait ?: getenv("TROUPE_WAIT") ?: "best",
		settings->spin ?: getenv("TROUPE_SPIN") ?: "auto",
		settings->mailbox, settings->seed);
	for (const char *c = run->why; *c; c++)
		fputc(*c == '"' ? '\'' : *c, file);
	fputs("\"\n", file);
}

/* The settings are in each row, as there is no place above. */
void lines_csv(FILE *file, const struct entries *entries,
	       const struct settings *settings)
{
	fputs("name,suite,run,item,items,seconds,ns_per_item,cpu_seconds,"
	      "node_seconds,bytes,context_switches,max_rss_kib,waiting,shares,"
	      "loop,pinning,wait,spin,mailbox,seed,error\n",
	      file);
	for (int i = 0; i < entries->count; i++)
		for (int j = 0; j < entries->entry[i].count; j++)
			csv_row(file, &entries->entry[i], j, settings);
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
