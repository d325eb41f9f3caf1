/* SPDX-License-Identifier: MIT */
/* Nodes that meet over a broker or over Serf agents, which come and go. */
#include "tests/runtime/mesh/kit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/bus/bus.h"
#include "ipc/wait.h"

static int guarding_root(int argc, char **argv)
{
	CHECK(troupe_singleton("guardian", &guardian, NULL) == 0);
	return mesh_root(argc, argv);
}

static void guard_all(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		nodes[i].root = guarding_root;
}

static void start_all(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		mesh_start(i);
}

static bool are_all(bool is_up)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].pid && board->seen[i].is_up != is_up)
			return false;
	return true;
}

static bool are_all_down(void)
{
	return are_all(false);
}

static bool are_all_up(void)
{
	return are_all(true);
}

static bool are_all_told(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (!board->seen[i].downs)
			return false;
	return true;
}

/* Long enough for all to forget each other. */
static bool is_each_alone(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].pid && board->seen[i].live > 1)
			return false;
	return true;
}

/* As pauses between attempts are long: its leadership is not kept so long. */
static bool came_late(int number)
{
	int64_t first_ns = INT64_MAX;
	int i;

	for (i = 0; i < node_count; i++)
		if (board->seen[i].up_ns < first_ns)
			first_ns = board->seen[i].up_ns;
	return board->seen[number].up_ns - first_ns > 500000000;
}

static bool is_one_settled(void)
{
	return is_settled() && is_one_leading() &&
	       board->seen[leading()].running;
}

/* ---- MQTT --------------------------------------------------------------- */

#ifdef HAVE_LIBMOSQUITTO
static bool is_open;

static void note_change(void *user, int error)
{
	is_open = error == 0;
}

static void hear_nothing(void *user, const void *payload, size_t length)
{
}

static void run_bus(struct trp_bus *bus, int ms)
{
	struct pollfd poll_fd = { .fd = trp_bus_fd(bus), .events = POLLIN };

	poll(&poll_fd, 1, ms);
	trp_bus_run(bus, trp_time_now());
}

static struct trp_bus *open_bus(const char *url)
{
	static const struct trp_bus_calls calls = { .changed = note_change,
						    .deliver = hear_nothing };
	struct trp_bus_address address;
	struct trp_bus *bus;

	cr_assert(trp_bus_address_parse(url, "test", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	while (!is_open)
		run_bus(bus, 100);
	return bus;
}

/* As fast as the broker takes it. */
static void flood(struct trp_bus *bus, int count)
{
	static unsigned seed = 1;
	char bytes[200];
	size_t i;

	while (count > 0) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)rand_r(&seed);
		if (trp_bus_send(bus, bytes,
				 (size_t)rand_r(&seed) % sizeof(bytes)) == 0)
			count--;
		if (count % 16 == 0)
			run_bus(bus, 1);
	}
}

static bool has_heard_rubbish(void)
{
	return board->seen[0].malformed > 1000 &&
	       board->seen[1].malformed > 1000 &&
	       board->seen[2].malformed > 1000;
}

static bool is_deaf(void)
{
	return board->seen[0].deaf > 0;
}

static bool is_it(void)
{
	return board->seen[0].its > 0;
}

/* It may publish, and subscribe, but what it reads is withheld. */
Test(mqtt, a_node_that_does_not_hear_itself_says_so)
{
	char rules[256], more[320];
	const char *in;
	FILE *file;
	int port;
	pid_t broker;

	need_program("mosquitto");
	in = make_folder();
	port = free_port();
	snprintf(rules, sizeof(rules), "%s/rules", in);
	file = fopen(rules, "w");
	cr_assert(file && fputs("topic write #\n", file) >= 0);
	cr_assert(fclose(file) == 0);
	snprintf(more, sizeof(more), "allow_anonymous true\nacl_file %s\n",
		 rules);
	broker = start_mosquitto(in, port, more);
	snprintf(more, sizeof(more), "mqtt://127.0.0.1:%d", port);
	mesh_begin(1, more);
	mesh_await(is_deaf, "it says so");
	cr_assert(board->seen[0].is_up && !board->seen[0].its &&
		  !board->seen[0].led);
	stop_server(broker, SIGTERM);
	broker = start_mosquitto(in, port, "allow_anonymous true\n");
	mesh_await(is_it, "it hears itself, and has its turn");
	stop_server(broker, SIGTERM);
	mesh_end();
	drop_folder();
}

Test(mqtt, three_elect_while_the_broker_is_late_flooded_and_restarted)
{
	uint64_t fence;
	char url[64];
	const char *in;
	pid_t broker;
	struct trp_bus *bus;
	int port, holder;

	need_program("mosquitto");
	in = make_folder();
	port = free_port();
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d/test/mesh", port);
	mesh_prepare(3, url);
	guard_all();
	start_all();
	mesh_await(are_all_told, "there is no broker");
	broker = start_mosquitto(in, port, "allow_anonymous true\n");
	mesh_await(is_one_settled, "they elect");

	bus = open_bus(url);
	flood(bus, 20000);
	mesh_await(has_heard_rubbish, "the flood was heard");
	trp_bus_close(bus);
	mesh_mark();
	mesh_await(has_gone_round, "they go on after it");
	mesh_mark();
	mesh_await(has_gone_round, "what the flood has moved stands again");

	mesh_await(is_one_settled, "one leads");
	holder = leading();
	fence = board->seen[holder].fence;
	stop_server(broker, SIGKILL);
	mesh_await(are_all_down, "the broker is dead");
	mesh_await(is_each_alone, "they have given each other up");
	broker = start_mosquitto(in, port, "allow_anonymous true\n");
	mesh_await(are_all_up, "the broker is back");
	mesh_mark();
	mesh_await(is_one_settled, "they go on");
	cr_assert(board->seen[leading()].fence == fence || came_late(holder),
		  "the leader has stayed the leader");
	mesh_kill(leading());
	mesh_mark();
	mesh_await(is_one_settled, "another one leads");
	cr_assert(board->seen[leading()].fence > fence);
	stop_server(broker, SIGTERM);
	mesh_end();
	drop_folder();
}
#endif

/* ---- Serf --------------------------------------------------------------- */

#ifdef HAVE_MSGPACK
static void say_rubbish(const struct agents *agents)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "serf event -rpc-addr=127.0.0.1:%d -rpc-auth=secret "
		 "-coalesce=false test.mesh rubbish >/dev/null",
		 agents->rpc[0]);
	cr_assert(system(command) == 0);
}

static bool have_all_heard_it(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (!board->seen[i].malformed)
			return false;
	return true;
}

/* The second one is of the second agent. */
static bool is_second_down(void)
{
	return !board->seen[1].is_up;
}

Test(serf, three_elect_over_two_agents_that_pass_rubbish_and_are_restarted)
{
	struct agents agents;
	uint64_t fence;
	const char *in;
	int i;

	need_program("serf");
	in = make_folder();
	for (i = 0; i < 2; i++) {
		agents.gossip[i] = free_port();
		agents.rpc[i] = free_port();
	}
	for (i = 0; i < 2; i++)
		agents.pid[i] = start_agent(&agents, i, in);
	mesh_prepare(3, "");
	guard_all();
	for (i = 0; i < 3; i++)
		snprintf(nodes[i].url, sizeof(nodes[i].url),
			 "serf://:secret@127.0.0.1:%d/test/mesh",
			 agents.rpc[i % 2]);
	start_all();
	mesh_await(is_one_settled, "they elect");

	say_rubbish(&agents);
	mesh_await(have_all_heard_it, "rubbish was heard, and counted");
	stop_server(agents.pid[1], SIGKILL);
	mesh_await(is_second_down, "an agent is dead");
	agents.pid[1] = start_agent(&agents, 1, in);
	mesh_await(are_all_up, "it is back");
	mesh_mark();
	mesh_await(is_one_settled, "they go on");

	fence = board->seen[leading()].fence;
	mesh_kill(leading());
	mesh_mark();
	mesh_await(is_one_settled, "another one leads");
	cr_assert(board->seen[leading()].fence > fence);
	for (i = 0; i < 2; i++)
		stop_server(agents.pid[i], SIGKILL);
	mesh_end();
	drop_folder();
}
#endif
