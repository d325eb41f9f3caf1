/* SPDX-License-Identifier: MIT */
/*
 * ZeroMQ over ipc, PUSH and PULL each way, with its defaults.  Its context is
 * made after the fork, which it does not survive.  Names are abstract, so that
 * nothing is left whatever happens.
 */
#include "tests/bench/peers/peer.h"

#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

static char path[2][64]; /* [reader] */
static void *context, *in, *out;
static zmq_msg_t message;

static int prepare(size_t largest)
{
	for (int i = 0; i < 2; i++)
		snprintf(path[i], sizeof(path[i]),
			 "ipc://@troupe-bench-zmq-%d-%d", (int)getpid(), i);
	return 0;
}

static int enter(int side)
{
	int self = side == 1;

	context = zmq_ctx_new();
	in = zmq_socket(context, ZMQ_PULL);
	out = zmq_socket(context, ZMQ_PUSH);
	zmq_msg_init(&message);
	if (side < 2 && zmq_bind(in, path[self]) < 0)
		return -zmq_errno();
	if (zmq_connect(out, path[!self]) < 0)
		return -zmq_errno();
	return 0;
}

static int send_bytes(const void *bytes, size_t size)
{
	return zmq_send(out, bytes, size, 0) < 0 ? -zmq_errno() : 0;
}

static ssize_t receive(const void **ret_bytes)
{
	int size = zmq_msg_recv(&message, in, 0);

	*ret_bytes = zmq_msg_data(&message);
	return size < 0 ? -zmq_errno() : size;
}

/* Sends everything before the context ends. */
static void leave(void)
{
	zmq_msg_close(&message);
	zmq_close(in);
	zmq_close(out);
	zmq_ctx_term(context);
}

const struct peer peer = {
	.prepare = prepare,
	.enter = enter,
	.send = send_bytes,
	.receive = receive,
	.leave = leave,
};
