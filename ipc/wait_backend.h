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
	 * Sets wait->backend, and wait->how: the value of `sleeping` that gets
	 * block() woken.
	 */
	int (*open)(struct trp_wait *wait);
	void (*close)(struct trp_wait *wait);

	/* The watch has its serial. */
	int (*watch)(struct trp_wait *wait, struct trp_watch *watch);
	void (*unwatch)(struct trp_wait *wait, struct trp_watch *watch);

	/*
	 * Sleeps until a wake, an event or the deadline; may wake spuriously.
	 * `value` is what trp_doorbell_arm() returned.
	 */
	int (*block)(struct trp_wait *wait, uint32_t value,
		     struct trp_time deadline);

	/* Collects events without sleeping. */
	int (*look)(struct trp_wait *wait);

	/*
	 * Calls ready() once for each event of block() or look(), so a watch
	 * that stays ready cannot starve the others.
	 */
	int (*dispatch)(struct trp_wait *wait);
};
