/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_BACKEND_H
#define TRP_IPC_BACKEND_H

/*
 * The two ways of wait.c to wait for the bell and for descriptors at once.
 * wait.c announces and takes back `sleeping`, seats the watches and keeps the
 * time; a backend knows the kernel's interface and nothing else.
 */

#include "ipc/wait.h"

struct trp_backend {
	/*
	 * Sets wait->backend, and wait->how: what `sleeping` has to say for
	 * block() to be woken.
	 */
	int (*open)(struct trp_wait *wait);
	void (*close)(struct trp_wait *wait);

	/* The watch has its serial. */
	int (*watch)(struct trp_wait *wait, struct trp_watch *watch);
	void (*unwatch)(struct trp_wait *wait, struct trp_watch *watch);

	/*
	 * Sleeps until a wake, an event or the deadline, for nothing at times.
	 * `value` is what trp_doorbell_arm() returned.
	 */
	int (*block)(struct trp_wait *wait, uint32_t value,
		     struct trp_time deadline);

	/* Collects what has come in, without sleeping. */
	int (*look)(struct trp_wait *wait);

	/*
	 * Calls ready() for what block() or look() found, each once, so that
	 * one that stays ready cannot keep the others waiting.
	 */
	int (*dispatch)(struct trp_wait *wait);
};

extern const struct trp_backend trp_wait_uring; /* URING and SOCKET */
extern const struct trp_backend trp_wait_epoll;

/* Whether io_uring can be used here; `why` in one line, for people. */
int trp_wait_uring_probe(bool *ret_has_futex, char ret_why[160]);

/* How long from now until `deadline`; never negative. */
struct timespec trp_time_left(struct trp_time deadline);

#endif
