/* SPDX-License-Identifier: MIT */
/* Ask and wait for the answer, through a proxy: closed loop, one at a time. */
#include "tests/bench/bench.h"

enum { ASKS };

static void echo_ask(Bench__Echo_Service *service, const Bench__Ping *ping,
		     Bench__Pong_Closure reply, void *call)
{
	Bench__Pong pong = BENCH__PONG__INIT;

	pong.number = ping->number;
	reply(&pong, call);
}

static const Bench__Echo_Service echo_methods = BENCH__ECHO__INIT(echo_);

static int echo_init(const void *arguments)
{
	bench_side(1);
	return 0;
}

static struct troupe_class echo_class = { .name = "echo",
					  .init = echo_init,
					  .service = &echo_methods.base };

static int64_t answer;

static void take_answer(const Bench__Pong *pong, void *data)
{
	answer = pong ? pong->number : -1;
}

static int root(void)
{
	Bench__Ping ping = BENCH__PING__INIT;
	struct troupe_proxy echo;
	struct troupe_time begin;
	troupe_ref ref;
	long warm_up = bench_get(ASKS) / 20;
	int r = troupe_spawn(&echo_class, NULL, &ref);

	bench_side(0);
	troupe_proxy_init(&echo, ref, &bench__echo__descriptor);
	for (; ping.number < bench_get(ASKS) + warm_up && r == 0;
	     ping.number++) {
		if (ping.number == warm_up)
			bench_start();
		begin = troupe_now();
		bench__echo__ask(&echo.base, &ping, take_answer, NULL);
		r = troupe_await(&echo);
		bench_expect("answer", answer, ping.number);
		if (ping.number >= warm_up)
			bench_latency(troupe_now().ns - begin.ns);
	}
	bench_items(bench_get(ASKS));
	return r;
}

const struct bench bench_ask = {
	.name = "ask",
	.suite = "troupe",
	.item = "round trips",
	.parameters = { [ASKS] = { "n", { 1000, 50000, 200000 } } },
	.classes = { &echo_class },
	.root = root,
};
