/* SPDX-License-Identifier: MIT */
/*
 * Savina 1, Ping Pong: the cost of a message that is waited for.  As in the
 * original Ping sends itself a message before each round.
 */
#include "tests/bench/bench.h"

enum { ROUNDS };

static troupe_ref pong_ref;
static long left;

/* ---- pong ---------------------------------------------------------------- */

static long pongs;

static int answer(const struct troupe_message *message)
{
	Bench__Pong pong = BENCH__PONG__INIT;

	pongs++;
	return bench_send(message->sender, &pong.base);
}

static int count_pongs(const struct troupe_message *message)
{
	bench_expect("pongs", pongs, bench_get(ROUNDS));
	return TROUPE_STOP;
}

static int pong_init(const void *arguments)
{
	bench_side(1);
	return 0;
}

static const struct troupe_handler pong_handlers[] = {
	{ &bench__ping__descriptor, answer },
	{ &bench__stop__descriptor, count_pongs },
	{},
};
static struct troupe_class pong_class = { .name = "pong",
					  .init = pong_init,
					  .handlers = pong_handlers };

/* ---- ping ---------------------------------------------------------------- */

static struct troupe_time sent;

static int send_ping(const struct troupe_message *message)
{
	Bench__Ping ping = BENCH__PING__INIT;

	left--;
	sent = troupe_now();
	return bench_send(pong_ref, &ping.base);
}

static int take_pong(const struct troupe_message *message)
{
	Bench__Go go = BENCH__GO__INIT;
	Bench__Stop stop = BENCH__STOP__INIT;

	bench_latency(troupe_now().ns - sent.ns);
	if (left > 0)
		return bench_send(troupe_self(), &go.base);
	return bench_send(pong_ref, &stop.base);
}

static int pong_ended(const struct troupe_end *end)
{
	return bench_child_ended(end) < 0 ? -ECHILD : TROUPE_STOP;
}

static int ping_init(const void *arguments)
{
	int r = troupe_spawn(&pong_class, NULL, &pong_ref);

	bench_side(0);
	left = bench_get(ROUNDS);
	bench_items(left);
	return r < 0 ? r : send_ping(NULL);
}

static const struct troupe_handler ping_handlers[] = {
	{ &bench__go__descriptor, send_ping },
	{ &bench__pong__descriptor, take_pong },
	{},
};
static struct troupe_class ping_class = { .name = "ping",
					  .init = ping_init,
					  .handlers = ping_handlers,
					  .child_stopped = pong_ended };

static int root(void)
{
	return bench_run_actor(&ping_class, NULL);
}

const struct bench bench_pingpong = {
	.name = "pingpong",
	.suite = "savina",
	.item = "round trips",
	.parameters = { [ROUNDS] = { "n", { 1000, 1000000, 5000000 } } },
	.classes = { &ping_class, &pong_class },
	.root = root,
};
