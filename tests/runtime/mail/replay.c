/* SPDX-License-Identifier: MIT */
/* A stranger without the cookie repeats what a node has said of itself. */
#include <poll.h>
#include "ipc/bus/bus.h"
#include "runtime/mail/proofs.h"
#include "runtime/troupe_mesh.h"
#include "runtime/troupe_node.h"
#include "runtime/troupe_receive.h"
#include "tests/runtime/mail/nodes.h"

#ifdef HAVE_LIBCRYPTO

enum { LONG_MS = 120000, IS_UP = 1, IS_DOWN, IS_UP_AGAIN };

static struct trp_presence_heard said; /* of n1, its seal at the end */
static uint8_t said_words[TRP_PRESENCE_WORDS_MAX];
static int questions;

TestSuite(replay, .timeout = 600);

/* ---- the nodes ----------------------------------------------------------- */

static struct troupe_mesh_event next_event(void)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__beacon_event__descriptor
	};
	struct troupe_mesh_event event = { 0 };
	struct troupe_message message;

	CHECK(troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS), &message) >=
	      0);
	CHECK(troupe_mesh_event(&message, &event) == 0);
	return event;
}

static int watching(const void *arguments)
{
	struct troupe_mesh_event event;
	uint32_t run;

	CHECK(troupe_monitor_node("n1") == 0);
	event = next_event();
	run = event.run;
	CHECK(event.kind == TROUPE_MESH_NODE_UP);
	board->value[0] = IS_UP;
	event = next_event();
	CHECK(event.kind == TROUPE_MESH_NODE_DOWN && event.run == run);
	board->value[0] = IS_DOWN;
	event = next_event();
	CHECK(event.kind == TROUPE_MESH_NODE_UP && event.run != run);
	board->value[0] = IS_UP_AGAIN;
	return 0;
}

static const struct troupe_class watcher = { .name = "watcher",
					     .run = watching };

static int watching_root(int argc, char **argv)
{
	troupe_ref ref;

	mail_await_way();
	CHECK(troupe_spawn(&watcher, NULL, &ref) == 0);
	return troupe_wait(ref, troupe_in_ms(LONG_MS), NULL);
}

static int staying_root(int argc, char **argv)
{
	mail_await_way();
	mail_await_value(&board->value[0], IS_UP_AGAIN);
	return 0;
}

/* ---- the stranger -------------------------------------------------------- */

static void on_payload(void *user, const void *payload, size_t length)
{
}

static void on_changed(void *user, int error)
{
}

static void on_nobody(void *user, uint32_t number)
{
}

static void on_frame(void *user, const void *bytes, size_t length)
{
	struct trp_frame frame;

	questions += trp_frame_read(bytes, length, &frame) == 0 &&
		     frame.kind == TRP_FRAME_HELLO;
}

static void on_present(void *user, const char *node, uint32_t number,
		       const void *words, size_t length)
{
	if (strcmp(node, "n1") != 0 || said.number)
		return;
	memcpy(said_words, words, length);
	said.words = said_words;
	said.length = length;
	said.number = number;
}

static void on_gone(void *user, const char *node, uint32_t number)
{
}

static void on_writable(void *user)
{
}

static const struct trp_bus_calls calls = { .deliver = on_payload,
					    .changed = on_changed,
					    .receive = on_frame,
					    .nobody = on_nobody,
					    .writable = on_writable,
					    .present = on_present,
					    .gone = on_gone };

static struct trp_bus *join(const char *url, uint32_t number)
{
	struct trp_bus_address address;
	struct trp_bus *bus;

	cr_assert_eq(trp_bus_address_parse(url, "test", &address), 0);
	cr_assert_eq(trp_bus_open_mail(&bus, &address, number, &calls, NULL),
		     0);
	return bus;
}

static void turn(struct trp_bus *bus)
{
	struct pollfd ready = { trp_bus_fd(bus), POLLIN, 0 };

	poll(&ready, 1, 10);
	trp_bus_run(bus, trp_time_now());
}

/* In the place of n1, with its number, while that is dead. */
static void is_refused(const char *url, pid_t again)
{
	struct trp_bus *bus = join(url, 77);

	cr_assert_eq(trp_bus_attend(bus, "n1", true), 0);
	while (!said.number)
		turn(bus);
	trp_bus_close(bus);
	mail_await_value(&board->value[0], IS_UP);
	mail_kill(1);
	mail_await_value(&board->value[0], IS_DOWN);
	bus = join(url, said.number);
	cr_assert_eq(trp_bus_present(bus, "n1", said.words, said.length), 0);
	while (!questions && board->value[0] == IS_DOWN && !board->failures)
		turn(bus);
	mail_node[1] = again;
	board->value[1] = 1;
	while (board->value[0] == IS_DOWN && !board->failures)
		turn(bus);
	trp_bus_close(bus);
	cr_assert(questions);
}

/* A process with a link to a server must not fork, so it is forked before. */
static int await_turn(int number)
{
	mail_await_value(&board->value[1], 1);
	return 0;
}

static void over(const char *url)
{
	pid_t again;

	for (int i = 0; i < MAIL_NODES; i++)
		strcpy(mail_cookie[i], "a cookie of this test");
	mail_outage_ms = 10 * LONG_MS;
	mail_before = await_turn;
	mail_start(1, url, staying_root);
	again = mail_node[1];
	mail_before = NULL;
	mail_start(1, url, staying_root);
	mail_start(0, url, watching_root);
	is_refused(url, again);
	mail_end_nodes();
}

static void over_broker(const struct broker *broker)
{
	pid_t pid;
	char url[80];
	int port;

	need_broker(broker);
	mail_begin();
	port = free_port();
	pid = broker->start(test_folder(), port, broker->open);
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d", broker->kind, port);
	over(url);
	stop_server(pid, SIGTERM);
	mail_end();
}

Test(replay, over_local_makes_no_node_seem_to_be_there)
{
	mail_begin();
	over(mail_local());
	mail_end();
}

Test(replay, over_mqtt_makes_no_node_seem_to_be_there)
{
	over_broker(&mosquitto_broker);
}

Test(replay, over_nats_makes_no_node_seem_to_be_there)
{
	over_broker(&nats_broker);
}

#endif
