/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_SEND_H
#define TROUPE_SEND_H

/* Sending; see troupe.h for errors and ownership. */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sends a copy: packed before this returns, in the order of the calls for each
 * receiver.  Does not wait for the receiver.
 * Returns 0; -ESRCH: it is gone; -EAGAIN: its mailbox limit for one sender is
 * reached, nothing was sent; -EMSGSIZE: larger than that limit, or than 64 MiB
 * and 4 KiB when packed, or nested deeper than 100 (calls, answers and the
 * arguments of a spawn, too); -EINVAL: not a message, or no reference;
 * -ENOBUFS, -ENOMEM: no space in this actor's region or on this machine.
 * To an actor of another node 0 says that the message is on its way: that the
 * other is gone is a dead letter there.  -EHOSTUNREACH: its node is lost, or
 * this one is in no mesh.
 */
TROUPE_API int troupe_send(troupe_ref to, const ProtobufCMessage *message);

/*
 * The same, but waits for room until the deadline (then -EAGAIN).  No handler
 * runs meanwhile.  -ECANCELED: this actor was told to stop.  -EDEADLK: to
 * oneself, and the mailbox is full.
 */
TROUPE_API int troupe_send_wait(troupe_ref to, const ProtobufCMessage *message,
				struct troupe_time deadline);

/*
 * Space for an attachment, in memory that a receiver reads in place, so sending
 * it takes the same time for every size.  Fill loan->bytes, then send; after a
 * send that returned 0 only the receiver may use them.  Otherwise call
 * troupe_unloan().
 * Returns 0, -EINVAL (size 0), -ENOBUFS or -ENOMEM.
 */
struct troupe_loan {
	void *bytes;
	size_t size;
	uint64_t private_offset;
};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* C++: the name of a struct too */
TROUPE_API int troupe_loan(size_t size, struct troupe_loan *ret_loan);
#pragma GCC diagnostic pop
TROUPE_API void troupe_unloan(struct troupe_loan *loan);
TROUPE_API int troupe_send_loan(troupe_ref to, const ProtobufCMessage *message,
				struct troupe_loan *loan);

/* Copies `bytes` into a loan and sends it. */
TROUPE_API int troupe_send_attached(troupe_ref to,
				    const ProtobufCMessage *message,
				    const void *bytes, size_t size);

/*
 * A notice that a full mailbox has room again: half of its limit, or more if
 * the last send needs that.  The struct is the caller's, zeroed before first
 * use, and must live as long as it waits.  has_room runs once, as a handler,
 * also when the actor has ended.
 * notify: 0, -ESRCH, -EINVAL.  cancel: 1: it will not run; 0: it did not wait.
 */
struct troupe_room {
	int (*has_room)(struct troupe_room *room); /* as a handler */
	void *data;
	troupe_ref to;
	struct troupe_room *private_next;
	unsigned private_asked;
	bool private_is_waiting;
};
TROUPE_API int troupe_room_notify(struct troupe_room *room, troupe_ref to);
TROUPE_API int troupe_room_cancel(struct troupe_room *room);

/* The counts of an actor, oneself or another.  0 or -ESRCH. */
struct troupe_counters {
	uint64_t received; /* records of any kind */
	uint64_t sent;
	uint64_t refused; /* sends that found no room */
	uint64_t dropped; /* received and not handled */
};
TROUPE_API int troupe_count(troupe_ref ref,
			    struct troupe_counters *ret_counters);

#ifdef __cplusplus
}
#endif

#endif
