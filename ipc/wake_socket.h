/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Waking a process that cannot wait for a futex and for descriptors at once: a
 * datagram socket of its own in the abstract namespace, to which the waker
 * sends an empty datagram.  Nobody needs a descriptor for anybody.
 *
 *	\0troupe/<node>/<slot>/<number>		all in hexadecimal
 *
 * A name that is taken (the slot's last process left a child with a copy of
 * the socket, or a stranger was first) is not waited for: the next number is,
 * and the sleeper says which one is its own along with `sleeping`.
 *
 * Abstract names belong to a network namespace: a process that is moved to
 * another one cannot be woken this way.
 *
 * After fork(): the child sends through a socket of its own; the parent's it
 * inherits and may close.
 */

#include <stdint.h>

enum { TRP_WAKE_SOCKETS = 64 };

/* Once in each node, before anything else here. */
void trp_wake_socket_set_node(uint64_t node);

/*
 * Binds the socket of `slot`: nonblocking, CLOEXEC, owned by the caller.
 * Returns 0, -EADDRINUSE when all numbers are taken, or as socket(2), bind(2).
 */
int trp_wake_socket_open(uint32_t slot, int *ret_fd, uint32_t *ret_number);

/* Wakes.  No error: nobody is there, or has been woken already. */
void trp_wake_socket(uint32_t slot, uint32_t number);

/* Closes the socket that this process wakes from, until it wakes again. */
void trp_wake_socket_fini(void);

/* Takes what has come in, so that the socket is not readable any more. */
void trp_wake_socket_drain(int fd);
