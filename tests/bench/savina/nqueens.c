/* SPDX-License-Identifier: MIT */
/*
 * Savina 19, N-Queens: a master with workers, which send it more work than
 * they take.  The master takes their mail aside while it waits for room, so a
 * worker may simply wait.
 *
 * A worker reports a piece of work before Done, so the master has finished when
 * as many are done as it has sent.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { QUEENS, WORKERS, THRESHOLD };
enum { QUEENS_MOST = 20 };

static bool is_safe(const int64_t *row, long column, int64_t place)
{
	for (long i = 0; i < column; i++)
		if (row[i] == place || row[i] - place == column - i ||
		    place - row[i] == column - i)
			return false;
	return true;
}

/* ---- a worker ------------------------------------------------------------ */

static troupe_ref master;

static int solve(int64_t *row, long column)
{
	Bench__Result found = BENCH__RESULT__INIT;
	int r = 0;

	if (column == bench_get(QUEENS))
		return bench_send(master, &found.base);
	for (int64_t i = 0; i < bench_get(QUEENS) && r == 0; i++) {
		if (!is_safe(row, column, i))
			continue;
		row[column] = i;
		r = solve(row, column + 1);
	}
	return r;
}

static int hand_back(int64_t *row, long column)
{
	Bench__Work work = BENCH__WORK__INIT;
	int r = 0;

	work.number = row;
	work.n_number = (size_t)column + 1;
	for (int64_t i = 0; i < bench_get(QUEENS) && r == 0; i++) {
		if (!is_safe(row, column, i))
			continue;
		row[column] = i;
		r = bench_send(master, &work.base);
	}
	return r;
}

static int do_work(const struct troupe_message *message)
{
	const Bench__Work *work = message->body;
	Bench__Done done = BENCH__DONE__INIT;
	int64_t row[QUEENS_MOST];
	long column = (long)work->n_number;
	int r;

	master = message->sender;
	for (long i = 0; i < column; i++)
		row[i] = work->number[i];
	if (column < bench_get(THRESHOLD))
		r = hand_back(row, column);
	else
		r = solve(row, column);
	return r < 0 ? r : bench_send(master, &done.base);
}

static const struct troupe_handler worker_handlers[] = {
	{ &bench__work__descriptor, do_work },
	{},
};
static struct troupe_class worker_class = { .name = "worker",
					    .handlers = worker_handlers };

/* ---- the master ---------------------------------------------------------- */

static troupe_ref *workers;
static long sent, solutions;

/* Of a copy: while this waits, the message it came with goes. */
static int hand_out(const Bench__Work *given)
{
	Bench__Work work = BENCH__WORK__INIT;
	int64_t row[QUEENS_MOST];

	work.n_number = given->n_number;
	work.number = row;
	for (size_t i = 0; i < work.n_number; i++)
		row[i] = given->number[i];
	return bench_send_aside(workers[sent++ % bench_get(WORKERS)],
				&work.base);
}

static int root(void)
{
	static const long known[QUEENS_MOST] = {
		1,  1,	 0,   0,    2,	   10,	  4,	  40,
		92, 352, 724, 2680, 14200, 73712, 365596, 2279184,
	};
	Bench__Work first = BENCH__WORK__INIT;
	struct troupe_message message;
	long done = 0, queens = bench_get(QUEENS);
	int r;

	r = bench_spawn_each(&worker_class, bench_get(WORKERS), &workers);
	if (r == 0)
		r = hand_out(&first);
	while (r >= 0 && done < sent) {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r < 0)
			break;
		if (message.type == &bench__work__descriptor)
			r = hand_out(message.body);
		solutions += message.type == &bench__result__descriptor;
		done += message.type == &bench__done__descriptor;
	}
	bench_expect("solutions", solutions, known[queens]);
	bench_figure("tasks", (double)sent);
	bench_items(solutions);
	return r;
}

/* Pieces of work with a threshold of 4: 535 of 8 queens, 3,106 of 11
 * and 4,959 of 12. */
const struct bench bench_nqueenk = {
	.name = "nqueenk",
	.suite = "savina",
	.item = "solutions",
	.parameters = { [QUEENS] = { "n", { 8, 14, 15 }, 4, 15 },
			[WORKERS] = { "workers",
				      { 4, 20, 20 },
				      .most = BENCH_ACTORS_MOST },
			[THRESHOLD] = { "threshold", { 4, 4, 4 } } },
	.classes = { &worker_class },
	.root = root,
};
