/* SPDX-License-Identifier: MIT */
#include "runtime/cli/web.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "ipc/time.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/web_server.h"

static const char command[] = "web";

/* Of 128 bits that nobody can guess; the same in each run where the environment
 * has one, for a Prometheus that asks.  False: that one is too weak. */
static bool make_token(char token[TRP_WEB_TOKEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	const char *given = getenv("TROUPE_WEB_TOKEN");
	unsigned char random[TRP_WEB_TOKEN / 2];

	token[TRP_WEB_TOKEN] = '\0';
	if (given && *given) {
		if (strlen(given) != TRP_WEB_TOKEN ||
		    given[strspn(given, digits)])
			return false;
		memcpy(token, given, TRP_WEB_TOKEN);
		return true;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	for (int i = 0; i < TRP_WEB_TOKEN; i++)
		token[i] =
			digits[i % 2 ? random[i / 2] & 15 : random[i / 2] >> 4];
	return true;
}

/* A look each second, but never more than half of the time. */
static int serve(struct trp_web_state *state, struct trp_web_server *server)
{
	enum { EVERY_MS = 1000 };
	struct pollfd ready = { trp_web_server_fd(server), POLLIN, 0 };
	struct trp_time next = { 0 }, begin;
	int64_t took;
	int r = 0, wait, server_wait;

	while (r == 0) {
		begin = trp_time_now();
		if (begin.ns >= next.ns) {
			r = trp_web_state_take(state);
			trp_web_server_tell(server);
			took = trp_time_now().ns - begin.ns;
			next.ns = begin.ns +
				  (2 * took > EVERY_MS * INT64_C(1000000)
					   ? 2 * took
					   : EVERY_MS * INT64_C(1000000));
		}
		trp_web_server_run(server);
		wait = (int)((next.ns - trp_time_now().ns) / 1000000) + 1;
		server_wait = trp_web_server_timeout(server);
		if (server_wait >= 0 && server_wait < wait)
			wait = server_wait;
		if (poll(&ready, 1, wait > 0 ? wait : 0) < 0 && errno != EINTR)
			r = -errno;
	}
	return r;
}

static int cannot_open(int r, uint16_t port)
{
	if (r == -ELIBACC)
		return trp_arguments_fail(
			TRP_ARGUMENTS_FAILED, command,
			"libmicrohttpd is not here: install libmicrohttpd12, "
			"or libmicrohttpd-dev and build troupe again; "
			"`troupe top` shows the same in the terminal");
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command,
				  "cannot listen on port %u of 127.0.0.1: %s",
				  port, strerror(-r));
}

static bool parse_port(const char *text, uint16_t *ret_port)
{
	char *end;
	unsigned long port;

	if (!text)
		return true;
	port = strtoul(text, &end, 10);
	*ret_port = (uint16_t)port;
	return *text >= '0' && *text <= '9' && !*end && port <= UINT16_MAX;
}

int trp_cli_web(int argc, char **argv)
{
	static struct trp_web_state state;
	struct trp_web_server *server;
	const char *node = NULL, *port_text = NULL;
	const struct trp_arguments_option options[] = {
		{ "--node", &node, NULL },
		{ "--port", &port_text, NULL },
		{ "--control", NULL, &state.may_control },
	};
	char token[TRP_WEB_TOKEN + 1];
	uint16_t port = 0;
	int n = trp_arguments_options(command, argc, argv, options, 3), r;

	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n < argc)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "what is \"%s\"?", argv[n]);
	if (!parse_port(port_text, &port))
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "--port takes a number up to 65535, "
					  "not \"%s\"",
					  port_text);
	if (!make_token(token))
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, command,
					  "TROUPE_WEB_TOKEN takes %d digits, "
					  "0 to 9 and a to f",
					  TRP_WEB_TOKEN);
	signal(SIGPIPE, SIG_IGN);
	r = trp_web_state_open(&state, node);
	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), command,
					  "%s", state.look.client.why);
	r = trp_web_server_open(&state, token, port, &server);
	if (r < 0)
		return cannot_open(r, port);
	printf("http://127.0.0.1:%u/%s/\n", trp_web_server_port(server), token);
	if (fflush(stdout) == 0)
		r = serve(&state, server);
	trp_web_server_close(server);
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s",
				  strerror(-r));
}
