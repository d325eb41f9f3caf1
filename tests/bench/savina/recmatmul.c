/* SPDX-License-Identifier: MIT */
/*
 * Savina 20, Recursive Matrix Multiplication: blocks are divided until they
 * are small; the matrices lie in memory that all share.  A block of the result
 * always goes to the same worker, so no two write to it at once.
 *
 * Workers send the master more than they take: it takes their mail aside.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { SIZE, WORKERS, THRESHOLD };

static double *a, *b, *c;

static void find_matrices(void)
{
	size_t cells = (size_t)(bench_get(SIZE) * bench_get(SIZE));

	a = bench_shared();
	b = a + cells;
	c = b + cells;
}

/* C(row, column) += A(row, inner) * B(inner, column), all `size` wide. */
struct block {
	int64_t row, column, inner, size;
};

static struct block block_of(const Bench__Work *work)
{
	return (struct block) { work->number[0], work->number[1],
				work->number[2], work->number[3] };
}

static int send_block(int (*send)(troupe_ref, const ProtobufCMessage *),
		      troupe_ref to, struct block block)
{
	int64_t number[] = { block.row, block.column, block.inner, block.size };
	Bench__Work work = BENCH__WORK__INIT;

	work.n_number = 4;
	work.number = number;
	return send(to, &work.base);
}

/* ---- a worker ------------------------------------------------------------ */

static void multiply(struct block t)
{
	long n = bench_get(SIZE);

	for (int64_t i = t.row; i < t.row + t.size; i++)
		for (int64_t k = t.inner; k < t.inner + t.size; k++)
			for (int64_t j = t.column; j < t.column + t.size; j++)
				c[i * n + j] += a[i * n + k] * b[k * n + j];
}

static int divide(troupe_ref master, struct block t)
{
	int64_t half = t.size / 2;
	int r = 0;

	for (int i = 0; i < 8 && r == 0; i++) {
		struct block part = { t.row + (i & 1) * half,
				      t.column + (i >> 1 & 1) * half,
				      t.inner + (i >> 2 & 1) * half, half };

		r = send_block(bench_send, master, part);
	}
	return r;
}

static int do_work(const struct troupe_message *message)
{
	struct block block = block_of(message->body);
	Bench__Done done = BENCH__DONE__INIT;
	int r = 0;

	if (block.size * block.size > bench_get(THRESHOLD))
		r = divide(message->sender, block);
	else
		multiply(block);
	return r < 0 ? r : bench_send(message->sender, &done.base);
}

static int worker_init(const void *arguments)
{
	find_matrices();
	return 0;
}

static const struct troupe_handler worker_handlers[] = {
	{ &bench__work__descriptor, do_work },
	{},
};
static struct troupe_class worker_class = { .name = "worker",
					    .init = worker_init,
					    .handlers = worker_handlers };

/* ---- the master ---------------------------------------------------------- */

static troupe_ref *workers;
static long sent;

static int hand_out(struct block block)
{
	int64_t across = bench_get(SIZE) / block.size;
	int64_t place =
		block.row / block.size * across + block.column / block.size;

	sent++;
	return send_block(bench_send_aside, workers[place % bench_get(WORKERS)],
			  block);
}

static void fill(long n)
{
	for (long i = 0; i < n; i++)
		for (long j = 0; j < n; j++) {
			a[i * n + j] = (double)i;
			b[i * n + j] = (double)j;
		}
}

static void check(long n)
{
	for (long i = 0; i < n; i++)
		for (long j = 0; j < n; j++)
			if (c[i * n + j] != (double)(n * i * j))
				bench_fail("cell %ld, %ld is %g", i, j,
					   c[i * n + j]);
}

static const char *refuse(void)
{
	return bench_is_power(bench_get(SIZE), 2) ? NULL
						  : "n must be a power of 2";
}

static int root(void)
{
	long n = bench_get(SIZE), done = 0;
	struct troupe_message message;
	int r;

	find_matrices();
	fill(n);
	bench_start();
	r = bench_spawn_each(&worker_class, bench_get(WORKERS), &workers);
	if (r == 0)
		r = hand_out((struct block) { .size = n });
	while (r >= 0 && done < sent) {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r < 0)
			break;
		if (message.type == &bench__work__descriptor)
			r = hand_out(block_of(message.body));
		else
			done++;
	}
	bench_stop();
	check(n);
	bench_items(sent);
	return r;
}

/* 1,024 wide: 585 pieces of work, of which 512 are multiplied. */
const struct bench bench_recmatmul = {
	.name = "recmatmul",
	.suite = "savina",
	.item = "tasks",
	.parameters = { [SIZE] = { "n", { 64, 1024, 2048 }, 2, 2048 },
			[WORKERS] = { "workers",
				      { 4, 20, 20 },
				      .most = BENCH_ACTORS_MOST },
			[THRESHOLD] = { "threshold", { 256, 16384, 16384 } } },
	.classes = { &worker_class },
	.refuses = refuse,
	.root = root,
};
