/* SPDX-License-Identifier: MIT */
/*
 * nng over ipc, a pair, with send and receive buffers of 128 messages.  Its
 * threads are made after the fork.
 */
#include "tests/bench/peers/peer.h"

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/supplemental/util/platform.h>
#include <stdio.h>
#include <unistd.h>

static char path[64];
static nng_socket pair;
static nng_msg *message;

static int prepare(size_t largest)
{
	snprintf(path, sizeof(path), "ipc:///tmp/troupe-bench-nng-%d",
		 (int)getpid());
	return 0;
}

/* The dialer tries until the listener is there. */
static int enter(int side)
{
	int r = nng_pair0_open(&pair);

	if (r == 0)
		r = nng_socket_set_int(pair, NNG_OPT_SENDBUF, 128);
	if (r == 0)
		r = nng_socket_set_int(pair, NNG_OPT_RECVBUF, 128);
	if (r == 0)
		r = nng_socket_set_size(pair, NNG_OPT_RECVMAXSZ, 0);
	if (r == 0)
		r = side ? nng_listen(pair, path, NULL, 0)
			 : nng_dial(pair, path, NULL, NNG_FLAG_NONBLOCK);
	return r ? -EIO : 0;
}

static int send_bytes(const void *bytes, size_t size)
{
	return nng_send(pair, (void *)bytes, size, 0) ? -EIO : 0;
}

static ssize_t receive(const void **ret_bytes)
{
	nng_msg_free(message);
	message = NULL;
	if (nng_recvmsg(pair, &message, 0))
		return -EIO;
	*ret_bytes = nng_msg_body(message);
	return (ssize_t)nng_msg_len(message);
}

/* Closing drops what is on its way: the last word is given time. */
static void leave(void)
{
	nng_msleep(20);
	nng_msg_free(message);
	nng_close(pair);
	unlink(path + sizeof("ipc://") - 1);
}

const struct peer peer = {
	.prepare = prepare,
	.enter = enter,
	.send = send_bytes,
	.receive = receive,
	.leave = leave,
};
