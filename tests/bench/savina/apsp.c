/* SPDX-License-Identifier: MIT */
/*
 * Savina 17, All-Pairs Shortest Path: Floyd and Warshall by blocks.  Each block
 * sends itself to those of its row and its column before every step, beside
 * the message, so that no mailbox is too small for it.
 *
 * A neighbour may be one step ahead, never two: what it sends goes to the
 * other half of the store.  The circle of senders is broken by taking mail
 * aside.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/bench/bench.h"

enum { NODES, BLOCK, WEIGHT };

static long size, across, row, column;

/* The whole graph, as the generator says it. */
static int64_t *draw_graph(void)
{
	long n = bench_get(NODES);
	int64_t *graph = calloc((size_t)(n * n), sizeof(*graph));
	uint32_t state = (uint32_t)n;

	for (long i = 0; graph && i < n; i++)
		for (long j = i + 1; j < n; j++)
			graph[i * n + j] = graph[j * n + i] =
				bench_random(&state) % bench_get(WEIGHT) + 1;
	return graph;
}

/* ---- a block ------------------------------------------------------------- */

static int64_t *own;
static int64_t *store[2]; /* across blocks of the row, then of the column */
static troupe_ref *neighbours;
static size_t neighbour_count;

static int64_t *stored(long step, bool is_in_row, long place)
{
	return store[step & 1] +
	       ((is_in_row ? 0 : across) + place) * size * size;
}

static int send_own(long step)
{
	size_t bytes = (size_t)(size * size) * sizeof(*own);
	Bench__Block block = BENCH__BLOCK__INIT;
	int r = 0;

	block.round = step;
	block.row = row;
	block.column = column;
	memcpy(stored(step, true, column), own, bytes);
	memcpy(stored(step, false, row), own, bytes);
	for (size_t i = 0; i < neighbour_count && r == 0; i++)
		r = bench_send_attached_aside(neighbours[i], &block.base, own,
					      bytes);
	return r;
}

static bool is_of_step(const struct troupe_message *message, void *data)
{
	return ((const Bench__Block *)message->body)->round ==
	       *(const long *)data;
}

static int receive_step(long step)
{
	const struct troupe_pattern wanted = {
		.type = &bench__block__descriptor,
		.matches = is_of_step,
		.data = &step,
	};
	struct troupe_message message;

	for (size_t i = 0; i < neighbour_count; i++) {
		int r = troupe_receive(&wanted, 1, TROUPE_NEVER, &message);
		const Bench__Block *block = message.body;

		if (r < 0)
			return r;
		memcpy(stored(step, block->row == row,
			      block->row == row ? block->column : block->row),
		       message.attachment, message.attachment_size);
	}
	return 0;
}

static void relax(long step)
{
	const int64_t *left = stored(step, true, step / size);
	const int64_t *above = stored(step, false, step / size);
	long k = step % size;

	for (long i = 0; i < size; i++)
		for (long j = 0; j < size; j++) {
			int64_t via = left[i * size + k] + above[k * size + j];

			if (via < own[i * size + j])
				own[i * size + j] = via;
		}
}

static int prepare(const Bench__Place *place)
{
	size_t cells = (size_t)(size * size), blocks = 2 * (size_t)across;
	int64_t *graph = draw_graph();
	long n = bench_get(NODES);

	own = calloc(cells, sizeof(*own));
	store[0] = calloc(cells * blocks, sizeof(*own));
	store[1] = calloc(cells * blocks, sizeof(*own));
	neighbours = calloc(blocks, sizeof(*neighbours));
	if (!graph || !own || !store[0] || !store[1] || !neighbours)
		return -ENOMEM;
	for (long i = 0; i < size; i++)
		memcpy(own + i * size,
		       graph + (row * size + i) * n + column * size,
		       (size_t)size * sizeof(*own));
	free(graph);
	for (size_t i = 0; i < place->n_actors; i++)
		neighbours[neighbour_count++] = place->actors[i];
	return 0;
}

static int work(const void *arguments)
{
	const Bench__Place *place = arguments;
	Bench__Result result = BENCH__RESULT__INIT;
	int r;

	size = bench_get(BLOCK);
	across = bench_get(NODES) / size;
	row = place->index / across;
	column = place->index % across;
	place = bench_receive(&bench__place__descriptor, NULL);
	r = place ? prepare(place) : -ECANCELED;
	for (long step = 0; step < bench_get(NODES) && r == 0; step++) {
		r = send_own(step);
		if (r == 0)
			r = receive_step(step);
		if (r == 0)
			relax(step);
	}
	for (long i = 0; i < size * size && r == 0; i++)
		result.value += own[i];
	return r < 0 ? r : bench_send(troupe_parent(), &result.base);
}

static struct troupe_class block_class = { .name = "block", .run = work };

/* ---- the root ------------------------------------------------------------ */

static int64_t model(void)
{
	long n = bench_get(NODES);
	int64_t *d = draw_graph(), sum = 0;

	for (long k = 0; d && k < n; k++)
		for (long i = 0; i < n; i++)
			for (long j = 0; j < n; j++)
				if (d[i * n + k] + d[k * n + j] < d[i * n + j])
					d[i * n + j] =
						d[i * n + k] + d[k * n + j];
	for (long i = 0; d && i < n * n; i++)
		sum += d[i];
	free(d);
	return sum;
}

static const char *refuse(void)
{
	return bench_get(NODES) % bench_get(BLOCK)
		       ? "n must be a multiple of block"
		       : NULL;
}

/* Each learns those of its row and of its column; no more fit a mailbox. */
static int introduce(const troupe_ref *refs, long count)
{
	troupe_ref *near = calloc(2 * (size_t)across, sizeof(*near));
	Bench__Place place = BENCH__PLACE__INIT;
	int r = near ? 0 : -ENOMEM;

	place.actors = near;
	for (long i = 0; i < count && r == 0; i++) {
		place.n_actors = 0;
		for (long j = 0; j < count; j++)
			if ((j / across == i / across) !=
			    (j % across == i % across))
				near[place.n_actors++] = refs[j];
		r = bench_send(refs[i], &place.base);
	}
	free(near);
	return r;
}

static int root(void)
{
	const Bench__Result *result;
	troupe_ref *refs;
	int64_t sum = 0;
	long count;
	int r;

	across = bench_get(NODES) / bench_get(BLOCK);
	count = across * across;
	r = bench_spawn_each(&block_class, count, &refs);
	if (r == 0)
		r = introduce(refs, count);
	for (long i = 0; i < count && r == 0; i++) {
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		sum += result->value;
	}
	bench_stop();
	bench_expect("distances", sum, model());
	if (bench_get(NODES) == 300 && bench_get(WEIGHT) == 100)
		bench_expect("the suite's distances", sum, 401700);
	bench_items(count * 2 * (across - 1) * bench_get(NODES));
	bench_bytes((double)(count * 2 * (across - 1) * bench_get(NODES)) * 8 *
		    (double)(bench_get(BLOCK) * bench_get(BLOCK)));
	return r;
}

const struct bench bench_apsp = {
	.name = "apsp",
	.suite = "savina",
	.item = "blocks",
	.parameters = { [NODES] = { "n", { 20, 300, 480 }, .most = 2000 },
			[BLOCK] = { "block", { 10, 50, 60 }, .most = 2000 },
			[WEIGHT] = { "weight",
				     { 100, 100, 100 },
				     .most = 65536 } },
	.classes = { &block_class },
	.refuses = refuse,
	.root = root,
};
