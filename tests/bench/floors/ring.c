/* SPDX-License-Identifier: MIT */
/*
 * What `scale` cannot beat: a token that goes round a ring of as many bare
 * processes, each of which sleeps on a futex of its own, or reads a pipe.
 */
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>
#include "tests/bench/bench.h"

enum { COUNT, HOPS };

/* A token below zero ends each that it comes to. */
enum { LAST_ROUND = -1 };

/* How one waits for the token, and passes it on. */
struct way {
	int64_t (*take)(long index);
	void (*pass)(long index, int64_t token);
};

struct place {
	_Alignas(64) _Atomic uint32_t is_here;
	int64_t token;
};

/* The place of one that waits for the end of the hops is behind all others. */
static struct place *place_of(long index)
{
	return (struct place *)bench_shared() + index;
}

static int64_t take_by_futex(long index)
{
	struct place *place = place_of(index);

	while (!atomic_load(&place->is_here))
		syscall(SYS_futex, &place->is_here, FUTEX_WAIT, 0, NULL, NULL,
			0);
	atomic_store(&place->is_here, 0);
	return place->token;
}

static void pass_by_futex(long index, int64_t token)
{
	struct place *place = place_of(index);

	place->token = token;
	atomic_store(&place->is_here, 1);
	syscall(SYS_futex, &place->is_here, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static const struct way by_futex = { take_by_futex, pass_by_futex };

/* Of this process: from the one before it, and to the next. */
static int from_fd, to_fd;

static int64_t take_by_pipe(long index)
{
	int64_t token = LAST_ROUND;

	return read(from_fd, &token, sizeof(token)) == sizeof(token)
		       ? token
		       : LAST_ROUND;
}

static void pass_by_pipe(long index, int64_t token)
{
	if (write(to_fd, &token, sizeof(token)) != sizeof(token))
		_exit(1);
}

static const struct way by_pipe = { take_by_pipe, pass_by_pipe };

static _Noreturn void go_round(const struct way *way, long index)
{
	long count = bench_get(COUNT);
	int64_t token;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_side((int)index);
	do {
		token = way->take(index);
		if (token == 1)
			pass_by_futex(count, index);
		else if (token > 0 || index < count - 1)
			way->pass((index + 1) % count,
				  token > 0 ? token - 1 : token);
	} while (token >= 0);
	_exit(0);
}

/* Each child has its own end of the pipe before it and of the one behind it. */
static int fork_all(const struct way *way)
{
	long count = bench_get(COUNT);
	int first[2], pipes[2];

	if (pipe(first) < 0)
		return -errno;
	from_fd = first[0];
	for (long i = 0; i < count; i++) {
		bool is_last = i == count - 1;
		pid_t pid;

		if (!is_last && pipe(pipes) < 0)
			return -errno;
		to_fd = is_last ? first[1] : pipes[1];
		pid = fork();
		if (pid < 0)
			return -errno;
		if (pid == 0) {
			if (!is_last) {
				close(first[1]);
				close(pipes[0]);
			}
			go_round(way, i);
		}
		close(from_fd);
		if (!is_last) {
			close(to_fd);
			from_fd = pipes[0];
		}
	}
	return 0;
}

static int reap_all(void)
{
	int r = 0, status;

	while (wait(&status) > 0)
		if (status)
			r = -ECHILD;
	return r;
}

/* The parent holds the end into the first pipe; so does the last child. */
static int ring(const struct way *way)
{
	long count = bench_get(COUNT), hops = bench_get(HOPS);
	int r = bench_expect_room(count);

	if (r == 0)
		r = fork_all(way);
	if (r < 0)
		return r;
	way->pass(0, count); /* once round, so that all have begun */
	take_by_futex(count);
	bench_start();
	way->pass(0, hops);
	bench_expect("the last", take_by_futex(count), (hops - 1) % count);
	bench_stop();
	way->pass(0, LAST_ROUND);
	bench_items(hops);
	close(to_fd);
	return reap_all();
}

static int ring_by_futex(void)
{
	return ring(&by_futex);
}

static int ring_by_pipe(void)
{
	return ring(&by_pipe);
}

const struct bench bench_floor_ring_futex = {
	.name = "floor_ring_futex",
	.suite = "floor",
	.item = "hops",
	.parameters = { [COUNT] = { "n",
				    { 100, 1000, 10000 },
				    2,
				    BENCH_ACTORS_MOST },
			[HOPS] = { "hops", { 1000, 50000, 200000 } } },
	.sweep = { 100, 1000, 10000 },
	.smoke_most = 100,
	.plain = ring_by_futex,
};

const struct bench bench_floor_ring_pipe = {
	.name = "floor_ring_pipe",
	.suite = "floor",
	.item = "hops",
	.parameters = { [COUNT] = { "n",
				    { 100, 1000, 10000 },
				    2,
				    BENCH_ACTORS_MOST },
			[HOPS] = { "hops", { 1000, 50000, 200000 } } },
	.sweep = { 100, 1000, 10000 },
	.smoke_most = 100,
	.plain = ring_by_pipe,
};
