/* SPDX-License-Identifier: MIT */
/*
 * Savina 21, Quicksort: an actor gets a list and lets two others sort what is
 * below and above its pivot.  Lists go beside the messages, not copied into
 * mailboxes.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/bench/bench.h"

enum { COUNT, THRESHOLD };

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* A list of none is a message without attachment. */
static int send_list(troupe_ref to, const int64_t *list, size_t count)
{
	Bench__Numbers numbers = BENCH__NUMBERS__INIT;

	if (count == 0)
		return bench_send(to, &numbers.base);
	return troupe_send_attached(to, &numbers.base, list,
				    count * sizeof(*list));
}

/* The next list from that sender, into memory of our own. */
static int receive_list(troupe_ref from, int64_t *list, size_t *ret_count)
{
	const struct troupe_pattern wanted = {
		.type = &bench__numbers__descriptor, .sender = from
	};
	struct troupe_message message;
	int r = troupe_receive(&wanted, 1, TROUPE_NEVER, &message);

	if (r < 0)
		return r;
	if (message.attachment)
		memcpy(list, message.attachment, message.attachment_size);
	*ret_count = message.attachment_size / sizeof(*list);
	return 0;
}

static struct troupe_class sorter_class;

/* In place: sorted = { below, equal, above }. */
static int divide(int64_t *list, size_t count)
{
	int64_t pivot = list[count / 2];
	int64_t *part = malloc(count * sizeof(*part));
	size_t below = 0, equal = 0, above = 0, got;
	troupe_ref low, high;
	int r;

	if (!part)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (list[i] < pivot)
			part[below++] = list[i];
		else if (list[i] > pivot)
			part[count - ++above] = list[i];
		equal += list[i] == pivot;
	}
	r = troupe_spawn(&sorter_class, NULL, &low);
	if (r == 0)
		r = troupe_spawn(&sorter_class, NULL, &high);
	if (r == 0)
		r = send_list(low, part, below);
	if (r == 0)
		r = send_list(high, part + below + equal, above);
	if (r == 0)
		r = receive_list(low, list, &got);
	for (size_t i = 0; i < equal; i++)
		list[below + i] = pivot;
	if (r == 0)
		r = receive_list(high, list + below + equal, &got);
	free(part);
	return r;
}

static int sort(const void *arguments)
{
	int64_t *list = malloc((size_t)bench_get(COUNT) * sizeof(*list));
	size_t count;
	int r = list ? receive_list(troupe_parent(), list, &count) : -ENOMEM;

	if (r < 0)
		return r;
	if (count < (size_t)bench_get(THRESHOLD))
		qsort(list, count, sizeof(*list), ascending);
	else
		r = divide(list, count);
	return r < 0 ? r : send_list(troupe_parent(), list, count);
}

static struct troupe_class sorter_class = { .name = "sorter", .run = sort };

static int root(void)
{
	size_t count = (size_t)bench_get(COUNT), got = 0;
	int64_t *list = malloc(count * sizeof(*list)), sum = 0;
	uint32_t state = 1024;
	troupe_ref ref;
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && r == 0; i++)
		sum += list[i] = bench_random(&state);
	if (count == 1000000)
		bench_expect("the suite's sum", sum, 32768134304);
	bench_start();
	if (r == 0)
		r = troupe_spawn(&sorter_class, NULL, &ref);
	if (r == 0)
		r = send_list(ref, list, count);
	if (r == 0)
		r = receive_list(ref, list, &got);
	bench_stop();
	bench_expect("length", (long long)got, (long long)count);
	for (size_t i = 0; i < got; i++) {
		sum -= list[i];
		if (i > 0 && list[i] < list[i - 1])
			bench_fail("it is not sorted");
	}
	bench_expect("difference of the sums", sum, 0);
	bench_items((long)count);
	return r;
}

/* 1,000,000 numbers: 1,939 actors. */
const struct bench bench_quicksort = {
	.name = "quicksort",
	.suite = "savina",
	.item = "numbers",
	.parameters = { [COUNT] = { "n",
				    { 20000, 1000000, 4000000 },
				    .most = 100000000 },
			[THRESHOLD] = { "threshold", { 2048, 2048, 2048 } } },
	.classes = { &sorter_class },
	.root = root,
};
