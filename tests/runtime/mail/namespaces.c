/* SPDX-License-Identifier: MIT */
/*
 * Five nodes in network namespaces of their own, and a broker in the test's.
 * They are cut off, stopped and killed, for less than an outage and for more.
 */
#include "tests/support/netns.h"
#include "ipc/bus/kinds.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_monitor.h"
#include "tests/runtime/mail/nodes.h"
#include "tests/support/skip.h"

enum { PORT = 1884, LONG_MS = 120000, SHORT_MS = 2000, CUT_MS = 1000 };
enum { PARTS = 3, ITEMS = 200 }; /* in each, from each to each other */
/* Places on the board: */
enum {
	TAKEN = 0,
	GATE = 8, /* parts that may be sent */
	TARGET,
	PATIENCE,
	COMMAND,
	RESULT,
	ANSWERED,
	OVER,
	DOWN = 16, /* and 5 x the node that is told, and the one it lost */
};

/* ---- actors of each node --------------------------------------------------
 */

static int64_t next[MAIL_NODES];

static int on_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;
	int64_t from = number->value / (PARTS * ITEMS);

	CHECK(from >= 0 && from < MAIL_NODES);
	CHECK(number->value % (PARTS * ITEMS) == next[from]);
	next[from]++;
	board->value[TAKEN + this_node]++;
	return 0;
}

static int on_text(const struct troupe_message *message)
{
	troupe_send(message->sender, message->body); /* which may be cut off */
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ &play__text__descriptor, on_text },
	{ NULL, NULL },
};
static const struct troupe_class member = { .name = "member",
					    .handlers = handlers };

static int watch_all(const void *arguments)
{
	for (int i = 0; i < MAIL_NODES; i++) {
		const struct troupe_monitor_options options = {
			.tag = (uint64_t)i
		};

		if (i != this_node)
			CHECK(troupe_monitor_with(
				      mail_await(&board->ref[1 + i]), &options,
				      NULL) == 0);
	}
	return 0;
}

static _Atomic long *downs(int told, int lost)
{
	return &board->value[DOWN + MAIL_NODES * told + lost];
}

static int note_down(const struct troupe_end *end)
{
	if (!board->value[OVER]) {
		CHECK(end->reason.cause == TROUPE_NOCONNECTION);
		++*downs(this_node, (int)end->tag);
	}
	return 0;
}

static const struct troupe_class watcher = { .name = "watcher",
					     .init = watch_all,
					     .down = note_down };

/* Asks the member of a node for the test. */
static int probe_root(const void *arguments)
{
	Play__Text question = PLAY__TEXT__INIT;
	struct troupe_message answer;
	struct troupe_time until;

	for (long i = 1; !board->value[OVER]; i++) {
		mail_await_value(&board->value[COMMAND], i);
		if (board->value[OVER])
			break;
		until = board->value[PATIENCE]
				? troupe_in_ms(board->value[PATIENCE])
				: TROUPE_NEVER;
		board->value[RESULT] =
			troupe_ask(board->ref[1 + board->value[TARGET]],
				   &question.base, until, &answer);
		board->value[ANSWERED] = i;
	}
	return 0;
}

static const struct troupe_class probing = { .name = "probing",
					     .run = probe_root };

static void send_part(int part)
{
	for (int i = part * ITEMS; i < (part + 1) * ITEMS; i++)
		for (int to = 0; to < MAIL_NODES; to++) {
			Play__Number number = PLAY__NUMBER__INIT;

			if (to == this_node)
				continue;
			number.value = this_node * PARTS * ITEMS + i;
			CHECK(troupe_send_wait(board->ref[1 + to], &number.base,
					       TROUPE_NEVER) == 0);
		}
}

static int member_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&member, NULL, &ref) == 0);
	board->ref[1 + this_node] = ref;
	CHECK(troupe_spawn(&watcher, NULL, &other) == 0);
	if (this_node == 0)
		CHECK(troupe_spawn(&probing, NULL, &other) == 0);
	for (int part = 0; part < PARTS; part++) {
		mail_await_value(&board->value[GATE], part + 1);
		if (board->value[OVER])
			return 0;
		send_part(part);
	}
	mail_await_value(&board->value[OVER], 1);
	return 0;
}

/* ---- in the test ----------------------------------------------------------
 */

static pid_t broker;

static void begin(int32_t outage_ms)
{
	static char url[64];
	char more[64];

	if (!trp_bus_kinds_find("mqtt", 4))
		SKIP("mosquitto", "MQTT was not built");
	need_program("mosquitto");
	netns_make_hub();
	mail_begin();
	snprintf(url, sizeof(url), "mqtt://" NETNS_HUB ":%d/t", PORT);
	snprintf(more, sizeof(more),
		 "listener %d " NETNS_HUB "\nallow_anonymous true\n", PORT);
	broker = start_mosquitto(test_folder(), PORT + 1, more);
	mail_outage_ms = outage_ms;
	mail_before = netns_move_out;
	for (int i = 0; i < MAIL_NODES; i++)
		mail_start(i, url, member_root);
	for (int i = 0; i < MAIL_NODES; i++)
		mail_await(&board->ref[1 + i]);
}

static void end(void)
{
	board->value[OVER] = 1;
	board->value[GATE] = PARTS;
	board->value[COMMAND]++;
	mail_end_nodes();
	stop_server(broker, SIGTERM);
	mail_end();
}

/* As troupe_ask() by node 0; ms 0: as long as it takes. */
static int probe(int number, long ms)
{
	board->value[TARGET] = number;
	board->value[PATIENCE] = ms;
	board->value[COMMAND]++;
	mail_await_value(&board->value[ANSWERED], board->value[COMMAND]);
	return (int)board->value[RESULT];
}

static void await_answer(int number)
{
	int r;

	while ((r = probe(number, 0)) != 0)
		cr_assert(r == -EHOSTUNREACH || r == -EAGAIN, "%s",
			  strerror(-r));
}

/* With its children, before they can miss it. */
static void send_signal(pid_t pid, int number)
{
	char path[64];
	FILE *file;
	int child;

	cr_assert_eq(kill(pid, number), 0);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	file = fopen(path, "r");
	cr_assert(file != NULL);
	while (fscanf(file, "%d", &child) == 1)
		send_signal(child, number);
	fclose(file);
}

Test(namespaces, trouble_shorter_than_an_outage_loses_nothing)
{
	begin(LONG_MS);
	board->value[GATE] = 1;
	for (int i = 1; i < MAIL_NODES; i++)
		await_answer(i);

	netns_cut_off(1);
	board->value[GATE] = 2;
	cr_assert_eq(probe(1, CUT_MS), -ETIMEDOUT);
	netns_join(1);
	await_answer(1);

	send_signal(mail_node[2], SIGSTOP);
	board->value[GATE] = 3;
	cr_assert_eq(probe(2, CUT_MS), -ETIMEDOUT);
	send_signal(mail_node[2], SIGCONT);
	await_answer(2);

	for (int i = 0; i < MAIL_NODES; i++) {
		mail_await_value(&board->value[TAKEN + i],
				 (MAIL_NODES - 1) * PARTS * ITEMS);
		for (int j = 0; j < MAIL_NODES; j++)
			cr_assert_eq(*downs(i, j), 0);
	}
	end();
}

static void is_told_at_both_ends(int number)
{
	mail_await_value(downs(0, number), 1);
	mail_await_value(downs(number, 0), 1);
	await_answer(number);
}

Test(namespaces, trouble_longer_than_an_outage_is_told_at_both_ends)
{
	troupe_ref former;

	begin(SHORT_MS);
	for (int i = 1; i < MAIL_NODES; i++)
		await_answer(i);

	netns_cut_off(1);
	mail_await_value(downs(0, 1), 1);
	mail_await_value(downs(1, 0), 1);
	cr_assert_lt(probe(1, 0), 0);
	netns_join(1);
	is_told_at_both_ends(1);

	send_signal(mail_node[2], SIGSTOP);
	mail_await_value(downs(0, 2), 1);
	cr_assert_lt(probe(2, 0), 0);
	send_signal(mail_node[2], SIGCONT);
	is_told_at_both_ends(2);

	former = board->ref[1 + 3];
	mail_kill(3);
	netns_forget(3);
	mail_await_value(downs(0, 3), 1);
	cr_assert_lt(probe(3, 0), 0);
	board->ref[1 + 3] = 0;
	mail_start(3, "mqtt://" NETNS_HUB ":1884/t", member_root);
	mail_await(&board->ref[1 + 3]);
	await_answer(3);
	board->ref[1 + 3] = former;
	cr_assert_lt(probe(3, 0), 0);
	end();
}
