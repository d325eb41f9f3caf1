/* SPDX-License-Identifier: MIT */
/* Five nodes, and a broker that is killed in mid-stream. */
#include "ipc/bus/kinds.h"
#include "tests/runtime/mail/nodes.h"
#include "tests/support/skip.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	LONG_MS = 120000,
	ITEMS = 3000, /* from each node to each other */
	TAKEN = 20,
	SENT = 30,
};

static int64_t next[MAIL_NODES]; /* of each sender */

/* The sender is in the high part. */
static int on_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;
	int64_t from = number->value / ITEMS;

	CHECK(from >= 0 && from < MAIL_NODES);
	CHECK(number->value % ITEMS == next[from]);
	next[from]++;
	board->value[TAKEN + this_node]++;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ NULL, NULL },
};
static const struct troupe_class taking = { .name = "taking",
					    .handlers = handlers };
static int nodes; /* in this test */

static int all_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	mail_await_way();
	CHECK(troupe_spawn(&taking, NULL, &ref) == 0);
	board->ref[1 + this_node] = ref;
	for (int to = 0; to < nodes; to++)
		mail_await(&board->ref[1 + to]);
	for (int i = 0; i < ITEMS; i++)
		for (int to = 0; to < nodes; to++) {
			if (to == this_node)
				continue;
			number.value = this_node * ITEMS + i;
			CHECK(troupe_send_wait(board->ref[1 + to], &number.base,
					       TROUPE_NEVER) == 0);
			board->value[SENT]++;
		}
	for (int to = 0; to < nodes; to++)
		mail_await_value(&board->value[TAKEN + to],
				 (nodes - 1) * (long)ITEMS);
	return 0;
}

Test(many, five_nodes_send_to_each_other_in_order)
{
	mail_begin();
	nodes = MAIL_NODES;
	for (int i = 0; i < nodes; i++)
		mail_start(i, mail_local(), all_root);
	mail_end();
}

/* ---- a stream that goes on while its broker is killed ---------------------
 */

enum { UNDER_WAY = 1000, OVER = 40, KILLS = 5, STEPS = 500 };

static int on_item(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	CHECK(number->value == board->value[TAKEN + this_node]);
	board->value[TAKEN + this_node]++;
	return 0;
}

static const struct troupe_handler items[] = {
	{ &play__number__descriptor, on_item },
	{ NULL, NULL },
};
static const struct troupe_class in_order = { .name = "in-order",
					      .handlers = items };

static int stream_root(int argc, char **argv)
{
	_Atomic long *taken = &board->value[TAKEN + !this_node];
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref, to;

	mail_await_way();
	CHECK(troupe_spawn(&in_order, NULL, &ref) == 0);
	board->ref[1 + this_node] = ref;
	to = mail_await(&board->ref[1 + !this_node]);
	while (!board->value[OVER]) {
		CHECK(troupe_send_wait(to, &number.base, TROUPE_NEVER) == 0);
		mail_await_value(taken, (long)++number.value - UNDER_WAY);
	}
	mail_await_value(taken, (long)number.value);
	CHECK(*taken == number.value);
	board->value[SENT + this_node] = (long)number.value;
	/* Nothing comes again, nor to one that is gone. */
	mail_await_value(&board->value[SENT + !this_node], 1);
	CHECK(board->value[TAKEN + this_node] ==
	      board->value[SENT + !this_node]);
	return 0;
}

static long taken_by_both(void)
{
	return board->value[TAKEN] + board->value[TAKEN + 1];
}

static unsigned choose_seed(void)
{
	const char *given = getenv("MAIL_SEED");
	unsigned seed =
		given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)getpid();

	fprintf(stderr,
		"again: MAIL_SEED=%u build/bin/test-runtime-mail "
		"--filter '*/%s'\n",
		seed, criterion_current_test->name);
	return seed;
}

/* After a random number of messages more; often before both are linked again.
 */
static void await_a_moment(unsigned *seed)
{
	long least = taken_by_both() + rand_r(seed) % STEPS;

	if (rand_r(seed) % 4)
		while (taken_by_both() < least)
			mail_await_value(&board->value[TAKEN],
					 board->value[TAKEN] + 1);
}

/* MAIL_KILLS=100 by hand, or `make broker-kills`. */
Test(many, a_broker_that_is_killed_in_mid_stream_loses_nothing)
{
	const char *times = getenv("MAIL_KILLS");
	int port = free_port(), kills = times ? atoi(times) : KILLS;
	unsigned seed = choose_seed();
	pid_t broker;
	char url[64];

	if (!trp_bus_kinds_find("mqtt", 4))
		SKIP("mosquitto", "MQTT was not built");
	need_program("mosquitto");
	mail_begin();
	mail_outage_ms = LONG_MS;
	broker = start_mosquitto(test_folder(), port, "allow_anonymous true\n");
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d", port);
	for (int i = 0; i < 2; i++)
		mail_start(i, url, stream_root);
	mail_await_value(&board->value[TAKEN], 1);
	for (int i = 0; i < kills; i++) {
		await_a_moment(&seed);
		stop_server(broker, SIGKILL);
		broker = start_mosquitto(test_folder(), port,
					 "allow_anonymous true\n");
	}
	board->value[OVER] = 1;
	mail_end_nodes();
	fprintf(stderr,
		"%d kills: %ld messages were sent, %ld were taken, in order\n",
		kills, board->value[SENT] + board->value[SENT + 1],
		taken_by_both());
	stop_server(broker, SIGTERM);
	mail_end();
}
