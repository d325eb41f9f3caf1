/* SPDX-License-Identifier: MIT */
/*
 * echo: a TCP server in which each connection is an actor.
 *
 *	root -> server -> connection, connection, ...
 *
 * A failing connection affects no other.  `echo.so ADDRESS [N]` ends after N
 * connections; "127.0.0.1:0" is any free port.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe_io.h>
#include "echo.pb-c.h"

/* ---- a connection -------------------------------------------------------- */

/* There is always room: see struct troupe_stream. */
static int say_again(struct troupe_stream *stream, const void *bytes,
		     size_t size)
{
	if (size > 0)
		return troupe_stream_write(stream, bytes, size);
	troupe_stream_finish(stream);
	return 0;
}

static int hang_up(struct troupe_stream *stream, int error)
{
	return error < 0 ? error : TROUPE_STOP;
}

static int begin(const void *arguments)
{
	static struct troupe_stream stream = { .received = say_again,
					       .ended = hang_up };

	return troupe_connection_open(arguments, &stream);
}

static const struct troupe_class connection = {
	.name = "connection",
	.init = begin,
};

/* ---- the server ---------------------------------------------------------- */

static uint32_t connections_left; /* 0: any number */

static int connection_ended(const struct troupe_end *end)
{
	char text[TROUPE_TEXT_SIZE];

	printf("process %d ended: %s\n", end->pid,
	       troupe_reason_text(&end->reason, text, sizeof(text)));
	if (connections_left == 0)
		return 0;
	return --connections_left == 0 ? TROUPE_STOP : 0;
}

static int server_init(const void *arguments)
{
	static struct troupe_server server = { .each = &connection };
	const Echo__Plan *plan = arguments;
	int r = troupe_server_open(&server, plan->address);

	if (r < 0) {
		fprintf(stderr, "echo: cannot listen on %s: %s\n",
			plan->address, strerror(-r));
		return r;
	}
	setlinebuf(stdout);
	connections_left = plan->connections;
	printf("listening on port %u\n", server.listener.port);
	return 0;
}

static const struct troupe_class server_class = {
	.name = "server",
	.init = server_init,
	.child_stopped = connection_ended,
};

/* ---- the root ------------------------------------------------------------ */

int troupe_main(int argc, char **argv)
{
	Echo__Plan plan = ECHO__PLAN__INIT;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	plan.address = argc > 1 ? argv[1] : "127.0.0.1:7777";
	plan.connections = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	r = troupe_spawn(&server_class, &plan.base, &ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	return r == 0 && end.reason.cause == TROUPE_ERROR ? end.reason.code : r;
}
