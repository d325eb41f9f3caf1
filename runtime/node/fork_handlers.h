/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Handlers that libraries have given to pthread_atfork(3), by which for example
 * a random generator drops its seed in a child.  fork() runs these handlers and
 * a raw clone does not, so the program `troupe` defines the function that
 * pthread_atfork() calls, __register_atfork(), records the handlers here, and
 * passes them on.  Handlers of an unloaded library are left out.
 */

struct trp_fork_handlers {
	void (*prepare)(void); /* each may be NULL */
	void (*parent)(void);
	void (*child)(void);
	const void *library; /* an address in it */
};

/* 0 or -ENOMEM. */
int trp_fork_handlers_add(const struct trp_fork_handlers *handlers);

/* In the order of pthread_atfork(3). */
void trp_fork_handlers_prepare(void);
void trp_fork_handlers_parent(void);
void trp_fork_handlers_child(void);
