/* SPDX-License-Identifier: MIT */
/*
 * Lower bounds on this machine: two processes and a bare futex, two and a cache
 * line, copying memory, and a process that does nothing.  None of them is a
 * node.
 */
#include <dlfcn.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "libraries.h"
#include "tests/bench/bench.h"

enum { ROUNDS };

static _Atomic uint32_t *ball(void)
{
	return bench_shared();
}

static int has_ended_well(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status == 0 ? 0 : -ECHILD;
}

/* Plays with both sides; the clock runs while side 0 does. */
static int play_both(void (*play)(uint32_t mine, long rounds))
{
	long rounds = bench_get(ROUNDS);
	pid_t other = fork();

	if (other < 0)
		return -errno;
	if (other == 0) {
		bench_side(1);
		play(1, rounds);
		_exit(0);
	}
	bench_side(0);
	bench_start();
	play(0, rounds);
	bench_stop();
	bench_items(rounds);
	bench_expect("whose the ball is", *ball(), 0);
	return has_ended_well(other);
}

/* Side 0 has the ball when it is 0; a round ends when it is back. */
static void play_futex(uint32_t mine, long rounds)
{
	for (long i = 0; i < rounds; i++) {
		if (mine == 0) {
			atomic_store(ball(), 1);
			syscall(SYS_futex, ball(), FUTEX_WAKE, 1, NULL, NULL,
				0);
		}
		while (atomic_load(ball()) != mine)
			syscall(SYS_futex, ball(), FUTEX_WAIT, 1 - mine, NULL,
				NULL, 0);
		if (mine == 0)
			continue;
		atomic_store(ball(), 0);
		syscall(SYS_futex, ball(), FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static int floor_futex(void)
{
	return play_both(play_futex);
}

const struct bench bench_floor_futex = {
	.name = "floor_futex",
	.suite = "floor",
	.item = "round trips",
	.parameters = { [ROUNDS] = { "n", { 1000, 50000, 200000 } } },
	.plain = floor_futex,
};

/* After a while without the ball the processor is given away. */
static void wait_for_ball(uint32_t mine)
{
	for (int looks = 0; atomic_load(ball()) != mine; looks++)
		if (looks == 20000) {
			looks = 0;
			sched_yield();
		}
}

static void play_spinning(uint32_t mine, long rounds)
{
	for (long i = 0; i < rounds; i++) {
		if (mine == 0)
			atomic_store(ball(), 1);
		wait_for_ball(mine);
		if (mine == 1)
			atomic_store(ball(), 0);
	}
}

static int floor_line(void)
{
	return play_both(play_spinning);
}

const struct bench bench_floor_line = {
	.name = "floor_line",
	.suite = "floor",
	.item = "round trips",
	.parameters = { [ROUNDS] = { "n", { 1000, 100000, 1000000 } } },
	.plain = floor_line,
	.waiting = BENCH_SPINS,
};

/* ---- memory -------------------------------------------------------------- */

enum { SIZE, COPIES };

static int floor_memcpy(void)
{
	size_t size = (size_t)bench_get(SIZE);
	char *from = malloc(size), *to = malloc(size);

	if (!from || !to)
		return -ENOMEM;
	memset(from, 1, size);
	memset(to, 2, size);
	bench_start();
	for (long i = 0; i < bench_get(COPIES); i++) {
		memcpy(to, from, size);
		__asm__ volatile("" ::: "memory");
	}
	bench_stop();
	bench_expect("difference", memcmp(from, to, size), 0);
	bench_items(bench_get(COPIES));
	bench_bytes((double)size * (double)bench_get(COPIES));
	return 0;
}

const struct bench bench_floor_memcpy = {
	.name = "floor_memcpy",
	.suite = "floor",
	.item = "copies",
	.parameters = { [SIZE] = { "bytes", { 1 << 20, 1 << 20, 64 << 20 } },
			[COPIES] = { "n", { 50, 20000, 500 } } },
	.plain = floor_memcpy,
};

/* ---- processes ----------------------------------------------------------- */

static int floor_fork(void)
{
	int r = 0;

	for (long i = 0; i < bench_get(ROUNDS) && r == 0; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		r = pid < 0 ? -errno : has_ended_well(pid);
	}
	bench_items(bench_get(ROUNDS));
	return r;
}

const struct bench bench_floor_fork = {
	.name = "floor_fork",
	.suite = "floor",
	.item = "processes",
	.parameters = { [ROUNDS] = { "n", { 100, 2000, 10000 } } },
	.plain = floor_fork,
};

/* The needs of a process that does nothing and was forked from one like
 * ours. */
static int floor_idle(void)
{
	long count = bench_get(ROUNDS);
	struct bench_memory each;
	int r = bench_expect_room(count);

	if (r == 0)
		r = bench_memory_of_forks(count, &each);
	if (r == 0)
		bench_memory_tell(&each, NULL);
	bench_items(count);
	return r;
}

/*
 * The same for a program that is linked to the libraries of clients, as ours
 * was before it loaded each where it is used.
 */
static int floor_fork_all(void)
{
	static const char *const files[] = { LIBRARY_LIBCBOR, LIBRARY_MSGPACK,
					     LIBRARY_LIBMOSQUITTO, LIBRARY_INIH,
					     LIBRARY_HIREDIS };
	long loaded = 0;
	int r;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		loaded += *files[i] && dlopen(files[i], RTLD_NOW);
	bench_start();
	r = floor_fork();
	bench_stop();
	bench_figure("libraries", (double)loaded);
	return r;
}

const struct bench bench_floor_fork_all = {
	.name = "floor_fork_all",
	.suite = "floor",
	.item = "processes",
	.parameters = { [ROUNDS] = { "n", { 100, 2000, 10000 } } },
	.plain = floor_fork_all,
};

const struct bench bench_floor_idle = {
	.name = "floor_idle",
	.suite = "floor",
	.item = "processes",
	.parameters = { [ROUNDS] = { "n",
				     { 50, 1000, 10000 },
				     .most = BENCH_ACTORS_MOST } },
	.plain = floor_idle,
};
