/* SPDX-License-Identifier: MIT */
/* A pair of Unix sockets: as a stream, and with messages of their own. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/bench/peers/peer.h"
#include "tests/bench/peers/stream.h"

static int ends[2], fd;

static int make_pair(int type)
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0 ? -errno
								     : 0;
}

static int enter(int side)
{
	fd = ends[side == 1];
	close(ends[side != 1]);
	return 0;
}

static void leave(void)
{
	close(fd);
}

/* ---- stream -------------------------------------------------------------- */

static int prepare_stream(size_t largest)
{
	return make_pair(SOCK_STREAM);
}

static int send_framed(const void *bytes, size_t size)
{
	return stream_send(fd, bytes, size);
}

static ssize_t receive_framed(const void **ret_bytes)
{
	return stream_receive(fd, ret_bytes);
}

static const struct peer unix_stream = {
	.prepare = prepare_stream,
	.enter = enter,
	.send = send_framed,
	.receive = receive_framed,
	.leave = leave,
};

PEER(unix_stream, &unix_stream, PEER_ALWAYS, 0, 16, 4096, 1 << 20, 64 << 20);

PEER_RAW(unix_stream, &unix_stream, PEER_ALWAYS, 0, 1 << 20, 64 << 20);

/* ---- seqpacket: a message must fit the buffer of the socket -------------- */

enum { PACKET = 128 << 10 };

static int prepare_seqpacket(size_t largest)
{
	return make_pair(SOCK_SEQPACKET);
}

static int send_packet(const void *bytes, size_t size)
{
	return send(fd, bytes, size, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static ssize_t receive_packet(const void **ret_bytes)
{
	static char packet[PACKET];
	ssize_t size = recv(fd, packet, sizeof(packet), 0);

	*ret_bytes = packet;
	return size < 0 ? -errno : size;
}

static const struct peer unix_seqpacket = {
	.prepare = prepare_seqpacket,
	.enter = enter,
	.send = send_packet,
	.receive = receive_packet,
	.leave = leave,
};

PEER(unix_seqpacket, &unix_seqpacket, PEER_ALWAYS, PACKET - 64, 16, 4096,
     65536);
PEER_FANIN(unix_seqpacket, &unix_seqpacket, 2000000, PEER_ALWAYS);
