/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The interface of a benchmark: the public header, the messages of bench.proto,
 * and this kit.  A benchmark is one `const struct bench`, named in list.h; its
 * root is the root actor of a separate node, which is started anew for each
 * run.
 *
 * The kit's data is in memory that the harness shares with every process of the
 * run; any of them may call each function.
 */

#include <errno.h>
#include "runtime/troupe.h"
#include "tests/bench/bench.pb-c.h"

enum bench_preset { BENCH_SMOKE, BENCH_STD, BENCH_LARGE, BENCH_PRESETS };
enum { BENCH_PARAMETERS = 6, BENCH_CLASSES = 8, BENCH_SWEEP = 8 };

/* A value that it cannot take is wrong use, and nothing runs. */
enum { BENCH_FROM_0 = -1, BENCH_ACTORS_MOST = 100000 };
struct bench_parameter {
	const char *name;
	long value[BENCH_PRESETS];
	long least; /* 0: 1; BENCH_FROM_0: 0 */
	long most;  /* 0: 10^12 */
};

/*
 * In the kernel; by polling; or by polling for a while first, as our own actors
 * do unless --spin is set.
 */
enum bench_waiting { BENCH_SLEEPS, BENCH_SPINS, BENCH_ADAPTS, BENCH_WAITINGS };

struct bench {
	const char *name;  /* a word: letters, digits, _ */
	const char *suite; /* whose idea it is */
	const char *item;  /* what bench_items() counts */
	struct bench_parameter parameters[BENCH_PARAMETERS];

	/* Successive values of its first parameter; none: one run. */
	long sweep[BENCH_SWEEP];

	/* The largest of them in a smoke run; 0: a MiB. */
	long smoke_most;

	/* All its classes: --mailbox sets their limit before the node starts.
	 */
	struct troupe_class *classes[BENCH_CLASSES];

	/* The root actor; 0 or a negative errno. */
	int (*root)(void);

	/* For floors and peers instead of root: a process without a node. */
	int (*plain)(void);

	/* The reason why its parameters, each in its range, do not fit
	 * together; NULL: they do.  May be NULL. */
	const char *(*refuses)(void);

	/* The Debian package that it lacks, if it was built empty; or NULL. */
	const char *needs;

	/*
	 * Without this file in build/peers, this program in PATH or this
	 * variable in the environment, or where its first parameter is above
	 * `carries`, it is skipped and named.
	 */
	const char *file, *program, *variable;
	long carries; /* 0: all */

	/* Without a node: how its sides wait for each other. */
	enum bench_waiting waiting;

	/* Its actors are threads or less: one can write another's memory. */
	bool shares_memory;

	/* Its latencies start at the planned time of sending, not at the actual
	 * one.
	 */
	bool is_open_loop;

	/* Runs, and is listed, only if it or its suite is named. */
	bool is_hidden;
};

/* The value of a parameter, by its place in the table. */
long bench_get(int parameter);

/* True: with --dry-run and the like there is no time for patience. */
bool bench_is_smoke(void);

/*
 * The clock runs while root() does, unless these say otherwise.  The last call
 * of each counts.
 */
void bench_start(void);
void bench_stop(void);

/*
 * The same, and bench_items(); a figure is the CPU time for each item of all
 * processes of the run, as far as they live at both calls.
 */
void bench_start_cpu(void);
void bench_stop_cpu(long count);

/* Another program has measured this time from start to stop. */
void bench_took(int64_t ns);

/* The work between start and stop; 1 item by default. */
void bench_items(long count);
void bench_bytes(double count);

/* A figure beside the time: "retries", 12.  At most 8 names, of 23 letters. */
void bench_figure(const char *name, double value);

/* Fails the run if the two differ; relative: as a share of `expected`. */
void bench_expect(const char *what, long long got, long long expected);
void bench_expect_near(const char *what, double got, double expected,
		       double relative);

/* Fails the run. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One value of a distribution, for percentiles in the output. */
void bench_latency(int64_t ns);

/* Zeroed memory that all processes of the run share: 256 MiB, used or not. */
void *bench_shared(void);

/*
 * KiB of the machine's memory used by processes and the kernel, without the
 * page cache, after a pause for the kernel's deferred work.
 */
long bench_memory_taken(void);

/* KiB of each of `count` processes that do nothing, in four ways. */
enum bench_memory_way {
	BENCH_TAKEN,	 /* what bench_memory_taken() has grown by */
	BENCH_AVAILABLE, /* what MemAvailable has shrunk by */
	BENCH_PSS,	 /* its share of the pages that it maps */
	BENCH_TABLES,	 /* its page tables */
	BENCH_MEMORY_WAYS
};
struct bench_memory {
	double kib[BENCH_MEMORY_WAYS];
};

/* The first two of the whole machine, before those are born. */
void bench_memory_before(struct bench_memory *ret_before);
/* Looks at each of them, or at 200 among them, for the other two. */
void bench_memory_of(const struct bench_memory *before, const pid_t *pids,
		     long count, struct bench_memory *ret_each);
/* A figure for each way; and above a fork's, unless that is NULL. */
void bench_memory_tell(const struct bench_memory *each,
		       const struct bench_memory *fork);
/* Forks `count` that only sleep; zeroed pids.  0 or -errno, and some may be. */
int bench_fork_idle(pid_t *pids, long count);
/* Kills those, and waits for them. */
void bench_end_idle(const pid_t *pids, long count);

/* The same, and looks at them in between. */
int bench_memory_of_forks(long count, struct bench_memory *ret_each);

/* Bytes of a known pattern; the second fails the run if they differ. */
void bench_fill(void *bytes, size_t size, long number);
void bench_check(const void *bytes, size_t size, long number);

/* With --pin two: this process stays on that processor from now on. */
void bench_side(int side);

/* --seed, for what no suite has laid down. */
unsigned bench_seed(void);

/* 1, the base, its square, .. */
bool bench_is_power(long value, long base);

/* The generator of the Savina suite; returns the new state, below 65536. */
uint32_t bench_random(uint32_t *state);

/*
 * 0, or -EAGAIN after failing the run, if the system cannot have that many more
 * processes: a failed spawn is reported later, when all would wait.
 */
int bench_expect_room(long processes);

/* As child_stopped: a child that did not end well fails the run. */
int bench_child_ended(const struct troupe_end *end);

/* Spawns an actor and waits for its good end.  0 or a negative errno. */
int bench_run_actor(const struct troupe_class *klass,
		    const ProtobufCMessage *arguments);

/*
 * Spawns `count` actors, each with Place { index, count } as its arguments;
 * waits for the good end of each.  The references are freed by the end of the
 * process.  0 or a negative errno.
 */
int bench_spawn_each(const struct troupe_class *klass, long count,
		     troupe_ref **ret_refs);
int bench_wait_each(const troupe_ref *refs, long count);

/*
 * For function actors: the next message of a type; NULL: told to stop.  Valid
 * until the next receive.
 */
const void *bench_receive(const ProtobufCMessageDescriptor *type,
			  troupe_ref *ret_sender);

/*
 * Sends, and waits for room without a limit.  The first is for handlers, and
 * safe if waiting senders form no circle.  The second is for function actors,
 * and safe everywhere: while it waits it takes its own mail aside, so that a
 * waiting sender goes on.
 */
int bench_send(troupe_ref to, const ProtobufCMessage *message);
int bench_send_aside(troupe_ref to, const ProtobufCMessage *message);

/* The second, with bytes beside the message. */
int bench_send_attached_aside(troupe_ref to, const ProtobufCMessage *message,
			      const void *bytes, size_t size);
