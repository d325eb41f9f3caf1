/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where a process sleeps: on its doorbell, on time and on descriptors, in one
 * system call.
 *
 *	mail and time	futex(2) on the doorbell's word, no ring
 *	URING		one io_uring: IORING_OP_FUTEX_WAIT on the same word,
 *			POLL_ADD for descriptors
 *	SOCKET		io_uring without its futex operations (Linux < 6.7): a
 *			datagram socket instead
 *	EPOLL		no io_uring: the same socket, in epoll
 *
 * Senders see only `sleeping` in the front, which tells futex from socket.
 * After fork(): a child must not use its parent's wait; it makes its own.
 */

#include "ipc/doorbell.h"
#include "ipc/watch_table.h"
#include "ipc/spin.h"
#include "ipc/time.h"

enum trp_wait_kind {
	TRP_WAIT_URING,
	TRP_WAIT_SOCKET,
	TRP_WAIT_EPOLL,
	TRP_WAIT_KINDS
};

struct io_uring_sqe;

/*
 * A watch, in the caller's memory until it is removed: a descriptor, or, with
 * `prepare`, any operation of io_uring (only URING and SOCKET).  prepare()
 * fills in a zeroed entry, each time the operation starts.  The memory that the
 * entry points to belongs to the kernel until ready() or the return of
 * trp_wait_remove().  In ready() `result` is as io_uring_enter(2) has it.
 */
struct trp_watch {
	int fd;
	uint32_t events; /* POLLIN, POLLOUT */
	void (*prepare)(struct trp_watch *watch, struct io_uring_sqe *entry);
	void (*ready)(struct trp_watch *watch, uint32_t events);
	void *data;
	int result;
	/* private, zero at first: */
	uint64_t serial;
	bool is_armed;
	bool is_known;	 /* its descriptor was open when it was first added */
	bool is_leaving; /* an operation that is being cancelled */
	bool has_result; /* of an operation that says twice that it is done */
};

struct trp_wait {
	enum trp_wait_kind kind;
	uint32_t slot;
	struct trp_doorbell *doorbell;
	_Atomic uint32_t *sleeping;		/* in the own front */
	uint64_t sleeps, spins_won, spins_lost; /* counted */
	/* private: */
	uint32_t how;  /* what `sleeping` says when the backend sleeps */
	void *backend; /* NULL until first needed */
	struct trp_watch_table watches;
	struct trp_spin spin;
	bool is_direct; /* the next sleep */
};

/*
 * The best kind that this machine allows, or the one in the environment
 * variable TROUPE_WAIT (uring, socket, epoll).  ret_why gets the reason in one
 * line, for people.  Returns 0, or -EINVAL for an unknown name or one that does
 * not work here.
 */
int trp_wait_probe(enum trp_wait_kind *ret_kind, char ret_why[160]);

/* After trp_wake_socket_set_node(), which tells this node from others. */
void trp_wait_init(struct trp_wait *wait, enum trp_wait_kind kind,
		   struct trp_doorbell *doorbell, _Atomic uint32_t *sleeping,
		   uint32_t slot);
void trp_wait_fini(struct trp_wait *wait);
void trp_wait_check(const struct trp_wait *wait);

/*
 * Watches a descriptor, level-triggered, until removed (an operation: does it
 * again and again until removed); ready() is called from trp_wait_sleep() and
 * trp_wait_poll(), with the events of poll(2), POLLERR and POLLHUP among them.
 * The descriptor is borrowed: remove the watch before you close it.  A closed
 * descriptor gives at most one POLLNVAL, and no other report.
 * Returns 0, -EBADF (the first time of a watch), -ENOMEM, -EPERM (epoll: a
 * plain file), -EEXIST (epoll: a descriptor that is watched already), or as
 * io_uring_setup(2); an operation -ENOTSUP (epoll), -EINVAL (multishot, linked,
 * without completion).
 */
int trp_wait_add(struct trp_wait *wait, struct trp_watch *watch);

/*
 * Afterwards ready() is not called any more.  Safe from within ready().  An
 * operation is cancelled and waited for; `result` has its outcome.
 */
void trp_wait_remove(struct trp_wait *wait, struct trp_watch *watch);

/*
 * Sleeps until the doorbell is rung, a descriptor is ready or the deadline has
 * passed, whichever is first; calls ready() for each ready descriptor.
 * Never sleeps if the doorbell is set already.  Spins first if that lately paid
 * off.  In neither case are descriptors checked: a process that is busy with
 * mail calls trp_wait_poll() now and then.  Returns 0, also after a spurious
 * wake; or a negative errno if the kernel refuses (then the caller cannot go
 * on).
 */
int trp_wait_sleep(struct trp_wait *wait, struct trp_time deadline);

/* Polls descriptors without sleeping; does nothing without watches. */
int trp_wait_poll(struct trp_wait *wait);

/* The next sleep begins at once, as what is awaited comes by a descriptor. */
void trp_wait_directly(struct trp_wait *wait);

/* The last sender ran on this CPU (or -1): the input of the spin policy. */
void trp_wait_hint(struct trp_wait *wait, int sender_cpu);
