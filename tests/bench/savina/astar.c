/* SPDX-License-Identifier: MIT */
/*
 * Savina 18, A-Star Search: workers look for a way through a grid.  The first
 * worker at a node claims it by setting its parent, in memory that all share.
 * A worker returns nodes that it does not get to, one by one, to the master,
 * which therefore takes its mail aside while it waits for room.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { GRID, WORKERS, THRESHOLD };
enum { GRID_MOST = 256, NEIGHBOURS = 6 };

/* Parents are counted from 1; 0: not claimed.  An edge is a bit of a byte. */
static _Atomic int32_t *parent;
static uint8_t *edges;

static long node_count(void)
{
	return bench_get(GRID) * bench_get(GRID) * bench_get(GRID);
}

static void find_grid(void)
{
	parent = bench_shared();
	edges = (uint8_t *)(parent + node_count());
}

static bool claim(long node, long by)
{
	int32_t nobody = 0;

	return atomic_compare_exchange_strong(&parent[node], &nobody,
					      (int32_t)by + 1);
}

/* Bits of step, 1 to 6: one further in x, y and z; not beyond the end. */
static long neighbour(long node, int step)
{
	long g = bench_get(GRID), last = g - 1;
	long x = node / (g * g), y = node / g % g, z = node % g;

	x += (step & 4) && x < last;
	y += (step & 2) && y < last;
	z += (step & 1) && z < last;
	return (x * g + y) * g + z;
}

static bool has_edge(long node, int step)
{
	return edges[node] & 1 << step;
}

static long target_node(void)
{
	long at = bench_get(GRID) * 4 / 5;

	return (at * bench_get(GRID) + at) * bench_get(GRID) + at;
}

/* ---- a worker ------------------------------------------------------------ */

/* Nodes claimed and not yet expanded are queue[first] to queue[last - 1]. */
static long *queue, first, last;

/* True: that was a way to the target. */
static bool expand(long node)
{
	for (int step = 1; step <= NEIGHBOURS; step++) {
		long next = neighbour(node, step);

		if (!has_edge(node, step) || !claim(next, node))
			continue;
		queue[last++] = next;
		if (next == target_node())
			return true;
	}
	return false;
}

static int hand_back(troupe_ref master)
{
	Bench__Work work = BENCH__WORK__INIT;
	int64_t node;
	int r = 0;

	work.n_number = 1;
	work.number = &node;
	while (first < last && r == 0) {
		node = queue[first++];
		r = bench_send(master, &work.base);
	}
	return r;
}

static int search(const struct troupe_message *message)
{
	Bench__Done done = BENCH__DONE__INIT;
	int r = 0;

	queue[0] = ((const Bench__Work *)message->body)->number[0];
	first = 0;
	last = 1;
	while (!done.place && first < last && first < bench_get(THRESHOLD))
		done.place = expand(queue[first++]);
	if (!done.place)
		r = hand_back(message->sender);
	return r < 0 ? r : bench_send(message->sender, &done.base);
}

static int worker_init(const void *arguments)
{
	size_t most = 1 + NEIGHBOURS * (size_t)bench_get(THRESHOLD);

	find_grid();
	queue = calloc(most, sizeof(*queue));
	return queue ? 0 : -ENOMEM;
}

static const struct troupe_handler worker_handlers[] = {
	{ &bench__work__descriptor, search },
	{},
};
static struct troupe_class worker_class = { .name = "worker",
					    .init = worker_init,
					    .handlers = worker_handlers };

/* ---- the grid ------------------------------------------------------------ */

/* A bit of java.util.Random, with which the suite draws this grid. */
static bool toss(uint64_t *state)
{
	*state = (*state * 0x5DEECE66D + 0xB) & ((UINT64_C(1) << 48) - 1);
	return *state >> 47;
}

/* Returns how many edges there are; two steps to one node are one edge. */
static long draw_grid(void)
{
	uint64_t state = 123456 ^ UINT64_C(0x5DEECE66D);
	long count = 0;

	for (long node = 0; node < node_count(); node++) {
		long to[NEIGHBOURS];
		int known = 0, i;

		for (int step = 1; step <= NEIGHBOURS; step++) {
			bool is_last_hope = step == NEIGHBOURS && known == 0;
			long next = neighbour(node, step);

			if (!is_last_hope && !toss(&state))
				continue;
			if (next == node)
				continue;
			edges[node] |= (uint8_t)(1 << step);
			for (i = 0; i < known && to[i] != next; i++)
				;
			if (i == known)
				to[known++] = next;
		}
		count += known;
	}
	return count;
}

/* The shortest way to the target, found by one alone. */
static long model(void)
{
	int32_t *depth = calloc((size_t)node_count(), sizeof(*depth));
	long *reached = calloc((size_t)node_count(), sizeof(*reached));
	long at = 0, end = 0, found = -1;

	if (depth && reached)
		reached[end++] = 0;
	while (at < end) {
		long node = reached[at++];

		for (int step = 1; step <= NEIGHBOURS; step++) {
			long next = neighbour(node, step);

			if (!has_edge(node, step) || next == 0 || depth[next])
				continue;
			depth[next] = depth[node] + 1;
			reached[end++] = next;
		}
	}
	if (end)
		found = depth[target_node()];
	free(depth);
	free(reached);
	return found;
}

static bool leads_to(long node, long next)
{
	for (int step = 1; step <= NEIGHBOURS; step++)
		if (has_edge(node, step) && neighbour(node, step) == next)
			return true;
	return false;
}

static void check(long shortest)
{
	long node = target_node(), length = 0, claimed = 0;

	while (node != 0 && length < node_count()) {
		long by = parent[node] - 1;

		if (by < 0 || !leads_to(by, node)) {
			bench_fail("no edge from %ld to %ld", by, node);
			return;
		}
		node = by;
		length++;
	}
	if (length < shortest)
		bench_fail("a way of %ld, and %ld is the shortest", length,
			   shortest);
	for (long i = 0; i < node_count(); i++)
		claimed += parent[i] != 0;
	bench_figure("way", (double)length);
	bench_items(claimed);
}

/* ---- the master ---------------------------------------------------------- */

static troupe_ref *workers;
static long sent;

static int hand_out(int64_t node)
{
	Bench__Work work = BENCH__WORK__INIT;

	work.n_number = 1;
	work.number = &node;
	return bench_send_aside(workers[sent++ % bench_get(WORKERS)],
				&work.base);
}

/* Until all work is done; once the target is found no more is handed out. */
static int guide(void)
{
	struct troupe_message message;
	bool is_found = false;
	long done = 0;
	int r = hand_out(0);

	while (r >= 0 && done < sent) {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r < 0)
			break;
		if (message.type == &bench__done__descriptor) {
			done++;
			is_found |= ((const Bench__Done *)message.body)->place;
		} else if (!is_found) {
			r = hand_out(
				((const Bench__Work *)message.body)->number[0]);
		}
	}
	if (r >= 0 && !is_found)
		bench_fail("nobody came to the target");
	return r;
}

static int root(void)
{
	static const struct {
		long grid, edges;
	} known[] = { { 10, 2723 }, { 20, 22975 }, { 30, 78712 } };
	long count, shortest;
	int r;

	find_grid();
	count = draw_grid();
	for (int i = 0; i < 3; i++)
		if (known[i].grid == bench_get(GRID))
			bench_expect("edges", count, known[i].edges);
	shortest = model();
	if (shortest < 0)
		return -ENOMEM;
	claim(0, 0);
	bench_start();
	r = bench_spawn_each(&worker_class, bench_get(WORKERS), &workers);
	if (r == 0)
		r = guide();
	bench_stop();
	if (r >= 0)
		check(shortest);
	bench_figure("tasks", (double)sent);
	return r;
}

/* 30 wide: 78,712 edges, and the target 36 steps away. */
const struct bench bench_astar = {
	.name = "astar",
	.suite = "savina",
	.item = "nodes",
	.parameters = { [GRID] = { "grid", { 20, 160, 256 }, 5, GRID_MOST },
			[WORKERS] = { "workers",
				      { 4, 20, 20 },
				      .most = BENCH_ACTORS_MOST },
			[THRESHOLD] = { "threshold",
					{ 64, 1024, 1024 },
					.most = 1 << 24 } },
	.classes = { &worker_class },
	.root = root,
};
