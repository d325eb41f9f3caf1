/* SPDX-License-Identifier: MIT */
/*
 * A full mailbox: how fast a sender learns that a receiver that does not read
 * has no room.
 */
#include "tests/bench/bench.h"

enum { REFUSALS };

/* Sleeps without reading its mail until its parent ends it. */
static int ignore(const void *arguments)
{
	while (!troupe_is_stopping())
		troupe_wait(troupe_parent(), troupe_in_ms(1000), NULL);
	return 0;
}

static struct troupe_class deaf_class = { .name = "deaf", .run = ignore };

static int root(void)
{
	Bench__Next next = BENCH__NEXT__INIT;
	struct troupe_end end;
	troupe_ref ref;
	long fitted = 0;
	int r = troupe_spawn(&deaf_class, NULL, &ref);

	while (r == 0) {
		r = troupe_send(ref, &next.base);
		fitted += r == 0;
	}
	bench_start();
	for (long i = 0; i < bench_get(REFUSALS) && r == -EAGAIN; i++)
		r = troupe_send(ref, &next.base);
	bench_stop();
	bench_expect("refusal", r, -EAGAIN);
	bench_figure("fitted", (double)fitted);
	bench_items(bench_get(REFUSALS));
	r = troupe_stop(ref);
	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, &end);
}

const struct bench bench_full = {
	.name = "full",
	.suite = "troupe",
	.item = "refusals",
	.parameters = { [REFUSALS] = { "n", { 10000, 5000000, 20000000 } } },
	.classes = { &deaf_class },
	.root = root,
};
