/* SPDX-License-Identifier: MIT */
/*
 * bencherl's genstress: clients that call one server, each with some messages
 * in its mailbox that it never reads.  The cost of a wait for an answer must
 * not depend on them.
 */
#include "tests/bench/bench.h"

enum { CLIENTS, CALLS, UNREAD };
enum { CLIENTS_MOST = 64 };

static int answer(const struct troupe_message *message)
{
	Bench__Pong pong = BENCH__PONG__INIT;

	pong.number = ((const Bench__Ping *)message->body)->number;
	return bench_send(message->sender, &pong.base);
}

static const struct troupe_handler server_handlers[] = {
	{ &bench__ping__descriptor, answer },
	{},
};
static struct troupe_class server_class = { .name = "server",
					    .handlers = server_handlers };

static int call(const void *arguments)
{
	troupe_ref server = ((const Bench__Place *)arguments)->to;
	Bench__Next unread = BENCH__NEXT__INIT;
	Bench__Ping ping = BENCH__PING__INIT;
	const Bench__Pong *pong;
	int r = 0;

	for (long i = 0; i < bench_get(UNREAD) && r == 0; i++)
		r = bench_send_aside(troupe_self(), &unread.base);
	for (; ping.number < bench_get(CALLS) && r == 0; ping.number++) {
		r = bench_send(server, &ping.base);
		if (r < 0)
			return r;
		pong = bench_receive(&bench__pong__descriptor, NULL);
		if (!pong)
			return -ECANCELED;
		bench_expect("answer", pong->number, ping.number);
	}
	return r;
}

static struct troupe_class client_class = { .name = "client", .run = call };

static int root(void)
{
	Bench__Place place = BENCH__PLACE__INIT;
	troupe_ref refs[CLIENTS_MOST];
	int r = troupe_spawn(&server_class, NULL, &place.to);

	for (long i = 0; i < bench_get(CLIENTS) && r == 0; i++)
		r = troupe_spawn(&client_class, &place.base, &refs[i]);
	bench_items(bench_get(CLIENTS) * bench_get(CALLS));
	return r < 0 ? r : bench_wait_each(refs, bench_get(CLIENTS));
}

const struct bench bench_genstress = {
	.name = "genstress",
	.suite = "bencherl",
	.item = "calls",
	.parameters = { [CLIENTS] = { "clients",
				      { 4, 32, 32 },
				      .most = CLIENTS_MOST },
			[CALLS] = { "n", { 100, 10000, 20000 } },
			[UNREAD] = { "unread",
				     { 20, 100, 1000 },
				     .least = BENCH_FROM_0 } },
	.classes = { &server_class, &client_class },
	.root = root,
};
