/* SPDX-License-Identifier: MIT */
/* A listener that starts an actor for each connection. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "runtime/actor/connection.pb-c.h"
#include "runtime/actor/fd_passing.h"
#include "runtime/troupe_ends.h"
#include "runtime/troupe_io.h"
#include "runtime/troupe_result.h"

enum { PATIENCE_MS = 10000 };

/* The descriptor is the server's until the child has it, or is gone. */
static int start(struct troupe_server *server, int fd)
{
	Troupe__Connection connection = TROUPE__CONNECTION__INIT;
	struct troupe_handover handover;
	troupe_ref ref;
	int r = trp_fd_passing_prepare(fd, &handover);

	if (r < 0)
		return r;
	connection.handover.data = (uint8_t *)&handover;
	connection.handover.len = sizeof(handover);
	r = troupe_spawn(server->each, &connection.base, &ref);
	trp_fd_passing_aim(&handover, r < 0 ? 0 : ref);
	return r;
}

/* One that fails is no harm to the others. */
static int accepted(struct troupe_listener *listener, int fd)
{
	struct troupe_server *server = listener->data;
	int r = fd < 0 ? fd : start(server, fd);

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 && server->failed ? server->failed(server, r) : 0;
}

int troupe_server_open(struct troupe_server *server, const char *address)
{
	if (!server->each)
		return -EINVAL;
	server->listener.accepted = accepted;
	server->listener.data = server;
	return troupe_listener_open(&server->listener, address);
}

void troupe_server_close(struct troupe_server *server)
{
	troupe_listener_close(&server->listener);
}

/* Ends of others are for those that wait for them. */
static int serve(struct troupe_server *server)
{
	const struct troupe_pattern ended = {
		.type = &troupe__end__descriptor
	};
	struct troupe_message message;
	int r = 0;

	if (server->opened)
		server->opened(server);
	while (r == 0) {
		r = troupe_receive(&ended, 1, TROUPE_NEVER, &message);
		if (r == 0 && server->ended)
			r = server->ended(server, message.body);
	}
	return r == TROUPE_STOP ? 0 : r;
}

int troupe_server_run(struct troupe_server *server, const char *address)
{
	char text[TROUPE_TEXT_SIZE];
	int r = troupe_server_open(server, address);

	if (r < 0) {
		snprintf(text, sizeof(text), "cannot listen on %s: %s", address,
			 strerror(-r));
		return troupe_end_with(r, text, NULL);
	}
	r = serve(server);
	troupe_server_close(server);
	return r;
}

int troupe_connection_open(const void *arguments, struct troupe_stream *stream)
{
	const Troupe__Connection *connection = arguments;
	int fd, r;

	if (!connection ||
	    connection->base.descriptor != &troupe__connection__descriptor)
		return -EINVAL;
	r = troupe_handover_take(connection->handover.data,
				 connection->handover.len,
				 troupe_in_ms(PATIENCE_MS), &fd);
	if (r < 0)
		return r;
	r = troupe_stream_open(stream, fd);
	if (r < 0)
		close(fd);
	return r;
}
