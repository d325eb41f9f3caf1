/* SPDX-License-Identifier: MIT */
/*
 * TCP over loopback, a write a message, without Nagle's delay.  Side 1 listens;
 * of many connections it reads those that are ready, in turns.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/bench/peers/peer.h"
#include "tests/bench/peers/stream.h"

enum { CONNECTIONS_MOST = 257, BUFFER = 64 << 10 };

static struct sockaddr_in address;
static int listener, fd = -1;

static int prepare(size_t largest)
{
	socklen_t size = sizeof(address);

	address = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&address, size) < 0 ||
			       listen(listener, CONNECTIONS_MOST) < 0 ||
			       getsockname(listener,
					   (struct sockaddr *)&address,
					   &size) < 0
		       ? -errno
		       : 0;
}

static int prompt(int connection)
{
	const int on = 1;

	return connection < 0 || setsockopt(connection, IPPROTO_TCP,
					    TCP_NODELAY, &on, sizeof(on)) < 0
		       ? -errno
		       : connection;
}

static int enter(int side)
{
	if (side == 1) {
		fd = prompt(accept(listener, NULL, NULL));
		return fd < 0 ? fd : 0;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return prompt(fd) < 0 ? -errno : 0;
}

static int send_framed(const void *bytes, size_t size)
{
	return stream_send(fd, bytes, size);
}

static ssize_t receive_framed(const void **ret_bytes)
{
	return stream_receive(fd, ret_bytes);
}

static void leave(void)
{
	close(fd);
}

static const struct peer tcp = {
	.prepare = prepare,
	.enter = enter,
	.send = send_framed,
	.receive = receive_framed,
	.leave = leave,
};

PEER(tcp, &tcp, PEER_ALWAYS, 0, 16, 4096, 1 << 20, 64 << 20);

/* ---- many to one --------------------------------------------------------- */

static struct source {
	char bytes[BUFFER];
	size_t first, last; /* unread */
} * source;
static struct pollfd ready[CONNECTIONS_MOST];
static int count, at; /* the source whose turn it is */

static int enter_many(int side)
{
	if (side != 1)
		return enter(side);
	source = calloc(CONNECTIONS_MOST, sizeof(*source));
	ready[count++] = (struct pollfd) { listener, POLLIN, 0 };
	return source ? 0 : -ENOMEM;
}

static bool has_message(const struct source *from)
{
	uint32_t length;

	if (from->last - from->first < sizeof(length))
		return false;
	memcpy(&length, from->bytes + from->first, sizeof(length));
	return from->last - from->first >= sizeof(length) + length;
}

static void fill(int which)
{
	struct source *from = &source[which];
	ssize_t n;

	memmove(from->bytes, from->bytes + from->first,
		from->last - from->first);
	from->last -= from->first;
	from->first = 0;
	n = read(ready[which].fd, from->bytes + from->last,
		 sizeof(from->bytes) - from->last);
	if (n > 0)
		from->last += (size_t)n;
	else
		ready[which].fd = -1;
}

static int fill_all(void)
{
	int before = count;

	if (poll(ready, (nfds_t)count, -1) < 0)
		return -errno;
	for (int i = 1; i < before; i++)
		if (ready[i].revents)
			fill(i);
	if (ready[0].revents && count < CONNECTIONS_MOST)
		ready[count++] = (struct pollfd) { accept(listener, NULL, NULL),
						   POLLIN, 0 };
	return 0;
}

static ssize_t receive_any(const void **ret_bytes)
{
	struct source *from;
	uint32_t length;
	int r;

	while (!has_message(&source[at])) {
		if (++at < count)
			continue;
		at = 0;
		r = fill_all();
		if (r < 0)
			return r;
	}
	from = &source[at];
	memcpy(&length, from->bytes + from->first, sizeof(length));
	*ret_bytes = from->bytes + from->first + sizeof(length);
	from->first += sizeof(length) + length;
	return length;
}

static void leave_many(void)
{
	if (fd >= 0)
		close(fd);
	free(source);
}

static const struct peer tcp_many = {
	.prepare = prepare,
	.enter = enter_many,
	.send = send_framed,
	.receive = receive_any,
	.leave = leave_many,
};

PEER_FANIN(tcp, &tcp_many, 2000000, PEER_ALWAYS);
