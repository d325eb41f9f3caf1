/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_GUEST_H
#define TROUPE_GUEST_H

/*
 * Guests: a process that no supervisor forked, such as a plain C program, a
 * test or a tool, joins a running node and is an actor of it until it leaves or
 * dies.
 *
 * A guest is a function actor: it may use all of troupe.h except spawns.  Its
 * calls return -ESHUTDOWN before it has joined and after its membership.  Only
 * the thread that joined may call.  A child of fork() is no guest.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Joins the node of that name; NULL: the node in the environment variable
 * TROUPE_NODE, else the only running one of this user.
 * klass: NULL, or what this guest does beside receiving (copied): name (for ps
 * and logs), service, unhandled, down, completed, at_once, mailbox_limit,
 * when_full, grace_ms; init, run, stop, handlers, idle and child_stopped must
 * be NULL.
 * why: NULL, or gets the text of an error.
 * Returns 0; -ENOENT: no such node; -EUSERS: several are running and none was
 * named, or the node has too many clients; -EAGAIN: no slot is free; -EALREADY:
 * this process is an actor or guest; -EEXIST: it is an actor of that node;
 * -EPERM: the folder of the sockets is not this user's alone; -ESHUTDOWN: the
 * node is ending; -EINVAL; -ENOMEM; -ETIMEDOUT: the node does not answer for 10
 * s; or as connect(2) and mmap(2).
 */
TROUPE_API int troupe_join(const char *node, const struct troupe_class *klass,
			   char why[TROUPE_TEXT_SIZE]);

/*
 * Ends the membership.  Messages sent before are still delivered; unreceived
 * ones are dropped; unanswered calls complete with -ESHUTDOWN before this
 * returns.  Timers are cancelled; remove inputs before.
 * It must also be called after the node has ended, to join again.
 * Returns 0; -EINVAL: no guest, or from within a callback.
 */
TROUPE_API int troupe_leave(void);

/*
 * Registers a type, so that troupe_receive() without patterns can unpack it; a
 * pattern with that type does the same.  type: static, as protoc-c makes it.
 * 0; -EEXIST: another type has the same hash; -EINVAL; -ENOMEM.
 */
TROUPE_API int troupe_know(const ProtobufCMessageDescriptor *type);

#ifdef __cplusplus
}
#endif

#endif
