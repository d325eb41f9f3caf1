/* SPDX-License-Identifier: MIT */
/* The program: its options, a file of them, and troupe beacon. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "tests/support/server.h"
#include "tests/support/program.h"

enum { PATIENCE_MS = 240000 };

static char home[64], bus[80], application[4096];

static void begin(void)
{
	snprintf(home, sizeof(home), "%s", make_folder());
	snprintf(bus, sizeof(bus), "local:%s/bus", home);
	setenv("XDG_RUNTIME_DIR", home, 1);
	snprintf(application, sizeof(application), "%s",
		 program_built("examples/mesh.so"));
}

static const char *file_of(const char *text)
{
	static char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/options.ini", home);
	file = fopen(path, "w");
	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	return path;
}

static void start(struct program *p, const char *node)
{
	cr_assert_eq(program_troupe(p, "run", "--beacon", bus, "--node", node,
				    "--cycle", "0.6", "--gap", "0.15",
				    application, "green", NULL),
		     0);
}

static void stop(struct program *p)
{
	kill(p->pid, SIGTERM);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 0, "%s", p->err);
	program_fini(p);
}

/* The output of `troupe run` when it does not run. */
static void refuse(const char *option, const char *value, const char *why)
{
	struct program p = { 0 };

	cr_assert_eq(
		program_troupe(&p, "run", option, value, application, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 2);
	cr_expect(strstr(p.err, why), "%s %s: %s", option, value, p.err);
	program_fini(&p);
}

Test(program, says_what_is_wrong_with_an_option)
{
	begin();
	refuse("--beacon", "carrier-pigeon:", "troupe doctor");
	refuse("--beacon", "mqtt://", "--beacon or TROUPE_BEACON takes");
	refuse("--cycle", "-1", "--cycle takes seconds");
	refuse("--gap", "9", "a cycle of 10 s and a gap of 9 s do not");
	refuse("--splits", "0", "--splits takes 1 to 128");
	refuse("--mesh", "a/b", "--mesh takes");
	refuse("--codec", "morse", "--codec takes cbor");
	refuse("--config", "/nowhere/at/all", "cannot read /nowhere/at/all");
#ifdef HAVE_INIH
	refuse("--config", "/dev", "cannot read /dev: Is a directory");
#endif
	drop_folder();
}

/* The output of `troupe beacon --json` for that node, when it is up. */
static void ask(const char *node, struct program *p, const char *until)
{
	int i;

	for (i = 0; i < 100; i++) {
		memset(p, 0, sizeof(*p));
		cr_assert_eq(program_troupe(p, "beacon", "--json", "--node",
					    node, NULL),
			     0);
		if (program_finish(p, PATIENCE_MS) == 0 &&
		    strstr(p->out, until))
			return;
		program_fini(p);
		usleep(50000);
	}
	cr_assert(false, "%s never said %s", node, until);
}

#ifdef HAVE_INIH
Test(program, says_in_which_line_of_a_file_something_is_wrong)
{
	begin();
	refuse("--config", file_of("cycle = 2\n\nlamp = red\n"),
	       "options.ini:3: no option lamp is known");
	refuse("--config", file_of("[run]\ncycle = soon\n"),
	       "options.ini:2: cycle takes seconds");
	refuse("--config", file_of("[walk]\ncycle = 1\n"),
	       "options.ini:2: no section [walk] is known");
	refuse("--config", file_of("cycle\n"), "options.ini:1: ");
	refuse("--config", file_of("config = other\n"), "options.ini:1: ");
	drop_folder();
}

Test(program, the_command_line_wins_over_the_environment_and_that_over_the_file)
{
	struct program p = { 0 }, beacon;
	char text[256];

	begin();
	setenv("TROUPE_MESH", "fog", 1);
	snprintf(text, sizeof(text),
		 "; a comment\nbeacon = %s\nmesh = sea\nnode = buoy\n"
		 "[run]\ncycle = 3\ngap = 0.5\nsplits = 7\nforce-in = no\n",
		 bus);
	cr_assert_eq(program_troupe(&p, "run", "--config", file_of(text),
				    "--cycle", "2", application, NULL),
		     0);
	ask("buoy", &beacon, "\"up\": true");
	cr_expect(strstr(beacon.out, "\"mesh\": \"fog\""), "%s", beacon.out);
	cr_expect(strstr(beacon.out, "\"cycle\": 2.0"), "%s", beacon.out);
	cr_expect(strstr(beacon.out, "\"gap\": 0.5"), "%s", beacon.out);
	cr_expect(strstr(beacon.out, "\"splits\": 7"), "%s", beacon.out);
	cr_expect(strstr(beacon.out, "\"force_in\": false"), "%s", beacon.out);
	program_fini(&beacon);
	stop(&p);
	drop_folder();
}
#endif

Test(program, a_name_of_a_mesh_alone_is_one_on_this_machine)
{
	struct program p = { 0 }, beacon = { 0 };
	char text[128];

	begin();
	cr_assert_eq(program_troupe(&p, "run", "--mesh", "fog", "--node",
				    "buoy", application, NULL),
		     0);
	ask("buoy", &beacon, "\"up\": true");
	snprintf(text, sizeof(text), "\"bus\": \"local:%s/troupe/fog\"", home);
	cr_expect(strstr(beacon.out, text), "%s", beacon.out);
	program_fini(&beacon);
	stop(&p);
	drop_folder();
}

Test(program, beacon_shows_a_mesh_and_watch_what_happens_in_it)
{
	struct program a = { 0 }, b = { 0 }, watch = { 0 }, beacon = { 0 };
	char text[128];

	begin();
	start(&a, "a");
	cr_assert_eq(
		program_await_output(&a, "the green lamp is lit", PATIENCE_MS),
		0, "%s", a.err);
	cr_assert_eq(program_troupe(&watch, "beacon", "watch", "--json",
				    "--node", "a", NULL),
		     0);
	cr_assert_eq(
		program_await_output(&watch, "\"event\": \"up\"", PATIENCE_MS),
		0);
	start(&b, "b");
	cr_assert_eq(program_await_output(
			     &watch, "\"event\": \"came\", \"node\": \"b\"",
			     PATIENCE_MS),
		     0, "%s", watch.out);
	cr_assert_eq(program_troupe(&beacon, "beacon", "--node", "a", NULL), 0);
	cr_expect_eq(program_finish(&beacon, PATIENCE_MS), 0, "%s", beacon.err);
	cr_expect(strstr(beacon.out, "leader     a\n"), "%s", beacon.out);
	snprintf(text, sizeof(text), "bus        %s, up\n", bus);
	cr_expect(strstr(beacon.out, text), "%s", beacon.out);
	cr_expect(strstr(beacon.out, " b\n") ||
			  strstr(beacon.out, " b value \"green\"\n"),
		  "%s", beacon.out);
	program_fini(&beacon);
	cr_assert_eq(program_await_output(&a, "b has the value \"green\"",
					  PATIENCE_MS),
		     0, "%s", a.out);
	stop(&b);
	cr_assert_eq(program_await_output(
			     &watch, "\"event\": \"went\", \"node\": \"b\"",
			     PATIENCE_MS),
		     0, "%s", watch.out);
	stop(&a);
	cr_expect_eq(program_finish(&watch, PATIENCE_MS), 0, "%s", watch.err);
	program_fini(&watch);
	drop_folder();
}

/* A session of a client, which the node has begun. */
static void open_session(struct trp_client *client)
{
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	const ProtobufCMessage *item;

	cr_assert_eq(trp_client_open(client, "a"), 0, "%s", client->why);
	cr_assert_eq(trp_client_get(client, &hello.base,
				    &troupe__guest__node__descriptor, &item),
		     0, "%s", client->why);
}

/* Its session is forgotten, though another may lie at the same place. */
Test(program, an_event_is_told_to_nobody_in_the_place_of_one_who_has_left)
{
	static struct trp_client client[3];
	Troupe__Mesh__Watch wish = TROUPE__MESH__WATCH__INIT;
	struct program a = { 0 }, b = { 0 }, watch = { 0 };
	const ProtobufCMessage *item;
	char byte;
	int i;

	begin();
	start(&a, "a");
	cr_assert_eq(
		program_await_output(&a, "the green lamp is lit", PATIENCE_MS),
		0, "%s", a.err);
	cr_assert_eq(program_troupe(&watch, "beacon", "watch", "--json",
				    "--node", "a", NULL),
		     0);
	cr_assert_eq(
		program_await_output(&watch, "\"event\": \"up\"", PATIENCE_MS),
		0);
	cr_assert_eq(trp_client_open(&client[0], "a"), 0);
	cr_assert_eq(trp_client_ask(&client[0], &wish.base), 0);
	cr_assert_eq(trp_client_next(&client[0],
				     &troupe__beacon_event__descriptor, 0,
				     &item),
		     1);
	trp_client_close(&client[0]);
	for (i = 0; i < 8; i++) { /* by then it is gone */
		open_session(&client[0]);
		trp_client_close(&client[0]);
	}
	for (i = 0; i < 3; i++)
		open_session(&client[i]);
	start(&b, "b");
	cr_assert_eq(program_await_output(
			     &watch, "\"event\": \"came\", \"node\": \"b\"",
			     PATIENCE_MS),
		     0, "%s", watch.out);
	for (i = 0; i < 3; i++) {
		cr_expect_eq(recv(client[i].fd, &byte, 1, MSG_DONTWAIT), -1);
		trp_client_close(&client[i]);
	}
	stop(&b);
	stop(&a);
	cr_expect_eq(program_finish(&watch, PATIENCE_MS), 0, "%s", watch.err);
	program_fini(&watch);
	drop_folder();
}

static double number(const json_t *map, const char *key)
{
	const json_t *value = json_object_get(map, key);

	cr_expect(json_is_number(value), "%s is no number", key);
	return json_number_value(value);
}

static bool is_true(const json_t *map, const char *key)
{
	const json_t *value = json_object_get(map, key);

	cr_expect(json_is_boolean(value), "%s is neither true nor false", key);
	return json_is_true(value);
}

static const char *text(const json_t *map, const char *key)
{
	const json_t *value = json_object_get(map, key);

	cr_expect(json_is_string(value), "%s is no text", key);
	return json_is_string(value) ? json_string_value(value) : "";
}

static void expect_node(const json_t *node)
{
	cr_expect_str_eq(text(node, "name"), "a");
	cr_expect(is_true(node, "self"));
	cr_expect(is_true(node, "leader"));
	cr_expect(is_true(node, "live"));
	is_true(node, "it");
	cr_expect_geq(number(node, "silent_ms"), 0);
	cr_expect_gt(number(node, "incarnation"), 0);
	cr_expect_geq(number(node, "load"), 0);
	cr_expect_geq(number(node, "actors"), 2);
	cr_expect(json_is_object(json_object_get(node, "offers")));
	text(node, "value");
}

static void expect_packets(const json_t *packets)
{
	const json_t *sent = json_object_get(packets, "sent");
	const json_t *received = json_object_get(packets, "received");

	cr_expect_geq(number(sent, "init"), 1);
	cr_expect_geq(number(sent, "vers"), 1);
	cr_expect_geq(number(sent, "ping"), 1);
	cr_expect_geq(number(sent, "hist"), 0);
	cr_expect_geq(number(received, "init"), 1);
	cr_expect_geq(number(received, "vers"), 1);
	cr_expect_geq(number(received, "ping"), 1);
	cr_expect_geq(number(received, "hist"), 0);
	cr_expect_eq(number(packets, "malformed"), 0);
	cr_expect_geq(number(packets, "stale"), 0);
	cr_expect_geq(number(packets, "collisions"), 0);
	cr_expect_geq(number(packets, "tags"), 0);
	cr_expect_geq(number(packets, "lost"), 0);
}

static void expect_view(const json_t *view)
{
	const json_t *config = json_object_get(view, "config");
	const json_t *nodes = json_object_get(view, "nodes");

	cr_expect_str_eq(text(view, "mesh"), "troupe");
	cr_expect_str_eq(text(view, "node"), "a");
	cr_expect_str_eq(text(view, "bus"), bus);
	cr_expect_str_eq(text(view, "leader"), "a");
	cr_expect(is_true(view, "up"));
	text(view, "it");
	cr_expect_geq(number(view, "term"), 1);
	cr_expect_geq(number(view, "fence"), 1);
	cr_expect_geq(json_array_size(json_object_get(view, "listed")), 1);
	cr_expect_eq(json_array_size(json_object_get(view, "singletons")), 1);
	cr_expect_eq(number(config, "version"), 0);
	cr_expect_float_eq(number(config, "cycle"), 0.6, 1e-9);
	cr_expect_float_eq(number(config, "gap"), 0.15, 1e-9);
	cr_expect_eq(number(config, "listed"), 32);
	cr_expect_eq(number(config, "splits"), 4);
	cr_expect_eq(number(config, "hosts"), 1);
	cr_expect(is_true(config, "force_in"));
	expect_packets(json_object_get(view, "packets"));
	cr_assert_eq(json_array_size(nodes), 1);
	expect_node(json_array_get(nodes, 0));
}

Test(program, beacon_tells_all_that_it_knows_as_json)
{
	struct program a = { 0 }, beacon = { 0 };
	json_t *view;

	begin();
	start(&a, "a");
	cr_assert_eq(
		program_await_output(&a, "the green lamp is lit", PATIENCE_MS),
		0, "%s", a.err);
	ask("a", &beacon, "\"leader\": \"a\"");
	view = json_loads(beacon.out, 0, NULL);
	cr_assert(view, "%s", beacon.out);
	expect_view(view);
	json_decref(view);
	program_fini(&beacon);
	stop(&a);
	drop_folder();
}

Test(program, watch_tells_of_settings_taken_over_and_of_both_lists_of_a_heal)
{
	struct program a = { 0 }, b = { 0 }, watch = { 0 };
	static const char *const said[] = {
		"{\"event\": \"setup\", \"node\": \"b\"",
		"\"version\": 7",
		"{\"event\": \"healed\"",
		"\"local\": [\"a\"], \"remote\": [\"b\"]",
	};
	size_t i;

	begin();
	start(&a, "a");
	cr_assert_eq(
		program_await_output(&a, "the green lamp is lit", PATIENCE_MS),
		0, "%s", a.err);
	cr_assert_eq(program_troupe(&watch, "beacon", "watch", "--json",
				    "--node", "a", NULL),
		     0);
	cr_assert_eq(
		program_await_output(&watch, "\"event\": \"up\"", PATIENCE_MS),
		0);
	cr_assert_eq(program_troupe(&b, "run", "--beacon", bus, "--node", "b",
				    "--beacon-version", "7", "--cycle", "0.6",
				    "--gap", "0.15", application, NULL),
		     0);
	for (i = 0; i < sizeof(said) / sizeof(*said); i++)
		cr_assert_eq(program_await_output(&watch, said[i], PATIENCE_MS),
			     0, "%s: %s", said[i], watch.out);
	stop(&b);
	stop(&a);
	cr_expect_eq(program_finish(&watch, PATIENCE_MS), 0, "%s", watch.err);
	program_fini(&watch);
	drop_folder();
}

/* An orderly end is reported above. */
Test(program, watch_tells_by_its_status_that_it_or_its_node_was_cut_short)
{
	struct program a = { 0 }, watch[2] = { 0 };
	int i;

	begin();
	start(&a, "a");
	cr_assert_eq(
		program_await_output(&a, "the green lamp is lit", PATIENCE_MS),
		0, "%s", a.err);
	for (i = 0; i < 2; i++) {
		cr_assert_eq(program_troupe(&watch[i], "beacon", "watch",
					    "--node", "a", NULL),
			     0);
		cr_assert_eq(
			program_await_output(&watch[i], "up ", PATIENCE_MS), 0);
	}
	kill(watch[0].pid, SIGINT);
	cr_expect_eq(program_finish(&watch[0], PATIENCE_MS), 128 + SIGINT);
	kill(a.pid, SIGKILL);
	program_finish(&a, PATIENCE_MS);
	cr_expect_eq(program_finish(&watch[1], PATIENCE_MS), 1);
	cr_expect_str_eq(watch[1].err, "troupe beacon: node a has ended\n");
	program_leftovers(&a, PATIENCE_MS);
	for (i = 0; i < 2; i++)
		program_fini(&watch[i]);
	program_fini(&a);
	drop_folder();
}

/* The output of `troupe beacon` with these words, and its status. */
static void order(int status, const char *out, const char *err,
		  const char *const *words)
{
	const char *argv[8] = { "beacon" };
	struct program p = { 0 };
	int i;

	for (i = 0; words[i]; i++)
		argv[i + 1] = words[i];
	argv[i + 1] = NULL;
	cr_assert_eq(program_troupe(&p, argv[0], argv[1], argv[2], argv[3],
				    argv[4], argv[5], argv[6], NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), status, "%s: %s%s",
		     words[0], p.out, p.err);
	cr_expect(strstr(p.out, out), "%s: %s", words[0], p.out);
	cr_expect(strstr(p.err, err), "%s: %s", words[0], p.err);
	program_fini(&p);
}

#define ORDER(status, out, err, ...) \
	order(status, out, err, (const char *const[]) { __VA_ARGS__, NULL })

Test(program, beacon_steers_a_node_by_hand)
{
	struct program a = { 0 }, watch = { 0 }, late = { 0 };

	begin();
	start(&a, "a");
	cr_assert_eq(
		program_await_output(&a, "the green lamp is lit", PATIENCE_MS),
		0, "%s", a.err);
	cr_assert_eq(
		program_troupe(&watch, "beacon", "watch", "--node", "a", NULL),
		0);
	cr_assert_eq(program_await_output(&watch, " up ", PATIENCE_MS), 0);
	ORDER(0, "\"green\"\n", "", "value");
	ORDER(0, "", "", "value", "null");
	ORDER(0, "null\n", "", "value");
	ORDER(0, "", "", "value", "42.5", "--node", "a");
	ORDER(0, "42.5\n", "", "value", "--node", "a");
	ORDER(0, "", "", "value", "--", "-5");
	ORDER(0, "-5\n", "", "value");
	ORDER(1, "", "none that nodes can compare", "value", "[1]");
	ORDER(2, "", "no JSON", "value", "[1");
	ORDER(2, "", "one word", "say", "two", "words");
	ORDER(2, "", "needs a text", "say");
	ORDER(0, "", "", "say", "good morning");
	cr_assert_eq(program_await_output(&watch, "said       a good morning",
					  PATIENCE_MS),
		     0, "%s", watch.out);
	cr_assert_eq(
		program_await_output(&a, "a says: good morning", PATIENCE_MS),
		0, "%s", a.out);
	ORDER(0, "", "", "configure", "--listed", "7");
	ORDER(0, ", 7 listed", "", "--node", "a");
	ORDER(1, "", "impossible", "configure", "--gap", "5");
	ORDER(2, "", "take numbers", "configure", "--gap", "x");
	ORDER(1, "", "not above", "configure", "--beacon-version", "1");
	ORDER(0, "", "", "ready", "no");
	ORDER(0, "not ready", "", "--node", "a");
	ORDER(2, "", "yes or no", "ready", "maybe");
	ORDER(0, "", "", "ready", "yes");
	ORDER(0, "", "", "disable");
	ORDER(0, "disabled", "", "--node", "a");
	ORDER(1, "", "disabled", "say", "x");
	ORDER(0, "", "", "enable");
	cr_assert_eq(program_await_output(&watch, "it         a value -5",
					  PATIENCE_MS),
		     0, "%s", watch.out);
	cr_assert_eq(program_troupe(&late, "beacon", "watch", "--past", "64",
				    "--json", NULL),
		     0);
	cr_assert_eq(program_await_output(&late, "\"said\": \"good morning\"",
					  PATIENCE_MS),
		     0, "%s", late.out);
	cr_expect(strstr(late.out, "\"past\": true"));
	cr_expect(strstr(late.out, "\"time\": \"2"));
	ORDER(2, "", "--past takes", "watch", "--past", "65");
	stop(&a);
	cr_expect_eq(program_finish(&watch, PATIENCE_MS), 0, "%s", watch.err);
	cr_expect_eq(program_finish(&late, PATIENCE_MS), 0, "%s", late.err);
	program_fini(&watch);
	program_fini(&late);
	drop_folder();
}

Test(program, a_node_that_is_not_enabled_listens_until_it_is)
{
	struct program a = { 0 }, b = { 0 };

	begin();
	cr_assert_eq(program_troupe(&a, "run", "--beacon", bus, "--node", "a",
				    "--cycle", "0.6", "--gap", "0.15",
				    "--no-enabled", application, "blue", NULL),
		     0);
	start(&b, "b");
	cr_assert_eq(program_await_output(&a, "b has the value \"green\"",
					  PATIENCE_MS),
		     0, "%s", a.out);
	ORDER(0, "disabled", "", "--node", "a");
	cr_expect_null(strstr(b.out, "a is here"), "%s", b.out);
	ORDER(0, "", "", "enable", "--node", "a");
	cr_assert_eq(program_await_output(&b, "a has the value \"blue\"",
					  PATIENCE_MS),
		     0, "%s", b.out);
	stop(&a);
	stop(&b);
	drop_folder();
}

Test(program, a_node_without_a_mesh_says_so)
{
	struct program p = { 0 }, beacon = { 0 };
	int i, status = 1;

	begin();
	cr_assert_eq(program_troupe(&p, "run", "--node", "lone",
				    program_built("examples/monitor.so"), NULL),
		     0);
	cr_assert_eq(program_await_output(&p, "cpu ", PATIENCE_MS), 0, "%s",
		     p.err);
	for (i = 0; i < 100; i++) {
		program_fini(&beacon);
		memset(&beacon, 0, sizeof(beacon));
		cr_assert_eq(program_troupe(&beacon, "beacon", "--node", "lone",
					    NULL),
			     0);
		status = program_finish(&beacon, PATIENCE_MS);
		if (strstr(beacon.err, "without --beacon"))
			break;
		usleep(50000);
	}
	cr_expect(i < 100 && status == 1, "%s", beacon.err);
	program_fini(&beacon);
	stop(&p);
	drop_folder();
}
