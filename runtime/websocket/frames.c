/* SPDX-License-Identifier: MIT */
/* WebSockets by wslay: frames between a stream and the user. */
#include "runtime/troupe_websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>
#include "ipc/library.h"
#include "libraries.h"
#include "runtime/websocket/handshake.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(wslay_event_, context_server_init) F(wslay_event_, context_free) \
	F(wslay_event_, config_set_max_recv_msg_length) \
	F(wslay_event_, recv) F(wslay_event_, send) \
	F(wslay_event_, want_read) F(wslay_event_, want_write) \
	F(wslay_event_, queue_msg) F(wslay_event_, queue_close) \
	F(wslay_event_, get_queued_msg_length) F(wslay_event_, set_error)
/* clang-format on */
TRP_LIBRARY(wslay, LIBRARY_WSLAY, FUNCTIONS);

enum { LONGEST = 1 << 20, CHUNK = 4096 };

struct trp_websocket {
	wslay_event_context_ptr context; /* NULL: the handshake is not over */
	struct trp_handshake handshake;
	const uint8_t *unread; /* bytes that have arrived */
	size_t unread_size;
	bool is_refused; /* there is no room in the stream */
	bool is_within;	 /* a callback of wslay */
	int result;	 /* of the user's callback */
};

static size_t longest(const struct troupe_websocket *socket)
{
	return socket->longest ? socket->longest : LONGEST;
}

/* ---- the end ------------------------------------------------------------- */

static int end(struct troupe_websocket *socket, int error)
{
	struct trp_websocket *state = socket->private_state;

	if (state->context)
		wslay.context_free(state->context);
	free(state);
	socket->private_state = NULL;
	if (socket->ended)
		return socket->ended(socket, error);
	return error < 0 ? error : TROUPE_STOP;
}

static int on_ended(struct troupe_stream *stream, int error)
{
	return end(stream->data, error);
}

static int fail(struct troupe_websocket *socket, int error)
{
	troupe_stream_reset(&socket->private_stream);
	return end(socket, error);
}

/* ---- callbacks of wslay -------------------------------------------------- */

static ssize_t give_bytes(wslay_event_context_ptr context, uint8_t *buffer,
			  size_t size, int flags, void *user)
{
	struct troupe_websocket *socket = user;
	struct trp_websocket *state = socket->private_state;

	if (state->unread_size == 0 || state->result) {
		wslay.set_error(context, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (size > state->unread_size)
		size = state->unread_size;
	memcpy(buffer, state->unread, size);
	state->unread += size;
	state->unread_size -= size;
	return (ssize_t)size;
}

static ssize_t take_bytes(wslay_event_context_ptr context, const uint8_t *bytes,
			  size_t size, int flags, void *user)
{
	struct troupe_websocket *socket = user;
	int r;

	if (size > CHUNK)
		size = CHUNK;
	r = troupe_stream_write(&socket->private_stream, bytes, size);
	if (r == 0)
		return (ssize_t)size;
	socket->private_state->is_refused = true;
	wslay.set_error(context, r == -EAGAIN ? WSLAY_ERR_WOULDBLOCK
					      : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void take_message(wslay_event_context_ptr context,
			 const struct wslay_event_on_msg_recv_arg *got,
			 void *user)
{
	struct troupe_websocket *socket = user;

	if (!wslay_is_ctrl_frame(got->opcode) && socket->received &&
	    !socket->private_state->result)
		socket->private_state->result =
			socket->received(socket, got->msg, got->msg_length,
					 got->opcode == WSLAY_TEXT_FRAME);
}

/* ---- frames -------------------------------------------------------------- */

/* 0 or -EPROTO. */
static int send_frames(struct troupe_websocket *socket)
{
	struct trp_websocket *state = socket->private_state;
	wslay_event_context_ptr context = state->context;

	if (!context || state->is_within)
		return 0;
	state->is_refused = false;
	while (wslay.want_write(context) && !state->is_refused)
		if (wslay.send(context) != 0)
			return -EPROTO;
	if (!wslay.want_read(context) && !wslay.want_write(context))
		troupe_stream_finish(&socket->private_stream);
	return 0;
}

static int on_room(struct troupe_stream *stream)
{
	return send_frames(stream->data) < 0 ? fail(stream->data, -EPROTO) : 0;
}

/* The user's callback may have asked for the end of the actor. */
static int receive_frames(struct troupe_websocket *socket, const void *bytes,
			  size_t size)
{
	struct trp_websocket *state = socket->private_state;
	int r = 0;

	state->unread = bytes;
	state->unread_size = size;
	state->is_within = true;
	if (wslay.want_read(state->context))
		r = wslay.recv(state->context);
	state->is_within = false;
	if (state->result) {
		send_frames(socket); /* Its answers go out. */
		return state->result;
	}
	/* A close, which the error of a frame has queued, goes out. */
	if (r != 0 && !wslay.want_read(state->context))
		r = 0;
	if (r != 0 || send_frames(socket) < 0)
		return fail(socket, -EPROTO);
	return 0;
}

static int begin_frames(struct troupe_websocket *socket)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = give_bytes,
		.send_callback = take_bytes,
		.on_msg_recv_callback = take_message,
	};
	struct trp_websocket *state = socket->private_state;

	if (wslay.context_server_init(&state->context, &callbacks, socket) != 0)
		return fail(socket, -ENOMEM);
	wslay.config_set_max_recv_msg_length(state->context, longest(socket));
	return socket->connected ? socket->connected(socket) : 0;
}

static int shake_hands(struct troupe_websocket *socket, const char *bytes,
		       size_t size)
{
	char answer[TRP_HANDSHAKE_ANSWER];
	size_t taken;
	int r;
	enum trp_handshake_state state = trp_handshake_take(
		&socket->private_state->handshake, bytes, size, &taken, answer);

	if (state == TRP_HANDSHAKE_MORE)
		return 0;
	troupe_stream_write(&socket->private_stream, answer, strlen(answer));
	if (state == TRP_HANDSHAKE_REFUSED) {
		troupe_stream_finish(&socket->private_stream);
		return 0;
	}
	r = begin_frames(socket);
	if (r != 0 || !socket->private_state)
		return r;
	return receive_frames(socket, bytes + taken, size - taken);
}

static int on_received(struct troupe_stream *stream, const void *bytes,
		       size_t size)
{
	struct troupe_websocket *socket = stream->data;

	if (size == 0)
		troupe_stream_finish(stream);
	else if (socket->private_state->context)
		return receive_frames(socket, bytes, size);
	else
		return shake_hands(socket, bytes, size);
	return 0;
}

/* ---- the user's side ----------------------------------------------------- */

int troupe_websocket_open(struct troupe_websocket *socket,
			  const void *arguments)
{
	int r = trp_library_load(&wslay_library);

	if (r < 0)
		return r;
	if (socket->private_state)
		return -EALREADY;
	socket->private_state = calloc(1, sizeof(*socket->private_state));
	if (!socket->private_state)
		return -ENOMEM;
	socket->private_stream = (struct troupe_stream) {
		.received = on_received,
		.has_room = on_room,
		.ended = on_ended,
		.data = socket,
	};
	r = troupe_connection_open(arguments, &socket->private_stream);
	if (r < 0) {
		free(socket->private_state);
		socket->private_state = NULL;
	}
	return r;
}

int troupe_websocket_send(struct troupe_websocket *socket, const void *bytes,
			  size_t size, bool is_text)
{
	struct trp_websocket *state = socket->private_state;
	const struct wslay_event_msg message = {
		.opcode = is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
		.msg = bytes,
		.msg_length = size,
	};
	int r;

	if (!state || !state->context)
		return -EPIPE;
	if (wslay.get_queued_msg_length(state->context) > 2 * longest(socket))
		return -EAGAIN;
	r = wslay.queue_msg(state->context, &message);
	if (r != 0)
		return r == WSLAY_ERR_NOMEM ? -ENOMEM : -EPIPE;
	return send_frames(socket) < 0 ? -EPIPE : 0;
}

void troupe_websocket_close(struct troupe_websocket *socket, uint16_t code)
{
	struct trp_websocket *state = socket->private_state;

	if (!state)
		return;
	if (!state->context) {
		troupe_stream_finish(&socket->private_stream);
		return;
	}
	wslay.queue_close(state->context, code, NULL, 0);
	send_frames(socket);
}
