/* SPDX-License-Identifier: MIT */
/* Mail by a broker that asks for a password, for TLS, or has other limits. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/program.h"
#include "tests/support/server.h"

enum { PATIENCE_MS = 240000 };

static int port;
static pid_t broker;

static void begin_at(const struct broker *kind)
{
	need_broker(kind);
	setenv("XDG_RUNTIME_DIR", make_folder(), 1);
	port = free_port();
}

static void begin(void)
{
	begin_at(&mosquitto_broker);
}

/* more: lines of its configuration; %s is the test's folder, twice. */
static void start_broker(const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), more, test_folder(), test_folder());
	broker = start_mosquitto(test_folder(), port, text);
}

static void end(void)
{
	stop_server(broker, SIGTERM);
	drop_folder();
}

static void run_command(const char *format)
{
	char command[1024];

	snprintf(command, sizeof(command), format, test_folder(),
		 test_folder());
	cr_assert_eq(system(command), 0);
}

static void make_certificate(void)
{
	run_command("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "
		    "/CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout "
		    "'%s/key' -out '%s/cert' 2>/dev/null");
}

/* "mqtt://", "me:pw@", "?ca=..." */
static const char *bus(const char *scheme, const char *user, const char *more)
{
	static char url[512];

	snprintf(url, sizeof(url), "%s%s127.0.0.1:%d/t%s", scheme, user, port,
		 more);
	return url;
}

static void start(struct program *p, const char *node, const char *url)
{
	memset(p, 0, sizeof(*p));
	cr_assert_eq(program_troupe(p, "run", "--beacon", url, "--node", node,
				    program_built("tests/runtime/control/"
						  "applications/host.so"),
				    NULL),
		     0);
	cr_assert_eq(program_await_output(p, "ready", PATIENCE_MS), 0, "%s",
		     p->err);
}

static void stop(struct program *p)
{
	kill(p->pid, SIGTERM);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 0, "%s", p->err);
	program_fini(p);
}

/* Two nodes by that URL: an actor of one answers the other. */
static void is_let_in(const char *url)
{
	struct program a, b, ask = { 0 };

	start(&a, "a", url);
	start(&b, "b", url);
	for (int r = -1; r != 0;) {
		program_fini(&ask);
		memset(&ask, 0, sizeof(ask));
		cr_assert_eq(program_troupe(&ask, "ask", "--node", "a",
					    "b:doubler", "Twice",
					    "{\"value\": 21}", NULL),
			     0);
		r = program_finish(&ask, PATIENCE_MS);
	}
	cr_expect_str_eq(ask.out, "{\"value\": \"42\"}\n");
	program_fini(&ask);
	stop(&a);
	stop(&b);
}

/* Its actors are told why, in the log, and so does the doctor. */
static void is_shut_out(const char *url, const char *why)
{
	struct program p;

	start(&p, "c", url);
	cr_expect_eq(program_await_error(&p,
					 "mail to other nodes: the bus is "
					 "down",
					 PATIENCE_MS),
		     0, "%s", p.err);
	cr_expect_eq(program_await_error(&p, why, PATIENCE_MS), 0, "%s", p.err);
	stop(&p);
	memset(&p, 0, sizeof(p));
	cr_assert_eq(program_troupe(&p, "doctor", "--beacon", url, NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 1);
	cr_expect(strstr(p.out, why), "%s", p.out);
	program_fini(&p);
}

Test(program_broker, asks_for_user_and_password)
{
	need_program("mosquitto_passwd");
	begin();
	run_command("PATH=$PATH:/usr/sbin mosquitto_passwd -b -c '%s/pw' me "
		    "'s@e'");
	start_broker("allow_anonymous false\npassword_file %s/pw\n");
	is_let_in(bus("mqtt://", "me:s%40e@", ""));
	is_shut_out(bus("mqtt://", "me:other@", ""), "access is refused");
	is_shut_out(bus("mqtt://", "", ""), "access is refused");
	end();
}

Test(program_broker, speaks_tls)
{
	char ca[200];

	need_program("openssl");
	begin();
	make_certificate();
	start_broker("allow_anonymous true\ncertfile %s/cert\n"
		     "keyfile %s/key\n");
	snprintf(ca, sizeof(ca), "?ca=%s/cert", test_folder());
	is_let_in(bus("mqtts://", "", ca));
	is_shut_out(bus("mqtts://", "", ""), "TLS does not trust it");
	end();
}

/* Each may have the mail of its own mesh alone. */
Test(program_broker, has_an_acl)
{
	char path[128];
	FILE *file;

	begin();
	snprintf(path, sizeof(path), "%s/acl", test_folder());
	file = fopen(path, "w");
	cr_assert(file && fputs("user me\ntopic readwrite t\n"
				"topic readwrite t/n/#\n"
				"topic readwrite t/at/#\n"
				"user other\ntopic readwrite o/#\n",
				file) >= 0);
	cr_assert(fclose(file) == 0);
	start_broker("allow_anonymous true\nacl_file %s/acl\n");
	is_let_in(bus("mqtt://", "me@", ""));
	is_shut_out(bus("mqtt://", "other@", ""), "access is refused");
	end();
}

Test(program_broker, has_limits_that_the_doctor_finds)
{
	struct program p = { 0 };

	begin();
	start_broker("allow_anonymous true\nmessage_size_limit 20000\n");
	cr_assert_eq(program_troupe(&p, "doctor", "--beacon",
				    bus("mqtt://", "", ""), NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 1);
	cr_expect(strstr(p.out, "of 64 KiB do not pass"), "%s", p.out);
	program_fini(&p);
	end();
}

Test(program_broker, of_nats_asks_for_user_and_password)
{
	begin_at(&nats_broker);
	broker = start_nats(test_folder(), port,
			    "authorization { user: me, password: \"s@e\" }\n");
	is_let_in(bus("nats://", "me:s%40e@", ""));
	is_shut_out(bus("nats://", "me:other@", ""), "access is refused");
	end();
}

Test(program_broker, of_nats_speaks_tls)
{
	char ca[200], more[400];

	need_program("openssl");
	begin_at(&nats_broker);
	make_certificate();
	snprintf(more, sizeof(more),
		 "tls { cert_file: \"%s/cert\", key_file: \"%s/key\" }\n",
		 test_folder(), test_folder());
	broker = start_nats(test_folder(), port, more);
	snprintf(ca, sizeof(ca), "?ca=%s/cert", test_folder());
	is_let_in(bus("tls://", "", ca));
	is_shut_out(bus("tls://", "", ""), "TLS does not trust it");
	end();
}

Test(program_broker, of_nats_lets_nobody_else_in)
{
	begin_at(&nats_broker);
	broker = start_nats(test_folder(), port,
			    "authorization { users: [\n"
			    "{ user: me, password: a, permissions: {\n"
			    "  publish: [\"t\", \"t.>\"],\n"
			    "  subscribe: [\"t\", \"t.>\"] } },\n"
			    "{ user: other, password: b, permissions: {\n"
			    "  publish: \"o.>\", subscribe: \"o.>\" } } ] }\n");
	is_let_in(bus("nats://", "me:a@", ""));
	is_shut_out(bus("nats://", "other:b@", ""), "access is refused");
	end();
}
