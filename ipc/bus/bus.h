/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A bus: a channel on which what one says all hear, the speaker included.
 *
 * A bus connects by itself, and again when the link is lost, with growing
 * pauses.  Messages are refused while it is down, and never kept: old beacon
 * messages are worse than none.  Connecting may block in a resolver or a
 * client library: a bus belongs into a process of its own.
 *
 * After fork() only one of the two processes may go on with a bus.
 */

#include "ipc/bus/address.h"
#include "ipc/time.h"

#define TRP_BUS_SIZE_MAX 65536 /* bytes of a message */

struct trp_bus;

struct trp_bus_calls {
	/* `payload` is borrowed. */
	void (*deliver)(void *user, const void *payload, size_t length);
	/*
	 * The bus came up (0: it is listened to), or went down or could not
	 * come up (why, a negative errno).
	 */
	void (*changed)(void *user, int error);
};

/* Why a bus is down, of a negative errno, and what to look at; static. */
const char *trp_bus_reason(int error);

/*
 * Returns 0 or a negative errno.  The first connection is tried in the first
 * trp_bus_run().  Neither callback may close the bus.
 */
int trp_bus_open(struct trp_bus **ret_bus,
		 const struct trp_bus_address *address,
		 const struct trp_bus_calls *calls, void *user);
void trp_bus_close(struct trp_bus *bus);

/* Poll it for input; it stays the same as long as the bus is open. */
int trp_bus_fd(const struct trp_bus *bus);

/* When trp_bus_run() is to be called though the descriptor is not ready. */
struct trp_time trp_bus_deadline(const struct trp_bus *bus);

/* Does what is to be done: connects, reads, writes, keeps alive. */
void trp_bus_run(struct trp_bus *bus, struct trp_time now);

/*
 * Says it.  Returns 0; -ENOTCONN while the bus is down; -EMSGSIZE; -EAGAIN
 * when more is unsent than the bus keeps.
 */
int trp_bus_send(struct trp_bus *bus, const void *payload, size_t length);

/* How much could not be delivered to somebody, or was refused. */
uint64_t trp_bus_lost(const struct trp_bus *bus);

/* ---- for those who write a kind ----------------------------------------- */

struct trp_bus {
	const struct trp_bus_kind *kind;
	const struct trp_bus_calls *calls;
	void *user;
	struct trp_bus_address address;
	int epoll;
	bool is_linked; /* connect() has succeeded */
	bool is_up;	/* and it is listened to */
	struct trp_time due;
	int64_t backoff_ns;
	uint64_t lost;
	void *state; /* of the kind, while linked */
};

/* It is listened to now. */
void trp_bus_up(struct trp_bus *bus);

/* Has ready() called when a descriptor is; 0 events: no more. */
int trp_bus_watch(struct trp_bus *bus, int fd, uint32_t events);
