/* SPDX-License-Identifier: MIT */
/*
 * websocket: a WebSocket echo server in which each connection is an actor.
 * `websocket.so ADDRESS [N]` ends after N connections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe.h>
#include <troupe_ends.h>
#include <troupe_websocket.h>

static int begin(const void *arguments)
{
	static struct troupe_websocket socket = {
		.received = troupe_websocket_send, /* it says all again */
	};

	return troupe_websocket_open(&socket, arguments);
}

static const struct troupe_class connection = { .name = "connection",
						.init = begin };

int troupe_main(int argc, char **argv)
{
	static struct troupe_server server = { .each = &connection };
	const struct troupe_pattern ended = {
		.type = &troupe__end__descriptor
	};
	const char *address = argc > 1 ? argv[1] : "127.0.0.1:7778";
	long left = argc > 2 ? strtol(argv[2], NULL, 10) : -1;
	char text[TROUPE_TEXT_SIZE];
	struct troupe_message message;
	int r = troupe_server_open(&server, address);

	setlinebuf(stdout);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", address, strerror(-r));
	else
		printf("listening on port %u\n", server.listener.port);
	for (; r >= 0 && left != 0; left -= left > 0) {
		const struct troupe_end *end;

		r = troupe_receive(&ended, 1, TROUPE_NEVER, &message);
		if (r < 0)
			break;
		end = message.body;
		printf("process %d ended: %s\n", end->pid,
		       troupe_reason_text(&end->reason, text, sizeof(text)));
	}
	return r;
}
