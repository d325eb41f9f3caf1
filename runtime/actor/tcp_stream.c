/* SPDX-License-Identifier: MIT */
/*
 * A connection: one input, whose events are what the stream waits for, and one
 * buffer: buffer[start, start + size) could not be written at once.
 * private_error: seen by a write, told in the stream's own turn.  A callback
 * may close the stream, and free it: `current` is NULL then.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "runtime/actor/tcp_address.h"
#include "runtime/troupe_io.h"

enum { LIMIT_DEFAULT = 64 * 1024, CHUNK = 16 * 1024 };

enum {
	IS_OPEN = 1,
	IS_CONNECTING = 2,
	HEARD_END = 4, /* the peer says no more */
	WILL_END = 8,  /* this side finishes once all is written */
	HAS_ENDED = 16,
	IS_REFUSED = 32, /* a write was */
};

static struct troupe_stream *current; /* whose callbacks run */

static bool is(const struct troupe_stream *stream, unsigned what)
{
	return stream->private_state & what;
}

static bool has_half_free(const struct troupe_stream *stream)
{
	return stream->private_size <= stream->limit / 2;
}

static short wanted(const struct troupe_stream *stream)
{
	short events = 0;

	if (is(stream, IS_CONNECTING))
		return POLLOUT;
	if (!is(stream, HEARD_END) && has_half_free(stream))
		events |= POLLIN;
	if (stream->private_size > 0 || stream->private_error)
		events |= POLLOUT;
	return events;
}

static void check(const struct troupe_stream *stream)
{
	size_t start = stream->private_start, size = stream->private_size;
	short events = stream->private_input.events;

	assert(is(stream, IS_OPEN) && stream->private_input.fd >= 0);
	assert(start <= stream->limit && size <= stream->limit - start);
	assert(!size || stream->private_buffer);
	assert(!(events & POLLIN) || size <= stream->limit / 2);
	assert(!(events & POLLOUT) ==
	       !(is(stream, IS_CONNECTING) || size || stream->private_error));
}

/* In its own turn the input re-reads its events; elsewhere it must be set. */
static void want(struct troupe_stream *stream)
{
	struct troupe_input *input = &stream->private_input;
	short events = wanted(stream);

	if (events == input->events)
		return;
	input->events = events;
	TRP_CHECK(check(stream));
	if (stream == current)
		return;
	troupe_input_remove(input);
	troupe_input_add(input);
}

/* ---- closing ------------------------------------------------------------- */

void troupe_stream_close(struct troupe_stream *stream)
{
	if (!is(stream, IS_OPEN))
		return;
	troupe_input_remove(&stream->private_input);
	close(stream->private_input.fd);
	free(stream->private_buffer);
	stream->private_buffer = NULL;
	stream->private_start = stream->private_size = 0;
	stream->private_state = 0;
	stream->private_error = 0;
	if (current == stream)
		current = NULL;
}

void troupe_stream_reset(struct troupe_stream *stream)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (!is(stream, IS_OPEN))
		return;
	setsockopt(stream->private_input.fd, SOL_SOCKET, SO_LINGER, &at_once,
		   sizeof(at_once));
	troupe_stream_close(stream);
}

/* A peer that is gone is one error, wherever it was seen first. */
static int end(struct troupe_stream *stream, int error)
{
	if (error == -EPIPE)
		error = -ECONNRESET;
	troupe_stream_close(stream);
	return stream->ended ? stream->ended(stream, error) : 0;
}

static int error_of(const struct troupe_stream *stream)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(stream->private_input.fd, SOL_SOCKET, SO_ERROR, &error,
		   &size);
	return -error;
}

/* ---- writing ------------------------------------------------------------- */

/* The number of bytes written, or a negative errno. */
static ssize_t push(struct troupe_stream *stream, const char *bytes,
		    size_t size)
{
	ssize_t n = send(stream->private_input.fd, bytes, size,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static void end_writing(struct troupe_stream *stream)
{
	if (!is(stream, WILL_END) || is(stream, HAS_ENDED | IS_CONNECTING) ||
	    stream->private_size > 0)
		return;
	shutdown(stream->private_input.fd, SHUT_WR);
	stream->private_state |= HAS_ENDED;
}

static int flush(struct troupe_stream *stream)
{
	ssize_t n;

	if (stream->private_size > 0) {
		n = push(stream, stream->private_buffer + stream->private_start,
			 stream->private_size);
		if (n < 0)
			return (int)n;
		stream->private_start += (size_t)n;
		stream->private_size -= (size_t)n;
	}
	if (stream->private_size == 0)
		stream->private_start = 0;
	end_writing(stream);
	return 0;
}

static int keep(struct troupe_stream *stream, const char *bytes, size_t size)
{
	char *buffer = stream->private_buffer;

	if (size == 0)
		return 0;
	if (!buffer)
		buffer = stream->private_buffer = malloc(stream->limit);
	if (!buffer)
		return -ENOMEM;
	if (stream->private_start + stream->private_size + size >
	    stream->limit) {
		memmove(buffer, buffer + stream->private_start,
			stream->private_size);
		stream->private_start = 0;
	}
	memcpy(buffer + stream->private_start + stream->private_size, bytes,
	       size);
	stream->private_size += size;
	return 0;
}

int troupe_stream_write(struct troupe_stream *stream, const void *bytes,
			size_t size)
{
	int r;

	if (!is(stream, IS_OPEN) || is(stream, WILL_END))
		return -EPIPE;
	if (size > stream->limit)
		return -EMSGSIZE;
	if (stream->private_error)
		return 0;
	if (stream->private_size + size > stream->limit) {
		stream->private_state |= IS_REFUSED;
		return -EAGAIN;
	}
	/* First, so that nothing is written if there is no memory. */
	r = keep(stream, bytes, size);
	if (r < 0)
		return r;
	if (stream->private_size == size && !is(stream, IS_CONNECTING))
		stream->private_error = flush(stream);
	want(stream);
	return 0;
}

void troupe_stream_finish(struct troupe_stream *stream)
{
	if (!is(stream, IS_OPEN) || is(stream, WILL_END))
		return;
	stream->private_state |= WILL_END;
	end_writing(stream);
	/* Both sides have finished: the socket reports it; `ended` runs in a
	 * turn. */
	want(stream);
}

/* ---- turns --------------------------------------------------------------- */

static int finish_connecting(struct troupe_stream *stream)
{
	int error = error_of(stream);

	if (error < 0)
		return end(stream, error);
	stream->private_state &= ~IS_CONNECTING;
	end_writing(stream);
	return stream->connected ? stream->connected(stream) : 0;
}

static int write_more(struct troupe_stream *stream)
{
	int error = flush(stream);

	if (error < 0)
		return end(stream, error);
	if (!is(stream, IS_REFUSED) || !has_half_free(stream))
		return 0;
	stream->private_state &= ~IS_REFUSED;
	return stream->has_room ? stream->has_room(stream) : 0;
}

static int read_more(struct troupe_stream *stream)
{
	static char chunk[CHUNK]; /* callbacks never nest */
	size_t most = stream->limit / 2 < CHUNK ? stream->limit / 2 : CHUNK;
	ssize_t n = recv(stream->private_input.fd, chunk, most > 0 ? most : 1,
			 MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
							 : end(stream, -errno);
	if (n == 0)
		stream->private_state |= HEARD_END;
	return stream->received(stream, chunk, (size_t)n);
}

static int turn(struct troupe_stream *stream, short events)
{
	int r = 0;

	if (is(stream, IS_CONNECTING))
		return finish_connecting(stream);
	if (stream->private_size > 0 && events & (POLLOUT | POLLERR | POLLHUP))
		r = write_more(stream);
	if (r != 0 || current != stream)
		return r;
	if (wanted(stream) & POLLIN && events & (POLLIN | POLLERR | POLLHUP))
		return read_more(stream);
	if (events & (POLLERR | POLLHUP | POLLNVAL) &&
	    !(is(stream, HEARD_END) && is(stream, HAS_ENDED))) {
		r = error_of(stream);
		return end(stream, r < 0 ? r : -ECONNRESET);
	}
	return 0;
}

static int on_ready(struct troupe_input *input, short events)
{
	struct troupe_stream *stream = input->data;
	int r;

	current = stream;
	r = stream->private_error ? end(stream, stream->private_error)
				  : turn(stream, events);
	if (current != stream || r != 0)
		goto out;
	if (is(stream, HEARD_END) && is(stream, HAS_ENDED))
		r = end(stream, 0);
	else
		want(stream);
out:
	current = NULL;
	return r;
}

/* ---- opening ------------------------------------------------------------- */

static int start(struct troupe_stream *stream, int fd, unsigned state)
{
	int yes = 1, r;

	if (stream->limit == 0)
		stream->limit = LIMIT_DEFAULT;
	/* Not every stream socket is one of TCP. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	stream->private_state = state;
	stream->private_input = (struct troupe_input) { .fd = fd,
							.ready = on_ready,
							.data = stream };
	stream->private_input.events = wanted(stream);
	r = troupe_input_add(&stream->private_input);
	if (r < 0)
		stream->private_state = 0;
	return r;
}

int troupe_stream_open(struct troupe_stream *stream, int fd)
{
	int flags, type;
	socklen_t size = sizeof(type);

	if (is(stream, IS_OPEN))
		return -EALREADY;
	if (!stream->received)
		return -EINVAL;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return -errno;
	if (type != SOCK_STREAM)
		return -EINVAL;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return start(stream, fd, IS_OPEN);
}

int troupe_stream_connect(struct troupe_stream *stream, const char *address)
{
	struct sockaddr_storage parsed;
	socklen_t size;
	int fd, r;

	if (is(stream, IS_OPEN))
		return -EALREADY;
	if (!stream->received ||
	    trp_tcp_address_parse(address, &parsed, &size) < 0)
		return -EINVAL;
	fd = socket(parsed.ss_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect(fd, (struct sockaddr *)&parsed, size) < 0 ? -errno : 0;
	if (r == 0 || r == -EINPROGRESS)
		r = start(stream, fd, IS_OPEN | IS_CONNECTING);
	if (r < 0)
		close(fd);
	return r;
}
