/* SPDX-License-Identifier: MIT */
/* The memory of processes that do nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/bench/bench.h"

/* Adds the values, KiB, of the lines of a file in /proc that begin so. */
static long sum_of(const char *path, const char *const *names, size_t count)
{
	char line[128], name[64];
	FILE *file = fopen(path, "re");
	long kib, sum = 0;

	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < count; i++)
			if (sscanf(line, "%63[^:]: %ld", name, &kib) == 2 &&
			    strcmp(name, names[i]) == 0)
				sum += kib;
	if (file)
		fclose(file);
	return sum;
}

static long value_of(const char *path, const char *name)
{
	return sum_of(path, &name, 1);
}

long bench_memory_taken(void)
{
	static const char *const taken[] = { "AnonPages",  "Shmem",
					     "PageTables", "KernelStack",
					     "SUnreclaim", "Percpu" };

	usleep(bench_is_smoke() ? 20000 : 300000);
	return sum_of("/proc/meminfo", taken, sizeof(taken) / sizeof(*taken));
}

void bench_memory_before(struct bench_memory *ret_before)
{
	*ret_before = (struct bench_memory) {
		.kib[BENCH_TAKEN] = (double)bench_memory_taken(),
		.kib[BENCH_AVAILABLE] =
			(double)value_of("/proc/meminfo", "MemAvailable"),
	};
}

static long of_process(pid_t pid, const char *file, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return value_of(path, name);
}

void bench_memory_of(const struct bench_memory *before, const pid_t *pids,
		     long count, struct bench_memory *ret_each)
{
	enum { LOOKS = 200 };
	long pss = 0, tables = 0, looks = 0, step = count / LOOKS + 1;
	struct bench_memory now;

	bench_memory_before(&now);
	for (long i = 0; i < count; i += step, looks++) {
		pss += of_process(pids[i], "smaps_rollup", "Pss");
		tables += of_process(pids[i], "status", "VmPTE");
	}
	*ret_each = (struct bench_memory) {
		.kib = {
			[BENCH_TAKEN] = (now.kib[BENCH_TAKEN] -
					 before->kib[BENCH_TAKEN]) / (double)count,
			[BENCH_AVAILABLE] = (before->kib[BENCH_AVAILABLE] -
					     now.kib[BENCH_AVAILABLE]) / (double)count,
			[BENCH_PSS] = (double)pss / (double)looks,
			[BENCH_TABLES] = (double)tables / (double)looks,
		},
	};
}

void bench_memory_tell(const struct bench_memory *each,
		       const struct bench_memory *fork)
{
	static const struct {
		const char *each, *above;
	} name[] = {
		[BENCH_TAKEN] = { "KiB of each", "above a fork" },
		[BENCH_AVAILABLE] = { "KiB by MemAvailable",
				      "above by MemAvailable" },
		[BENCH_PSS] = { "KiB PSS", "PSS above" },
		[BENCH_TABLES] = { "KiB page tables", "page tables above" },
	};

	for (int way = 0; way < BENCH_MEMORY_WAYS; way++) {
		bench_figure(name[way].each, each->kib[way]);
		if (fork)
			bench_figure(name[way].above,
				     each->kib[way] - fork->kib[way]);
	}
}

static _Noreturn void pause_for_ever(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

int bench_fork_idle(pid_t *pids, long count)
{
	for (long i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			pause_for_ever();
		if (pids[i] < 0)
			return -errno;
	}
	return 0;
}

void bench_end_idle(const pid_t *pids, long count)
{
	for (long i = 0; i < count && pids[i] > 0; i++)
		kill(pids[i], SIGKILL);
	for (long i = 0; i < count && pids[i] > 0; i++)
		waitpid(pids[i], NULL, 0);
}

int bench_memory_of_forks(long count, struct bench_memory *ret_each)
{
	pid_t *pids = calloc((size_t)count, sizeof(*pids));
	struct bench_memory before;
	int r = pids ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	bench_memory_before(&before);
	bench_start();
	r = bench_fork_idle(pids, count);
	bench_stop();
	if (r == 0)
		bench_memory_of(&before, pids, count, ret_each);
	bench_end_idle(pids, count);
	free(pids);
	return r;
}
