/* SPDX-License-Identifier: MIT */
/* POSIX message queues with the limits of any user: 10 messages of 8 KiB. */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>
#include "tests/bench/peers/peer.h"

enum { MESSAGES = 10, SIZE = 8192 };

static mqd_t queue[2]; /* [reader] */
static int self;

/* Unlinked at once: nothing is left in any case. */
static int prepare(size_t largest)
{
	struct mq_attr attributes = { .mq_maxmsg = MESSAGES,
				      .mq_msgsize = SIZE };

	for (int i = 0; i < 2; i++) {
		char name[64];

		snprintf(name, sizeof(name), "/troupe-bench-%d-%d",
			 (int)getpid(), i);
		queue[i] = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
				   0600, &attributes);
		if (queue[i] == (mqd_t)-1)
			return -errno;
		mq_unlink(name);
	}
	return 0;
}

static int enter(int side)
{
	self = side == 1;
	return 0;
}

static int send_bytes(const void *bytes, size_t size)
{
	return mq_send(queue[!self], bytes, size, 0) < 0 ? -errno : 0;
}

static ssize_t receive(const void **ret_bytes)
{
	static char message[SIZE];
	ssize_t size = mq_receive(queue[self], message, sizeof(message), NULL);

	*ret_bytes = message;
	return size < 0 ? -errno : size;
}

static void leave(void)
{
	mq_close(queue[0]);
	mq_close(queue[1]);
}

static const struct peer mqueue = {
	.prepare = prepare,
	.enter = enter,
	.send = send_bytes,
	.receive = receive,
	.leave = leave,
};

PEER(mqueue, &mqueue, PEER_ALWAYS, SIZE - 64, 16, 4096);
PEER_FANIN(mqueue, &mqueue, 2000000, PEER_ALWAYS);
