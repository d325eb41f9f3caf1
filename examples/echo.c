/* SPDX-License-Identifier: MIT */
/*
 * echo: a TCP server in which each connection is an actor.
 *
 *	root, the server -> connection, connection, ...
 *
 * A failing connection affects no other.  `echo.so ADDRESS [N]` ends after N
 * connections; "127.0.0.1:0" is any free port.
 */
#include <stdio.h>
#include <stdlib.h>
#include <troupe_io.h>

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

static void opened(struct troupe_server *server)
{
	printf("listening on port %u\n", server->listener.port);
}

static int ended(struct troupe_server *server, const struct troupe_end *end)
{
	char text[TROUPE_TEXT_SIZE];
	long *left = server->data;

	printf("process %d ended: %s\n", end->pid,
	       troupe_reason_text(&end->reason, text, sizeof(text)));
	return --*left == 0 ? TROUPE_STOP : 0;
}

int troupe_main(int argc, char **argv)
{
	long left = argc > 2 ? atol(argv[2]) : 0;
	struct troupe_server server = { &connection, .opened = opened,
					.ended = ended, .data = &left };

	return troupe_server_run(&server,
				 argc > 1 ? argv[1] : "127.0.0.1:7777");
}
