/* SPDX-License-Identifier: MIT */
/*
 * websocket: a WebSocket echo server in which each connection is an actor.  As
 * echo.c, with wslay for the frames, and nettle for the handshake's hash (RFC
 * 6455, 4.2.2).  `websocket.so ADDRESS [N]` ends after N connections.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <wslay/wslay.h>
#include <troupe_io.h>
#include "websocket.pb-c.h"

enum { PATIENCE_MS = 10000, LONGEST = 1 << 20, REQUEST = 8192, CHUNK = 4096 };

static wslay_event_context_ptr context; /* NULL: the handshake is not over */

/* ---- frames -------------------------------------------------------------- */

/* Bytes that have arrived and are not parsed yet. */
static const uint8_t *unread;
static size_t unread_size;

static ssize_t give_bytes(wslay_event_context_ptr ctx, uint8_t *buffer,
			  size_t size, int flags, void *unused)
{
	if (unread_size == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (size > unread_size)
		size = unread_size;
	memcpy(buffer, unread, size);
	unread += size;
	unread_size -= size;
	return (ssize_t)size;
}

static bool is_refused; /* there is no room in the stream */

static ssize_t take_bytes(wslay_event_context_ptr ctx, const uint8_t *bytes,
			  size_t size, int flags, void *stream)
{
	int r;

	if (size > CHUNK)
		size = CHUNK;
	r = troupe_stream_write(stream, bytes, size);
	if (r == 0)
		return (ssize_t)size;
	is_refused = true;
	wslay_event_set_error(ctx, r == -EAGAIN ? WSLAY_ERR_WOULDBLOCK
						: WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void say_again(wslay_event_context_ptr ctx,
		      const struct wslay_event_on_msg_recv_arg *got,
		      void *unused)
{
	const struct wslay_event_msg same = { .opcode = got->opcode,
					      .msg = got->msg,
					      .msg_length = got->msg_length };

	if (!wslay_is_ctrl_frame(got->opcode))
		wslay_event_queue_msg(ctx, &same);
}

/* Also when there is room again. */
static int send_frames(struct troupe_stream *stream)
{
	if (!context)
		return 0;
	is_refused = false;
	while (wslay_event_want_write(context) && !is_refused)
		if (wslay_event_send(context) != 0)
			return -EPROTO;
	if (!wslay_event_want_read(context) && !wslay_event_want_write(context))
		troupe_stream_finish(stream);
	return 0;
}

static int receive_frames(struct troupe_stream *stream, const void *bytes,
			  size_t size)
{
	unread = bytes;
	unread_size = size;
	if (wslay_event_want_read(context) && wslay_event_recv(context) != 0)
		return -EPROTO;
	return send_frames(stream);
}

static int begin_frames(struct troupe_stream *stream)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = give_bytes,
		.send_callback = take_bytes,
		.on_msg_recv_callback = say_again,
	};

	if (wslay_event_context_server_init(&context, &callbacks, stream) != 0)
		return -ENOMEM;
	wslay_event_config_set_max_recv_msg_length(context, LONGEST);
	return 0;
}

/* ---- the handshake ------------------------------------------------------- */

static char request[REQUEST + 1];
static size_t request_size;

static void hash_key(const char *key, size_t size,
		     char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)])
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, size, (const uint8_t *)key);
	sha1_update(&sha1, sizeof(magic) - 1, (const uint8_t *)magic);
	sha1_digest(&sha1, sizeof(digest), digest);
	base64_encode_raw(accept, sizeof(digest), digest);
}

static int refuse(struct troupe_stream *stream)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n"
				   "Content-Length: 0\r\n"
				   "Connection: close\r\n\r\n";

	troupe_stream_write(stream, text, sizeof(text) - 1);
	troupe_stream_finish(stream);
	return 0;
}

static int answer(struct troupe_stream *stream)
{
	static const char name[] = "\r\nSec-WebSocket-Key:";
	char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)];
	const char *key = strcasestr(request, name);
	char text[256];
	int size;

	if (strncmp(request, "GET ", 4) != 0 || !key)
		return refuse(stream);
	key += sizeof(name) - 1;
	key += strspn(key, " \t");
	hash_key(key, strcspn(key, " \t\r"), accept);
	size = snprintf(text, sizeof(text),
			"HTTP/1.1 101 Switching Protocols\r\n"
			"Upgrade: websocket\r\nConnection: Upgrade\r\n"
			"Sec-WebSocket-Accept: %.*s\r\n\r\n",
			(int)sizeof(accept), accept);
	troupe_stream_write(stream, text, (size_t)size);
	return begin_frames(stream);
}

static int shake_hands(struct troupe_stream *stream, const char *bytes,
		       size_t size)
{
	size_t before = request_size, part;
	const char *end;
	int r;

	part = size < REQUEST - before ? size : REQUEST - before;
	memcpy(request + before, bytes, part);
	request_size += part;
	end = strstr(request, "\r\n\r\n");
	if (!end)
		return request_size == REQUEST ? refuse(stream) : 0;
	part = (size_t)(end + 4 - request) - before;
	r = answer(stream);
	if (r < 0 || !context)
		return r;
	return receive_frames(stream, bytes + part, size - part);
}

static int received(struct troupe_stream *stream, const void *bytes,
		    size_t size)
{
	if (size == 0)
		troupe_stream_finish(stream);
	else if (context)
		return receive_frames(stream, bytes, size);
	else
		return shake_hands(stream, bytes, size);
	return 0;
}

/* ---- a connection -------------------------------------------------------- */

static int hang_up(struct troupe_stream *stream, int error)
{
	return error < 0 ? error : TROUPE_STOP;
}

static int begin(const struct troupe_message *message)
{
	static struct troupe_stream stream = { .received = received,
					       .has_room = send_frames,
					       .ended = hang_up };
	const Websocket__Connection *connection = message->body;
	int fd, r;

	r = troupe_handover_take(connection->handover.data,
				 connection->handover.len,
				 troupe_in_ms(PATIENCE_MS), &fd);
	return r < 0 ? r : troupe_stream_open(&stream, fd);
}

static const struct troupe_handler connection_handlers[] = {
	{ &websocket__connection__descriptor, begin },
	{},
};

static const struct troupe_class connection_class = {
	.name = "connection",
	.handlers = connection_handlers,
};

/* ---- the server ---------------------------------------------------------- */

static uint32_t connections_left; /* 0: any number */

static int hand_over(int fd, troupe_ref to)
{
	Websocket__Connection connection = WEBSOCKET__CONNECTION__INIT;
	struct troupe_handover handover;
	int r = troupe_handover_give(fd, to, &handover);

	if (r < 0)
		return r;
	connection.handover.data = (uint8_t *)&handover;
	connection.handover.len = sizeof(handover);
	troupe_send(to, &connection.base); /* if it is gone, so is fd */
	return 0;
}

/* The server goes on, even if one connection fails. */
static int accepted(struct troupe_listener *listener, int fd)
{
	troupe_ref ref;
	int r;

	if (fd < 0)
		return 0;
	r = troupe_spawn(&connection_class, NULL, &ref);
	if (r == 0) {
		r = hand_over(fd, ref);
		if (r < 0)
			troupe_stop(ref);
	}
	if (r < 0)
		close(fd);
	return 0;
}

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
	static struct troupe_listener listener = { .accepted = accepted };
	const Websocket__Plan *plan = arguments;
	int r = troupe_listener_open(&listener, plan->address);

	if (r < 0) {
		fprintf(stderr, "websocket: cannot listen on %s: %s\n",
			plan->address, strerror(-r));
		return r;
	}
	setlinebuf(stdout);
	connections_left = plan->connections;
	printf("listening on port %u\n", listener.port);
	return 0;
}

static const struct troupe_class server = {
	.name = "server",
	.init = server_init,
	.child_stopped = connection_ended,
};

/* ---- the root ------------------------------------------------------------ */

int troupe_main(int argc, char **argv)
{
	Websocket__Plan plan = WEBSOCKET__PLAN__INIT;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	plan.address = argc > 1 ? argv[1] : "127.0.0.1:7778";
	plan.connections = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	r = troupe_spawn(&server, &plan.base, &ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	return r == 0 && end.reason.cause == TROUPE_ERROR ? end.reason.code : r;
}
