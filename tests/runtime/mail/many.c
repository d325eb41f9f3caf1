/* SPDX-License-Identifier: MIT */
/* Five nodes, and a broker that is killed in mid-stream. */
#include "ipc/bus/kinds.h"
#include "tests/runtime/mail/nodes.h"
#include "tests/support/skip.h"

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

Test(many, a_broker_that_is_killed_in_mid_stream_loses_nothing)
{
	char url[64];
	int port = free_port();
	pid_t broker;

	if (!trp_bus_kinds_find("mqtt", 4))
		SKIP("mosquitto", "MQTT was not built");
	need_program("mosquitto");
	mail_begin();
	mail_outage_ms = LONG_MS;
	nodes = 2;
	broker = start_mosquitto(test_folder(), port, "allow_anonymous true\n");
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d", port);
	for (int i = 0; i < nodes; i++)
		mail_start(i, url, all_root);
	for (int i = 1; i <= 3; i++) {
		mail_await_value(&board->value[SENT], i * (long)ITEMS / 2);
		stop_server(broker, SIGKILL);
		broker = start_mosquitto(test_folder(), port,
					 "allow_anonymous true\n");
	}
	mail_end_nodes();
	stop_server(broker, SIGTERM);
	mail_end();
}
