/* SPDX-License-Identifier: MIT */
/* The program among several nodes: ask, nodes, doctor. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/program.h"
#include "tests/support/server.h"
#include "tests/support/skip.h"

enum { PATIENCE_MS = 240000 };

static char home[64], bus[80];

static void begin(void)
{
	snprintf(home, sizeof(home), "%s", make_folder());
	snprintf(bus, sizeof(bus), "local:%s/bus", home);
	setenv("XDG_RUNTIME_DIR", home, 1);
}

static void stop(struct program *p)
{
	kill(p->pid, SIGTERM);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 0, "%s", p->err);
	program_fini(p);
}

static void start_with(struct program *p, const char *node, const char *flag)
{
	cr_assert_eq(program_troupe(p, "run", "--beacon", bus, "--node", node,
				    flag,
				    program_built("tests/runtime/control/"
						  "applications/host.so"),
				    NULL),
		     0);
	cr_assert_eq(program_await_output(p, "ready", PATIENCE_MS), 0, "%s",
		     p->err);
}

static void start_doubler(struct program *p, const char *node)
{
	start_with(p, node, "--no-allow-ps");
}

/* Until the output has that text; the status is to be that one then. */
static void says(const char *text, int status, const char *const *words)
{
	struct program p = { 0 };
	int r;

	for (int i = 0; i < 100; i++) {
		cr_assert_eq(program_troupe(&p, words[0], words[1], words[2],
					    words[3], words[4], words[5], NULL),
			     0);
		r = program_finish(&p, PATIENCE_MS);
		if (r == status && strstr(status ? p.err : p.out, text)) {
			program_fini(&p);
			return;
		}
		program_fini(&p);
		memset(&p, 0, sizeof(p));
	}
	cr_assert(false, "%s never said %s", words[0], text);
}

Test(program_nodes, asks_an_actor_of_another_node)
{
	struct program a = { 0 }, b = { 0 };

	begin();
	start_doubler(&a, "a");
	start_doubler(&b, "b");
	says("{\"value\": \"42\"}\n", 0,
	     (const char *[]) { "ask", "--node", "a", "b:doubler", "Twice",
				"{\"value\": 21}" });
	says("{\"value\": \"44\"}\n", 0,
	     (const char *[]) { "ask", "--node", "a", "b:/doubler", "Twice",
				"{\"value\": 22}" });
	says("no actor of that node has this name", 1,
	     (const char *[]) { "ask", "--node", "b", "a:clerk", "Twice",
				NULL });
	says("its node is not there", 1,
	     (const char *[]) { "ask", "--node", "b", "c:doubler", "Twice",
				NULL });
	says("\"node\": \"b\"", 0,
	     (const char *[]) { "nodes", "--node", "a", "--json", NULL, NULL });
	says("\"application\": \"host.so\"", 0,
	     (const char *[]) { "nodes", "--node", "b", "--json", NULL, NULL });
	stop(&a);
	stop(&b);
	drop_folder();
}

Test(program_nodes, takes_an_outage_in_seconds)
{
	begin();
	says("--outage takes seconds, 0.1 to 3600", 2,
	     (const char *[]) { "run", "--outage", "0", "x.so", NULL, NULL });
	says("cannot load", 2,
	     (const char *[]) { "run", "--outage", "0.5", "x.so", NULL, NULL });
	drop_folder();
}

/* As on another machine: with the same bus, and no socket of the other. */
static void go_to(const char *machine)
{
	char path[120];

	snprintf(path, sizeof(path), "%s/%s", home, machine);
	mkdir(path, 0700);
	setenv("XDG_RUNTIME_DIR", path, 1);
}

Test(program_nodes, lists_and_stops_actors_of_another_machine)
{
	struct program a = { 0 }, b = { 0 };

	begin();
	go_to("here");
	start_doubler(&a, "a");
	go_to("there");
	start_with(&b, "b", "--allow-ps");
	says("start it with --allow-ps", 1,
	     (const char *[]) { "ps", "--node", "a", NULL, NULL, NULL });
	go_to("here");
	says("idle         /doubler", 0,
	     (const char *[]) { "ps", "--node", "b", "-o", "state,address",
				NULL });
	says("\"activity\": \"idle\"", 0,
	     (const char *[]) { "ps", "--node", "b", "--json", NULL, NULL });
	says("nor is there one in the mesh", 1,
	     (const char *[]) { "ps", "--node", "c", NULL, NULL, NULL });
	says("are for nodes of this machine", 1,
	     (const char *[]) { "ps", "--node", "b", "--interval", "1", NULL });
	says("reaches actors of other nodes", 1,
	     (const char *[]) { "restart", "b:doubler", NULL, NULL, NULL,
				NULL });
	says("", 0,
	     (const char *[]) { "stop", "b:/doubler", NULL, NULL, NULL, NULL });
	says("no actor of that node has this name", 1,
	     (const char *[]) { "stop", "b:/doubler", NULL, NULL, NULL, NULL });
	stop(&a);
	go_to("there");
	stop(&b);
	drop_folder();
}

/* Their list is larger than what one message's body has. */
Test(program_nodes, lists_many_actors_of_another_machine)
{
	enum { MANY = 400 };
	struct program a = { 0 }, b = { 0 }, p = { 0 };
	char many[16];
	size_t lines = 0;

	begin();
	snprintf(many, sizeof(many), "%d", MANY);
	go_to("there");
	cr_assert_eq(program_troupe(&b, "run", "--beacon", bus, "--node", "b",
				    "--allow-ps",
				    program_built("tests/runtime/control/"
						  "applications/host.so"),
				    many, NULL),
		     0);
	cr_assert_eq(program_await_output(&b, "ready", PATIENCE_MS), 0, "%s",
		     b.err);
	go_to("here");
	start_doubler(&a, "a");
	says("/doubler", 0,
	     (const char *[]) { "ps", "--node", "b", "-o", "address", NULL });
	cr_assert_eq(program_troupe(&p, "ps", "--node", "b", "--json", NULL),
		     0);
	cr_assert_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	for (const char *at = p.out; (at = strstr(at, "\"activity\"")); at++)
		lines++;
	cr_expect_geq(lines, MANY);
	program_fini(&p);
	stop(&a);
	go_to("there");
	stop(&b);
	drop_folder();
}

static const char *cookie_file(const char *name)
{
	static char path[2][120];
	char *at = path[*name == 'x'];
	FILE *file;

	snprintf(at, sizeof(path[0]), "%s/%s", home, name);
	file = fopen(at, "w");
	cr_assert(file && fprintf(file, "a-cookie-called-%s\n", name) > 0 &&
		  fclose(file) == 0 && chmod(at, 0600) == 0);
	return at;
}

/* Its lines about the mesh, whatever it says of this machine. */
static void doctor_says(const char *cookie, const char *text)
{
	struct program p = { 0 };

	cr_assert_eq(program_troupe(&p, "doctor", "--beacon", bus,
				    cookie ? "--cookie-file" : NULL, cookie,
				    NULL),
		     0);
	program_finish(&p, PATIENCE_MS);
	cr_expect(strstr(p.out, "of 64 KiB pass"), "%s", p.out);
	cr_expect(strstr(p.out, "are told of at once"), "%s", p.out);
	cr_expect(strstr(p.out, text), "no \"%s\" in %s", text, p.out);
	program_fini(&p);
}

Test(program_nodes, looks_at_a_mesh_and_the_cookies_of_its_nodes)
{
	struct program a = { 0 };

#ifndef HAVE_LIBCRYPTO
	SKIP("libcrypto", "it was not built with it");
#endif
	begin();
	doctor_says(NULL, "0 are there");
	doctor_says(NULL, "mail is not sealed");
	cr_assert_eq(program_troupe(&a, "run", "--beacon", bus, "--node", "a",
				    "--cookie-file", cookie_file("one"),
				    program_built("tests/runtime/control/"
						  "applications/host.so"),
				    NULL),
		     0);
	says("\"node\": \"a\"", 0,
	     (const char *[]) { "nodes", "--node", "a", "--json", NULL, NULL });
	doctor_says(cookie_file("one"), "1 is there");
	doctor_says(cookie_file("one"), "is that of the nodes there");
	doctor_says(cookie_file("xtra"), "is not that of all nodes there");
	doctor_says(NULL, "is not that of all nodes there");
	cr_assert_eq(program_await_error(&a, "another cookie", PATIENCE_MS), 0,
		     "%s", a.err);
	stop(&a);
	drop_folder();
}
