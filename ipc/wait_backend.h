/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The two ways of wait.c to wait for the doorbell and for descriptors at once.
 * wait.c announces and takes back `sleeping`, numbers the watches and keeps the
 * time; a backend knows the kernel's interface and nothing else.
 */

#include "ipc/wait.h"

struct trp_wait_backend {
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
