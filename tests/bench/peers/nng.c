/* SPDX-License-Identifier: MIT */
/*
 * nng over ipc, with send and receive buffers of 128 messages: a pair where
 * there are two, push and pull where there are many.  Its threads are made
 * after the fork, and its name is abstract: nothing is left whatever happens.
 */
#include "tests/bench/peers/peer.h"

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/supplemental/util/platform.h>
#include <stdio.h>
#include <unistd.h>

static char path[64];
static nng_socket at;
static nng_msg *message;

static int prepare(size_t largest)
{
	snprintf(path, sizeof(path), "abstract://troupe-bench-nng-%d",
		 (int)getpid());
	return 0;
}

static int set_up(void)
{
	int r = nng_socket_set_int(at, NNG_OPT_SENDBUF, 128);

	if (r == 0 || r == NNG_ENOTSUP)
		r = nng_socket_set_int(at, NNG_OPT_RECVBUF, 128);
	if (r == 0 || r == NNG_ENOTSUP)
		r = nng_socket_set_size(at, NNG_OPT_RECVMAXSZ, 0);
	return r;
}

/* The dialer tries until the listener is there. */
static int meet(bool is_listener)
{
	int r = set_up();

	if (r == 0)
		r = is_listener ? nng_listen(at, path, NULL, 0)
				: nng_dial(at, path, NULL, NNG_FLAG_NONBLOCK);
	return r ? -EIO : 0;
}

static int enter_pair(int side)
{
	return nng_pair0_open(&at) ? -EIO : meet(side == 1);
}

static int enter_many(int side)
{
	int r = side == 1 ? nng_pull0_open(&at) : nng_push0_open(&at);

	return r ? -EIO : meet(side == 1);
}

static int send_bytes(const void *bytes, size_t size)
{
	return nng_send(at, (void *)bytes, size, 0) ? -EIO : 0;
}

static ssize_t receive(const void **ret_bytes)
{
	nng_msg_free(message);
	message = NULL;
	if (nng_recvmsg(at, &message, 0))
		return -EIO;
	*ret_bytes = nng_msg_body(message);
	return (ssize_t)nng_msg_len(message);
}

/* Closing drops messages in flight: wait for the last one. */
static void leave(void)
{
	nng_msleep(20);
	nng_msg_free(message);
	nng_close(at);
}

#define WITH_ENTER(ENTER)                                               \
	{                                                               \
		.prepare = prepare, .enter = ENTER, .send = send_bytes, \
		.receive = receive, .leave = leave,                     \
	}
const struct peer peer = WITH_ENTER(enter_pair);
const struct peer many = WITH_ENTER(enter_many);
