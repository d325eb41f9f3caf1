/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A bus: a broadcast channel, whose messages reach all members, the sender
 * included.  A bus connects by itself, and reconnects after a lost link with
 * growing pauses.  Messages are refused while it is down, and never kept: old
 * beacon messages are worse than none.  Connecting may block in a resolver or a
 * client library: a bus belongs into a separate process.  After fork() only one
 * of the two processes may go on with a bus.
 */

#include "ipc/bus/address.h"
#include "ipc/bus/presence.h"
#include "ipc/time.h"

#define TRP_BUS_SIZE_MAX 65536 /* bytes of a message */

struct trp_bus;

struct trp_bus_calls {
	/* `payload` is borrowed. */
	void (*deliver)(void *user, const void *payload, size_t length);
	/*
	 * The bus came up (0: subscribed), or went down or failed to come up (a
	 * negative errno).
	 */
	void (*changed)(void *user, int error);

	/* Of a bus for mail.  A frame for our number, borrowed. */
	void (*receive)(void *user, const void *frame, size_t length);
	/* A frame did not go out: nobody has that number. */
	void (*nobody)(void *user, uint32_t number);
	/* It takes frames again, after -EAGAIN. */
	void (*writable)(void *user);
	/*
	 * Another run that is attended to is there: the first time, with other
	 * words, and again after each link and attend().  `words` is borrowed.
	 */
	void (*present)(void *user, const char *node, uint32_t number,
			const void *words, size_t length);
	/* It has gone.  May come twice, or for a run that was not present. */
	void (*gone)(void *user, const char *node, uint32_t number);
};

/* A negative errno as a reason and advice; static. */
const char *trp_bus_reason(int error);

/*
 * Returns 0 or a negative errno.  The first connection is tried in the first
 * trp_bus_run().  Neither callback may close the bus.
 */
int trp_bus_open(struct trp_bus **ret_bus,
		 const struct trp_bus_address *address,
		 const struct trp_bus_calls *calls, void *user);
void trp_bus_close(struct trp_bus *bus);

/*
 * A bus for mail between numbers, instead of messages to all: it is up when
 * `number` is ours alone.  changed(-EEXIST): another run has it.  Returns also
 * -EOPNOTSUPP: this kind carries no mail.
 */
int trp_bus_open_mail(struct trp_bus **ret_bus,
		      const struct trp_bus_address *address, uint32_t number,
		      const struct trp_bus_calls *calls, void *user);

/* Poll it for input; it stays the same as long as the bus is open. */
int trp_bus_fd(const struct trp_bus *bus);
void trp_bus_check(const struct trp_bus *bus);

/* When to call trp_bus_run() even if the descriptor is not ready. */
struct trp_time trp_bus_deadline(const struct trp_bus *bus);

/* Does the pending work: connects, reads, writes, keeps alive. */
void trp_bus_run(struct trp_bus *bus, struct trp_time now);

/*
 * Sends a message.  Returns 0; -ENOTCONN while the bus is down; -EMSGSIZE;
 * -EAGAIN: the queue of unsent messages is full.
 */
int trp_bus_send(struct trp_bus *bus, const void *payload, size_t length);

/*
 * Sends a frame to one number.  It may be lost; is_sure: nobody() will tell
 * where nobody has the number, which costs an answer of the broker.  Returns 0;
 * -ENOTCONN while the bus is down; -EAGAIN: not now, and writable() will tell;
 * -EHOSTUNREACH: nobody has the number; -EMSGSIZE.
 */
int trp_bus_send_to(struct trp_bus *bus, uint32_t number, const void *frame,
		    size_t length, bool is_sure);

/*
 * Of a bus for mail: this run says of itself that it is there, with its node's
 * name and words, in this link and the later ones; when a link ends, those that
 * attend to it hear that it has gone.  The first call is before the first
 * trp_bus_run(); later ones change the words, in the next trp_bus_run(), which
 * is due at once.  Returns 0; -EINVAL: no name, or another than before;
 * -EMSGSIZE.
 */
int trp_bus_present(struct trp_bus *bus, const char *node, const void *words,
		    size_t length);

/* Before the first trp_bus_run(): what it says of itself is signed, and others
 * are heard only if theirs is. */
void trp_bus_seal(struct trp_bus *bus, const struct trp_presence_seal *seal);

/*
 * Of a bus for mail: attends, or no longer, to the runs of a node, or to all
 * (NULL), from the next trp_bus_run() on, which is due at once.  A run that
 * ended while this bus was down is told by no gone(): one that has not been
 * present() again some time after changed(0) is no longer there.  Returns 0;
 * -EINVAL: no name; -ENOMEM.
 */
int trp_bus_attend(struct trp_bus *bus, const char *node, bool is_wanted);

/* The number of messages that some member missed, or that were refused. */
uint64_t trp_bus_lost(const struct trp_bus *bus);

/* ---- for kinds ----------------------------------------------------------- */

struct trp_bus {
	const struct trp_bus_kind *kind;
	const struct trp_bus_calls *calls;
	void *user;
	struct trp_bus_address address;
	uint32_t number;  /* of a bus for mail */
	bool has_claimed; /* the number, in an earlier link */
	int epoll;
	bool is_linked; /* connect() has succeeded */
	bool is_up;	/* and it is listened to */
	struct trp_time due;
	int64_t backoff_ns;
	uint64_t lost;
	bool is_hurried; /* ready() again in a tenth of a second */
	struct trp_presence presence;
	void *state; /* of the kind, while linked */
};

/* It is listened to now. */
void trp_bus_up(struct trp_bus *bus);

/* Passes it on, if it is of another run that is attended to. */
void trp_bus_heard(struct trp_bus *bus, const struct trp_presence_heard *heard);

/* Calls ready() when a descriptor is ready; 0 events: no longer. */
int trp_bus_watch(struct trp_bus *bus, int fd, uint32_t events);
