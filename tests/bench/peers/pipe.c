/* SPDX-License-Identifier: MIT */
/* Two pipes of the usual 64 KiB; what is shorter than a page is written whole.
 */
#include <fcntl.h>
#include <unistd.h>
#include "tests/bench/peers/peer.h"
#include "tests/bench/peers/stream.h"

static int ends[2][2]; /* [reader] */
static int in, out;

static int prepare(size_t largest)
{
	for (int i = 0; i < 2; i++)
		if (pipe2(ends[i], O_CLOEXEC) < 0)
			return -errno;
	return 0;
}

static int enter(int side)
{
	int self = side == 1;

	in = ends[self][0];
	out = ends[!self][1];
	close(ends[self][1]);
	close(ends[!self][0]);
	return 0;
}

static int send_bytes(const void *bytes, size_t size)
{
	return stream_send(out, bytes, size);
}

static ssize_t receive(const void **ret_bytes)
{
	return stream_receive(in, ret_bytes);
}

static void leave(void)
{
	close(in);
	close(out);
}

static const struct peer pipes = {
	.prepare = prepare,
	.enter = enter,
	.send = send_bytes,
	.receive = receive,
	.leave = leave,
};

PEER(pipes, &pipes, PEER_ALWAYS, 0, 16, 4096, 1 << 20, 64 << 20);
PEER_RAW(pipes, &pipes, PEER_ALWAYS, 0, 1 << 20, 64 << 20);
PEER_FANIN(pipes, &pipes, 2000000, PEER_ALWAYS);
