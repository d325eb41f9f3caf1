/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Waking a process that cannot wait for a futex and for descriptors at once: a
 * datagram socket of its own in the abstract namespace, to which the waker
 * sends an empty datagram.  The waker needs no descriptor of the sleeper.
 *
 *	\0troupe/<node>/<slot>/<number>		all in hexadecimal
 *
 * A name that is taken (the slot's last process left a child with a copy of the
 * socket, or a stranger was first) is skipped: the sleeper uses the next
 * number, and publishes it with `sleeping`.
 *
 * An abstract name belongs to the network namespace in which its socket was
 * made, whatever its process does later.  So each process of a node has one
 * from its birth, before any code of the user, and sends from it, too; a guest,
 * which may come from elsewhere, is handed one that the supervisor has made.
 *
 * After fork(): the child sends through a socket of its own; the parent's it
 * inherits and may close.
 */

#include <stdbool.h>
#include <stdint.h>

enum { TRP_WAKE_SOCKETS = 64 };

/*
 * Once in each node, before anything else here: in the network namespace that
 * is the node's from now on.
 */
void trp_wake_socket_set_node(uint64_t node);

/* Whether this process is in that network namespace. */
bool trp_wake_socket_is_home(void);

/* The one that it is in, as a number; 0: unknown. */
uint32_t trp_wake_socket_net(void);

/*
 * The socket of this process, bound for `slot`, where it has none yet:
 * trp_wake_socket_open() will find it.  Returns as that does.
 */
int trp_wake_socket_begin(uint32_t slot);

/* The same with one that is bound already; fd is consumed. */
void trp_wake_socket_adopt(int fd, uint32_t slot, uint32_t number);

/*
 * A socket bound for `slot`: that of this process, or a new one.  Nonblocking,
 * CLOEXEC, owned by the caller.
 * Returns 0, -EADDRINUSE when all numbers are taken, or as socket(2), bind(2).
 */
int trp_wake_socket_open(uint32_t slot, int *ret_fd, uint32_t *ret_number);

/* Wakes.  No failure: nobody is there, or has been woken already. */
void trp_wake_socket(uint32_t slot, uint32_t number);

/* Calls that for each wake that failed; NULL: nothing. */
void trp_wake_socket_on_failure(void (*failed)(uint32_t slot, int error));

/* Closes the socket of this process; the next wake opens one. */
void trp_wake_socket_fini(void);

/* Drains the socket, so it is no longer readable. */
void trp_wake_socket_drain(int fd);
