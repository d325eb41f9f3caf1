// SPDX-License-Identifier: MIT
/*
 * Boost.Interprocess message_queue: a mutex and two condition variables in
 * shared memory, copying in and out.  A slot is as large as the largest
 * message; there are 8 to 1,024 of them, so that small messages have room and
 * large ones stay in the cache; of more than 8 MiB there are 2.
 *
 * The library reports errors as exceptions, which must not get out of here.
 */
#include <algorithm>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <cstdlib>
#include <string>

extern "C" {
#include "tests/bench/peers/peer.h"
#include <unistd.h>
extern const struct peer peer;
}

namespace ipc = boost::interprocess;

static ipc::message_queue *queue[2]; /* [reader] */
static char *message;
static size_t largest;
static int self;

/* Without a name at once: nothing is left whatever happens. */
static int prepare(size_t size)
{
	size_t slots = size > 8 << 20
			       ? 2
			       : std::clamp<size_t>((8 << 20) / size, 8, 1024);

	largest = size;
	message = static_cast<char *>(std::malloc(size));
	try {
		for (int i = 0; i < 2; i++) {
			std::string name = "troupe-bench-" +
					   std::to_string(getpid()) + "-" +
					   std::to_string(i);

			queue[i] = new ipc::message_queue(
				ipc::create_only, name.c_str(), slots, size);
			ipc::message_queue::remove(name.c_str());
		}
	} catch (...) {
		return -EIO;
	}
	return message ? 0 : -ENOMEM;
}

static int enter(int side)
{
	self = side == 1;
	return 0;
}

static int send_bytes(const void *bytes, size_t size)
{
	try {
		queue[!self]->send(bytes, size, 0);
	} catch (...) {
		return -EIO;
	}
	return 0;
}

static ssize_t receive(const void **ret_bytes)
{
	ipc::message_queue::size_type size;
	unsigned priority;

	try {
		queue[self]->receive(message, largest, size, priority);
	} catch (...) {
		return -EIO;
	}
	*ret_bytes = message;
	return static_cast<ssize_t>(size);
}

static void leave()
{
	delete queue[0];
	delete queue[1];
	std::free(message);
}

const struct peer peer = { prepare, enter,   send_bytes, receive,
			   leave,   nullptr, nullptr };
