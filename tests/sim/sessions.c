/* SPDX-License-Identifier: MIT */
/* Mail between nodes that fail: each item arrives once, or is told as lost. */
#include "tests/sim/post.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct post_faults calm = { .delay_max_ns = 1000000 };

/* ---- what no fault may break --------------------------------------------- */

static int some_run(struct post_net *net)
{
	int index;

	do {
		index = post_below(net, net->run_count);
	} while (!post_is_up(net, index));
	return index;
}

/* Also one that has ended: its number is still known. */
static void talk(struct post_net *net)
{
	int from = some_run(net), to = post_below(net, net->run_count);

	if (from == to)
		return;
	if (post_below(net, 6) == 0)
		post_watch(net, from, to);
	else
		post_send(net, from, to, 1 + post_below(net, 12));
}

static int64_t up_to(struct post_net *net, double seconds)
{
	return (int64_t)(post_draw(net) * seconds * 1e9);
}

static void do_something(struct post_net *net)
{
	int index = some_run(net);

	switch (post_below(net, 24)) {
	case 0:
		post_kill(net, index);
		post_start(net);
		break;
	case 1:
		post_stop(net, index, up_to(net, 20));
		break;
	case 2:
		post_cut(net, index, up_to(net, 20));
		break;
	case 3:
		post_bus_down(net, index, up_to(net, 20));
		break;
	case 4:
		post_refuse(net, index, up_to(net, 20));
		break;
	case 6:
		post_flood(net, index, up_to(net, 2));
		break;
	case 5:
		post_restart(net, index);
		break;
	default:
		talk(net);
	}
}

/* After this all that is under way has come to its end. */
static void calm_down(struct post_net *net)
{
	post_run_for(net, 20 * SIM_SECOND);
	net->faults = (struct post_faults) {
		.delay_max_ns = calm.delay_max_ns,
		.has_cookie = net->faults.has_cookie,
	};
	post_run_for(net, 20 * SIM_SECOND);
}

static void watchers_know(struct post_net *net)
{
	int i, j;

	for (i = 0; i < net->run_count; i++)
		for (j = 0; post_is_up(net, i) && j < net->run_count; j++)
			post_assert(net, post_is_up(net, j) ||
						 !post_is_watching(net, i, j));
}

static void run_chaos(uint64_t seed, bool is_loud, int nodes, int steps)
{
	struct post_faults faults = {
		.loss = 0.1 * (double)(seed % 3),
		.doubling = 0.1 * (double)(seed % 2),
		.delay_max_ns = (int64_t[]) { 1000000, 100000000,
					      2000000000 }[seed % 3],
		.intrusion = 0.05 * (double)(seed % 5),
		.has_cookie = seed % 4 != 0,
	};
	struct post_net net;
	int i;

	post_init(&net, seed, is_loud, &faults);
	for (i = 0; i < nodes; i++)
		post_start(&net);
	for (i = 0; i < steps; i++) {
		do_something(&net);
		post_run_for(&net, up_to(&net, 40.0 / steps));
	}
	calm_down(&net);
	post_assert(&net, post_is_settled(&net));
	watchers_know(&net);
	post_fini(&net);
}

Test(sessions, mail_arrives_once_and_in_order_or_is_told_as_lost)
{
	struct sim_seeds seeds = sim_seeds(400000, 8000);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, 2 + (int)(seed % 7), 60);
}

Test(sessions, mail_arrives_once_and_in_order_among_100)
{
	struct sim_seeds seeds = sim_seeds(410000, 4);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, 100, 3000);
}

/* SIM_NODES=10000 by hand. */
Test(sessions, mail_arrives_once_and_in_order_among_many)
{
	const char *nodes = getenv("SIM_NODES");
	struct sim_seeds seeds = sim_seeds(411000, 1);
	int count = nodes ? atoi(nodes) : 300;
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_chaos(seed, seeds.is_loud, count, 20 * count);
}

/* ---- what is survived ---------------------------------------------------- */

struct trouble {
	const char *what;
	void (*make)(struct post_net *net, int index, int64_t for_ns);
};

static const struct trouble troubles[] = {
	{ "its bus is down", post_bus_down },
	{ "it is cut off", post_cut },
	{ "it is stopped", post_stop },
	{ "it takes nothing", post_refuse },
	{ "it is flooded", post_flood },
};

static void nothing_was_lost(struct post_net *net)
{
	int i;

	post_assert(net, post_is_settled(net));
	post_assert(net, net->lost == 0);
	post_assert(net, net->arrived == net->items);
	for (i = 0; i < net->run_count; i++)
		post_assert(net, net->runs[i]->downs == 0);
}

static void send_for(struct post_net *net, int64_t duration_ns)
{
	int64_t end_ns = net->now_ns + duration_ns;
	int from, to;

	while (net->now_ns < end_ns) {
		from = post_below(net, net->run_count);
		to = post_below(net, net->run_count);
		if (from != to)
			post_send(net, from, to, 1 + post_below(net, 8));
		post_run_for(net, up_to(net, 0.2));
	}
}

static void run_trouble(uint64_t seed, bool is_loud)
{
	struct post_faults faults = calm;
	struct post_net net;
	int i, nodes = 2 + (int)(seed % 4), index;

	faults.has_cookie = seed % 2;
	post_init(&net, seed, is_loud, &faults);
	for (i = 0; i < nodes; i++)
		post_start(&net);
	post_watch(&net, 0, 1);
	send_for(&net, 2 * SIM_SECOND);
	for (i = 0; i < 3; i++) {
		index = post_below(&net, nodes);
		troubles[post_below(&net, 5)].make(&net, index,
						   up_to(&net, 9.9));
		send_for(&net, 14 * SIM_SECOND);
	}
	post_run_for(&net, 20 * SIM_SECOND);
	nothing_was_lost(&net);
	post_fini(&net);
}

Test(sessions, trouble_shorter_than_an_outage_loses_nothing)
{
	struct sim_seeds seeds = sim_seeds(420000, 1500);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_trouble(seed, seeds.is_loud);
}

static void run_lossy(uint64_t seed, bool is_loud)
{
	struct post_faults faults = {
		.loss = 0.1,
		.doubling = 0.1,
		.delay_max_ns = seed % 2 ? 20000000 : 300000000,
		.has_cookie = seed % 2,
	};
	struct post_net net;
	int i;

	post_init(&net, seed, is_loud, &faults);
	for (i = 0; i < 4; i++)
		post_start(&net);
	post_watch(&net, 0, 1);
	send_for(&net, 20 * SIM_SECOND);
	post_run_for(&net, 120 * SIM_SECOND);
	nothing_was_lost(&net);
	post_fini(&net);
}

Test(sessions, loss_doubles_and_disorder_lose_nothing)
{
	struct sim_seeds seeds = sim_seeds(430000, 500);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_lossy(seed, seeds.is_loud);
}

/* ---- what is not --------------------------------------------------------- */

static void run_long_cut(uint64_t seed, bool is_loud, bool is_stopped)
{
	struct post_net net;
	int sent;

	post_init(&net, seed, is_loud, &calm);
	post_start(&net);
	post_start(&net);
	post_watch(&net, 0, 1);
	post_watch(&net, 1, 0);
	send_for(&net, SIM_SECOND);
	post_run_for(&net, SIM_SECOND);
	(is_stopped ? post_stop : post_cut)(&net, 1, 20 * SIM_SECOND);
	sent = post_send(&net, 0, 1, 3);
	post_run_for(&net, 18 * SIM_SECOND);
	post_assert(&net, net.runs[0]->downs == 1);
	post_assert(&net, sent > 0 && net.runs[0]->lost == sent);
	post_assert(&net, is_stopped || net.runs[1]->downs == 1);
	post_run_for(&net, 15 * SIM_SECOND);
	post_assert(&net, net.runs[1]->downs == 1);
	post_assert(&net, post_is_settled(&net));
	post_assert(&net, post_send(&net, 0, 1, 5) > 0); /* begins anew */
	post_run_for(&net, 5 * SIM_SECOND);
	post_assert(&net, net.runs[0]->lost == sent && post_is_settled(&net));
	post_fini(&net);
}

Test(sessions, end_at_both_ends_after_a_longer_outage)
{
	struct sim_seeds seeds = sim_seeds(440000, 200);
	uint64_t seed;

	for (seed = seeds.first; seed < seeds.end; seed++)
		run_long_cut(seed, seeds.is_loud, seed % 2);
}

Test(sessions, mail_to_a_run_that_ended_never_reaches_the_next)
{
	struct post_net net;
	int next;

	post_init(&net, 1, false, &calm);
	post_start(&net);
	post_start(&net);
	post_send(&net, 0, 1, 5);
	post_run_for(&net, SIM_SECOND);
	post_kill(&net, 1);
	next = post_start(&net);
	post_send(&net, 0, 1, 2);
	post_run_for(&net, 20 * SIM_SECOND);
	post_assert(&net, net.runs[0]->lost == 2);
	post_assert(&net, net.runs[next]->ups == 0);
	post_fini(&net);
}

/* ---- what it costs ------------------------------------------------------- */

Test(sessions, of_nodes_that_are_silent_cost_nothing)
{
	struct post_net net;
	uint64_t frames;

	post_init(&net, 1, false, &calm);
	post_start(&net);
	post_start(&net);
	post_send(&net, 0, 1, 2);
	post_run_for(&net, SIM_SECOND);
	frames = net.frames;
	post_run_for(&net, 3600 * SIM_SECOND);
	post_assert(&net, net.frames == frames);
	post_fini(&net);
}

Test(sessions, that_are_watched_cost_two_frames_in_half_an_outage)
{
	struct post_net net;
	uint64_t frames;

	post_init(&net, 1, false, &calm);
	post_start(&net);
	post_start(&net);
	post_watch(&net, 0, 1);
	post_run_for(&net, 10 * SIM_SECOND);
	frames = net.frames;
	post_run_for(&net, 1000 * SIM_SECOND);
	post_assert(&net, net.frames - frames <= 402);
	post_assert(&net, net.runs[0]->downs == 0);
	post_fini(&net);
}
