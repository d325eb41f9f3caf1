/* SPDX-License-Identifier: MIT */
/*
 * Hangs on purpose, to test the report of a hanging run: the mail of `deaf` is
 * never read, and three actors wait for that.  It runs only when it is asked
 * for.
 */
#include <errno.h>
#include <unistd.h>
#include "tests/bench/bench.h"

enum { LETTERS };

static int ignore(const void *arguments)
{
	int r = troupe_wait(troupe_parent(), TROUPE_NEVER, NULL);

	return r == -ECANCELED ? 0 : r;
}

/* Not named in bench_hang.classes: --mailbox is not for it. */
static const struct troupe_class deaf_class = { .name = "deaf",
						.mailbox_limit = 4096,
						.run = ignore };

static void no_answer(const Bench__Pong *pong, void *unused)
{
	bench_fail("the deaf has answered");
}

static int ask(const void *arguments)
{
	Bench__Ping ping = BENCH__PING__INIT;
	struct troupe_proxy proxy;

	troupe_proxy_init(&proxy, ((const Bench__Place *)arguments)->to,
			  &bench__echo__descriptor);
	proxy.timeout_ms = -1;
	bench__echo__ask(&proxy.base, &ping, no_answer, NULL);
	return troupe_await(&proxy);
}

static int write_some(const void *arguments)
{
	const Bench__Place *place = arguments;
	Bench__Next next = BENCH__NEXT__INIT;
	int r = 0;

	for (long i = 0; i < bench_get(LETTERS) && r == 0; i++)
		r = bench_send(place->to, &next.base);
	return r < 0 ? r : ignore(NULL);
}

static int write_for_ever(const void *arguments)
{
	const Bench__Place *place = arguments;
	Bench__Next next = BENCH__NEXT__INIT;
	int r = 0;

	while (r == 0)
		r = bench_send(place->to, &next.base);
	return r;
}

static const struct troupe_class asker_class = { .name = "asker", .run = ask };
static const struct troupe_class writer_class = { .name = "writer",
						  .run = write_some };
static const struct troupe_class flooder_class = { .name = "flooder",
						   .run = write_for_ever };

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	troupe_ref ref;
	int r = troupe_spawn(&deaf_class, NULL, &place.to);

	if (r == 0)
		r = troupe_spawn(&asker_class, &place.base, &ref);
	if (r == 0)
		r = troupe_spawn(&writer_class, &place.base, &ref);
	if (r == 0)
		r = troupe_spawn(&flooder_class, &place.base, &ref);
	return r < 0 ? r : bench_wait_each(&ref, 1);
}

const struct bench bench_hang = {
	.name = "hang",
	.suite = "check",
	.item = "hours",
	.parameters = { [LETTERS] = { "letters", { 3, 3, 3 } } },
	.root = root,
	.is_hidden = true,
};

/* Goes on without an end. */
static int go_on(void)
{
	int r = 0;

	while (r == 0) {
		bench_latency(1);
		r = usleep(1000);
	}
	return r;
}

const struct bench bench_slow = {
	.name = "slow",
	.suite = "check",
	.item = "hours",
	.plain = go_on,
	.is_hidden = true,
};
