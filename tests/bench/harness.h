/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The harness, which no benchmark sees.
 *
 *	options.c	the command line
 *	select.c	which benchmarks, with which parameters
 *	able.c		what they can be asked, and whether they can run here
 *	run.c		one run: a process, its node, its time, what it left
 *	watch.c		the live processes below one, and their purpose
 *	lanes.c		its mailboxes, and the pages it left
 *	kit.c, memory.c	what a benchmark sees
 *	servers.c	brokers and ports beside a run
 *	histogram.c	latencies
 *	statistics.c	medians and intervals, pure
 *	context.c	the machine
 *	table.c, json.c, lines.c	the forms of the output
 *	output.c	files, and what is compared
 *	results.c	the JSON of a run before this one, read again
 *	baseline.c	compares with it
 *	report.py	a page of charts of it
 */

#include <stdatomic.h>
#include <stdio.h>
#include "ipc/arena.h"
#include "tests/bench/bench.h"
#include "tests/bench/histogram.h"

enum { FIGURES = 8, FIGURE_NAME = 24, WHY_SIZE = 200 };

struct figure {
	char name[FIGURE_NAME];
	double value;
};

/* Shared by the harness and all processes of a run; zeroed before each. */
struct board {
	_Atomic int failures;
	char why[WHY_SIZE]; /* of the first failure */
	_Atomic int64_t start_ns, stop_ns;
	pid_t top;	/* the first process of the run */
	int64_t cpu_ns; /* of all, when bench_start_cpu() was called */
	_Atomic long items;
	double bytes;
	struct figure figure[FIGURES];
	struct histogram latency;
	struct trp_arena arena; /* of the node, as its supervisor has it */
	long pages;		/* lanes_pages.kept */
};

extern struct board *board;

/* By enum bench_waiting. */
extern const char *const waiting_name[BENCH_WAITINGS];

enum pinning { PIN_FREE, PIN_ONE, PIN_TWO };
enum order { ORDER_INTERLEAVED, ORDER_RANDOM, ORDER_SEQUENTIAL };

struct settings {
	enum bench_preset preset;
	enum pinning pinning;
	enum order order;
	const char *wait, *spin; /* NULL: as the environment says */
	long mailbox;		 /* bytes; 0: as the program says */
	unsigned seed;
	int repetitions;
	double min_time; /* seconds a benchmark */
	double timeout;	 /* seconds a run */
	double noise;	 /* percent */
	bool is_dry, is_list;
	const char *format;
	const char *baseline, *out, *latency_folder;
	const char *const *context; /* "key=value", NULL at the end */
	char **choices;		    /* REGEX or REGEX:key=value,... */
	int choice_count;
	int argc;
	char **argv;
};

/* The outcome of one run. */
struct run {
	double seconds; /* between bench_start() and bench_stop() */
	double whole;	/* from the fork to the last process gone */
	double cpu;	/* user and system time of all processes */
	long items;
	double bytes;
	long switches; /* of context */
	long rss;      /* KiB, of the largest process */
	long pages;    /* that came back after their slot was given away */
	struct figure figure[FIGURES];
	char why[WHY_SIZE]; /* empty: it is right */
};

/* A benchmark with its parameters and all its runs. */
struct entry {
	const struct bench *bench;
	char name[128];	     /* pingpong/n:40000 */
	const char *waiting; /* one of waiting_name[] */
	char skipped[128];   /* why it is skipped; empty: it runs */
	long value[BENCH_PARAMETERS];
	struct run *run;
	int count, room, failed;
	double total;
	struct histogram *latency; /* of all runs; NULL: none */
};

struct entries {
	struct entry *entry;
	int count;
};

/* Returns 0, or the exit status after printing the error. */
int options_parse(int argc, char **argv, struct settings *ret_settings);

/* 0, or -EINVAL after printing the error.  Freed by select_free(). */
int select_benches(const struct settings *settings, struct entries *ret);
void select_free(struct entries *entries);

/* "n=100,workers=4"; 0, or -EINVAL after printing the error. */
int able_assign(struct entry *entry, const char *text);

/* Sets entry->skipped if it cannot run here. */
void able_look(struct entry *entry);

/* Where peers are that are files of their own: build/peers, beside the folder
 * of this program. */
const char *able_folder(void);

/* Where kit.c finds them. */
extern const struct settings *kit_settings;
extern const struct entry *kit_entry;
int kit_prepare(void);

/* The number of processors for us; this process stays on one of them. */
int kit_processors(void);
void kit_pin(int side);

/* The root actor of every node. */
int kit_root(int argc, char **argv);

/*
 * A signal to end this program ends the current run, and starts no other; this
 * process adopts the orphans of a run.
 */
void run_watch_signals(void);
bool run_is_interrupted(void);

/*
 * Does one run of `entry` and adds it.  0, or -errno if none could be done:
 * -ECANCELED when it was interrupted.
 */
int run_once(struct entry *entry, const struct settings *settings);

/* Prints the live processes below `pid`, their state and where they wait. */
void watch_dump(FILE *file, pid_t pid);

/* Ends and reaps all children of this process; returns how many. */
int watch_reap_strays(void);

/* CPU time of the live processes from `top` down. */
int64_t watch_cpu_ns(pid_t top);

/* Files that a killed run may have left: /tmp/troupe-bench-<its pid>-*, and in
 * folders of such a name. */
void watch_remove_files(pid_t pid);
int watch_count_descriptors(void);
/* Does this process map a file whose name starts so? */
bool watch_is_mapped(const char *name);

/* One value of each run, those that failed left out; the caller frees. */
double *entry_values(const struct entry *entry, int *ret_count);

/* The median of figure `which` over those runs. */
double entry_figure(const struct entry *entry, int which);

void context_print(FILE *file, const struct settings *settings);
void context_json(FILE *file, const struct settings *settings);

/*
 * Spinning and sleeping runs are never in one table: it shows those that wait
 * as the first one does; the others have separate tables at the end.
 */
void table_head(FILE *file, const struct entries *entries);
void table_row(FILE *file, const struct entry *entry);
void table_others(FILE *file, const struct entries *entries);
void json_write(FILE *file, const struct entries *entries,
		const struct settings *settings);
void lines_csv(FILE *file, const struct entries *entries,
	       const struct settings *settings);
void lines_rebench(FILE *file, const struct entries *entries);

/*
 * Before the first run: checks that all requested files can be written and
 * read; after the last: writes them.  0, or -errno after printing the error.
 */
int output_check(const struct settings *settings);
int output_write(const struct entries *entries,
		 const struct settings *settings);

/* The words of --pin. */
extern const char *const pinning_name[];

/* Compares with the JSON of an earlier run; -errno. */
int baseline_compare(FILE *file, const struct entries *entries,
		     const struct settings *settings);
