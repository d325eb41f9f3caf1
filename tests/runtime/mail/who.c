/* SPDX-License-Identifier: MIT */
/* Nodes as actors see them: who is there, actors by name, and new ones. */
#include "runtime/actor/away.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_mesh.h"
#include "runtime/troupe_node.h"
#include "runtime/troupe_receive.h"
#include "runtime/troupe_tree.h"
#include "tests/runtime/mail/nodes.h"

enum { LONG_MS = 120000 };

/* ---- events -------------------------------------------------------------- */

/* Takes the next event of any node. */
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

static bool is_of(const struct troupe_mesh_event *event,
		  enum troupe_mesh_kind kind, const char *node)
{
	return event->kind == kind && strcmp(event->node, node) == 0;
}

static int staying(const void *arguments)
{
	int64_t number;

	board->value[this_node]++;
	number = mail_receive(LONG_MS, NULL);
	board->value[9]++;
	return number == 0 ? 0 : -EPROTO;
}

static const struct troupe_class stayer = { .name = "stayer", .run = staying };

static int staying_root(int argc, char **argv)
{
	troupe_ref ref;

	int r;

	CHECK(troupe_spawn_named("stayer", &stayer, NULL, &ref) == 0);
	r = troupe_wait(ref, troupe_in_ms(LONG_MS), NULL);
	return r == -ECANCELED ? 0 : r;
}

/* Its number was that of a node that has come again. */
static void is_answered_by_nobody(troupe_ref former)
{
	Play__Number number = PLAY__NUMBER__INIT;
	long ended = board->value[9];
	struct troupe_message answer;
	troupe_ref ref;

	CHECK(troupe_ask(former, &number.base, TROUPE_NEVER, &answer) ==
	      -EHOSTUNREACH);
	CHECK(troupe_whereis_at("n1", "stayer", troupe_in_ms(LONG_MS), &ref) ==
		      0 &&
	      ref != former);
	CHECK(board->value[9] == ended);
}

/* n1 is there, n2 is not, and n3 comes; n1 ends and comes again. */
static int watching(const void *arguments)
{
	struct troupe_mesh_event event;
	troupe_ref former = 0;
	uint32_t run;

	CHECK(troupe_monitor_node("n1") == 0);
	event = next_event();
	CHECK(is_of(&event, TROUPE_MESH_NODE_UP, "n1"));
	run = event.run;
	CHECK(run > 1 && run != trp_ref_node(troupe_self()));
	CHECK(troupe_whereis_at("n1", "stayer", troupe_in_ms(LONG_MS),
				&former) == 0 &&
	      trp_ref_node(former) == run);
	CHECK(troupe_monitor_node("n2") == 0);
	CHECK(troupe_monitor_node("n2") == 0);
	event = next_event();
	CHECK(is_of(&event, TROUPE_MESH_NODE_DOWN, "n2"));
	CHECK(event.run == 0 && event.error == -EHOSTUNREACH);
	board->value[10] = 1;
	event = next_event();
	CHECK(is_of(&event, TROUPE_MESH_NODE_DOWN, "n1") && event.run == run);
	board->value[10] = 2;
	event = next_event();
	CHECK(is_of(&event, TROUPE_MESH_NODE_UP, "n1") && event.run != run);
	mail_await_value(&board->value[1], 2);
	is_answered_by_nobody(former);
	CHECK(troupe_demonitor_node("n1") == 0);
	CHECK(troupe_demonitor_node("n2") == 0);
	CHECK(troupe_monitor_node(NULL) == 0);
	event = next_event();
	CHECK(is_of(&event, TROUPE_MESH_NODE_UP, "n1"));
	board->value[10] = 3;
	event = next_event();
	CHECK(is_of(&event, TROUPE_MESH_NODE_UP, "n3"));
	CHECK(troupe_monitor_node("no/name") == -EINVAL);
	CHECK(troupe_monitor_node("") == -EINVAL);
	board->value[10] = 4;
	return 0;
}

static const struct troupe_class watcher = { .name = "watcher",
					     .run = watching };

static int watching_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&watcher, NULL, &ref) == 0);
	return troupe_wait(ref, troupe_in_ms(LONG_MS), NULL) == 0 ? 0 : -1;
}

#ifdef HAVE_LIBCRYPTO
static int stranger_root(int argc, char **argv)
{
	mail_await_way();
	board->value[11] = 1;
	mail_await_value(&board->value[10], 4);
	return 0;
}

/* n2 has another cookie, so to the others it is not there. */
static void start_stranger(const char *url)
{
	for (int i = 0; i < MAIL_NODES; i++)
		strcpy(mail_cookie[i], i == 2 ? "not that of this test"
					      : "a cookie of this test");
	mail_start(2, url, stranger_root);
	mail_await_value(&board->value[11], 1);
}
#else
static void start_stranger(const char *url)
{
}
#endif

/* At once: no outage is over meanwhile. */
static void tells_of_runs(const char *url, void (*end)(int number))
{
	mail_outage_ms = 10 * LONG_MS;
	start_stranger(url);
	mail_start(1, url, staying_root);
	mail_await_value(&board->value[1], 1);
	mail_start(0, url, watching_root);
	mail_await_value(&board->value[10], 1);
	end(1);
	mail_await_value(&board->value[10], 2);
	mail_start(1, url, staying_root);
	mail_await_value(&board->value[10], 3);
	mail_start(3, url, staying_root);
	mail_await_value(&board->value[10], 4);
	mail_kill(1);
	mail_kill(3);
	mail_end_nodes();
}

static void over_local(void (*end)(int number))
{
	mail_begin();
	tells_of_runs(mail_local(), end);
	mail_end();
}

Test(who, is_told_over_local_of_a_node_that_is_killed)
{
	over_local(mail_kill);
}

Test(who, is_told_over_local_of_a_node_that_stops)
{
	over_local(mail_stop);
}

static void over(const struct broker *broker, void (*end)(int number))
{
	pid_t pid;
	char url[80];
	int port;

	need_broker(broker);
	mail_begin();
	port = free_port();
	pid = broker->start(test_folder(), port, broker->open);
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d", broker->kind, port);
	tells_of_runs(url, end);
	stop_server(pid, SIGTERM);
	mail_end();
}

Test(who, is_told_over_mqtt_of_a_node_that_is_killed)
{
	over(&mosquitto_broker, mail_kill);
}

Test(who, is_told_over_mqtt_of_a_node_that_stops)
{
	over(&mosquitto_broker, mail_stop);
}

Test(who, is_told_over_nats_of_a_node_that_is_killed)
{
	over(&nats_broker, mail_kill);
}

Test(who, is_told_over_nats_of_a_node_that_stops)
{
	over(&nats_broker, mail_stop);
}

/* ---- actors by name ------------------------------------------------------ */

static int finding_root(int argc, char **argv)
{
	troupe_ref ref = 0, same = 0;
	char address[TROUPE_ADDRESS_SIZE];

	CHECK(troupe_whereis_at("n1", "stayer", troupe_in_ms(LONG_MS), &ref) ==
	      0);
	CHECK(trp_ref_is_elsewhere(ref));
	CHECK(troupe_whereis_at("n1", "/stayer", troupe_in_ms(LONG_MS),
				&same) == 0);
	CHECK(same == ref);
	CHECK(troupe_whereis_at("n1", "stayer", troupe_in_ms(LONG_MS), NULL) ==
	      0);
	CHECK(troupe_lookup("n1:/stayer", &same) == 0 && same == ref);
	CHECK(troupe_lookup("n1:/stayer", NULL) == 0);
	CHECK(troupe_lookup("n1:/nobody", &same) == -ENOENT);
	CHECK(troupe_lookup("n1:/a//b", &same) == -EINVAL);
	CHECK(troupe_lookup("n7:/stayer", &same) == -EHOSTUNREACH);
	CHECK(troupe_lookup("n0:/", &same) == 0 && same == troupe_self());
	CHECK(troupe_lookup(":/a", &same) == -EINVAL);
	CHECK(troupe_address(ref, address, sizeof(address)) == 0);
	CHECK(strcmp(address, "n1:/stayer") == 0);
	CHECK(troupe_address(ref, address, 10) == -ENAMETOOLONG);
	CHECK(troupe_address(ref + 77, address, sizeof(address)) == -ESRCH);
	CHECK(troupe_lookup("n1:/stayer", &same) == 0);
	CHECK(troupe_whereis_at("n1", "nobody", troupe_in_ms(LONG_MS), &ref) ==
	      -ENOENT);
	CHECK(troupe_whereis_at("n1", "/a//b", troupe_in_ms(LONG_MS), &ref) ==
	      -EINVAL);
	CHECK(troupe_whereis_at("n7", "stayer", troupe_in_ms(LONG_MS), &ref) ==
	      -EHOSTUNREACH);
	CHECK(troupe_whereis_at("n8", "stayer", troupe_in_ms(1), &ref) ==
	      -ETIMEDOUT);
	CHECK(troupe_whereis_at("n/1", "stayer", troupe_in_ms(1), &ref) ==
	      -EINVAL);
	CHECK(troupe_whereis_at("n0", "stayer", troupe_in_ms(1), &ref) ==
	      -ENOENT);
	CHECK(troupe_whereis_at("n0", "/", troupe_in_ms(1), &ref) == 0 &&
	      ref == troupe_self());
	CHECK(mail_send(same, 0) == 0);
	mail_await_value(&board->value[9], 1);
	return 0;
}

Test(who, is_found_by_name_and_address)
{
	mail_begin();
	mail_start(1, mail_local(), staying_root);
	mail_await_value(&board->value[1], 1);
	mail_start(0, mail_local(), finding_root);
	mail_end();
}

/* ---- actors on other nodes ----------------------------------------------- */

static int working(const void *arguments)
{
	const Play__Number *number = arguments;

	board->value[20] = number->value;
	board->value[21] = this_node;
	board->ref[20] = troupe_self();
	mail_receive(LONG_MS, NULL);
	board->value[22] = troupe_is_stopping();
	return 0;
}

static const struct troupe_class worker = { .name = "worker", .run = working };

const struct troupe_class *const troupe_classes[] = { &worker, NULL };

static int start_of_another_build(troupe_ref there)
{
	Troupe__Service__Start start = TROUPE__SERVICE__START__INIT;
	struct troupe_message answer = { 0 };

	start.klass = "worker";
	start.build = 1;
	start.caller = troupe_self();
	CHECK(troupe_ask(trp_away_mail_of(trp_ref_node(there)), &start.base,
			 troupe_in_ms(LONG_MS), &answer) == 0);
	CHECK(answer.type == &troupe__service__found__descriptor);
	return ((const Troupe__Service__Found *)answer.body)->result;
}

/* It ends, and with it the worker that it has started. */
static int starting(const void *arguments)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_time late = troupe_in_ms(LONG_MS);
	troupe_ref ref = 0;

	number.value = 42;
	CHECK(troupe_spawn_at("n1", "worker", &number.base, late, &ref) == 0);
	CHECK(mail_await(&board->ref[20]) == ref && trp_ref_is_elsewhere(ref));
	CHECK(board->value[20] == 42 && board->value[21] == 1);
	CHECK(troupe_spawn_at("n1", "idler", NULL, late, &ref) == -ENOENT);
	CHECK(troupe_spawn_at("n7", "worker", NULL, late, &ref) ==
	      -EHOSTUNREACH);
	CHECK(troupe_spawn_at("n1", "", NULL, late, &ref) == -EINVAL);
	CHECK(troupe_spawn_at("n1", "idler", NULL, late, NULL) == -ENOENT);
	CHECK(start_of_another_build(ref) == -EPROTO);
	return 0;
}

static const struct troupe_class starter = { .name = "starter",
					     .run = starting };

static int starting_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&starter, NULL, &ref) == 0);
	CHECK(troupe_wait(ref, troupe_in_ms(LONG_MS), NULL) == 0);
	mail_await_value(&board->value[22], 1);
	CHECK(troupe_whereis_at("n1", "stayer", troupe_in_ms(LONG_MS), &ref) ==
	      0);
	CHECK(mail_send(ref, 0) == 0);
	mail_await_value(&board->value[9], 1);
	return 0;
}

Test(who, is_started_elsewhere_and_ends_with_its_caller)
{
	mail_begin();
	mail_start(1, mail_local(), staying_root);
	mail_await_value(&board->value[1], 1);
	mail_start(0, mail_local(), starting_root);
	mail_end();
}

static int starting_and_dying_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	number.value = 43;
	CHECK(troupe_spawn_at("n1", "worker", &number.base,
			      troupe_in_ms(LONG_MS), &ref) == 0);
	mail_await(&board->ref[20]);
	board->value[30] = 1;
	return troupe_wait(ref, troupe_in_ms(LONG_MS), NULL);
}

Test(who, is_started_elsewhere_and_ends_with_the_node_of_its_caller)
{
	mail_begin();
	mail_start(1, mail_local(), staying_root);
	mail_await_value(&board->value[1], 1);
	mail_start(0, mail_local(), starting_and_dying_root);
	mail_await_value(&board->value[30], 1);
	mail_kill(0);
	mail_await_value(&board->value[22], 1);
	mail_kill(1);
	mail_end();
}
