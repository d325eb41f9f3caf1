/* SPDX-License-Identifier: MIT */
/* A WebSocket echo, an actor for each connection: websocket.so ADDRESS [N] */
#include <stdio.h>
#include <stdlib.h>
#include <troupe_websocket.h>

static int begin(const void *arguments)
{
	static struct troupe_websocket socket;

	socket.received = troupe_websocket_send;
	return troupe_websocket_open(&socket, arguments);
}

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

static const struct troupe_class connection = { .name = "connection",
						.init = begin };

int troupe_main(int argc, char **argv)
{
	long left = argc > 2 ? atol(argv[2]) : 0;
	struct troupe_server server = { &connection, .opened = opened,
					.ended = ended, .data = &left };

	return troupe_server_run(&server, argc > 1 ? argv[1] : "[::1]:7778");
}
