/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_RESTART_H
#define TROUPE_RESTART_H

/*
 * Restarts: an actor that has died is started again under its reference, with
 * its class, arguments, names, place in the tree, and unread mail; init() runs
 * again.  The message in the handler at its death is skipped or handed over
 * again (struct troupe_class).  Calls that it was handling, or had not answered
 * yet, fail with -EHOSTDOWN; later ones wait for it.  Its children are stopped
 * before; its timers, inputs, monitors, links and calls are gone.
 *
 * A restart follows after a pause, from 0.1 to 15 s, that doubles at each end
 * and begins anew after a life of a minute.  After 20 restarts without such a
 * life the actor is given up, and its end is final.  An actor that was told to
 * stop is not restarted.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `restart` of a class: when its actors are started again. */
enum troupe_restart {
	TROUPE_RESTART_NEVER,
	TROUPE_RESTART_CRASHED, /* not after a normal end */
	TROUPE_RESTART_ALWAYS,
};

/*
 * `at_crash` of a class: what becomes of the message in whose handler an actor
 * has died; `tries`: so often it is handled in all, before it is a dead letter
 * (0: 3).  A call whose caller waits is not handled again.
 */
enum troupe_at_crash { TROUPE_CRASH_SKIP, TROUPE_CRASH_AGAIN };

/* How often this actor was restarted before. */
TROUPE_API uint32_t troupe_incarnation(void);

/* Which try the current message has: 1, or more where its handler died. */
TROUPE_API uint32_t troupe_attempt(void);

/*
 * As troupe_spawn(), with options: each may be 0; NULL: none.  name: as
 * troupe_spawn_named(), child: as troupe_spawn_child() (troupe_tree.h), of
 * which only one may be set.  restart: in place of that of the class.
 * is_linked, ret_monitor (where it is not NULL), tag: it is linked as by
 * troupe_link(), and monitored as by troupe_monitor_with(), from its first
 * moment: the report of one that ends at once has its true reason.
 * ready_by: waits until init() has returned, or run() begins, or the children
 * of a class that supervises are up.  If the child ends instead, its error is
 * returned (-ECHILD: it has none), neither a link, a monitor nor the parent of
 * these options is told, though others are that it linked itself to in init(),
 * and no restart follows; -ETIMEDOUT: it is killed; -ECANCELED: this actor was
 * told to stop, or an exit signal ends it; then the child is killed.
 */
struct troupe_spawn_options {
	const char *name;
	const char *child;
	enum troupe_restart restart;
	bool is_linked;
	uint64_t *ret_monitor;
	uint64_t tag;
	struct troupe_time ready_by;
};
TROUPE_API int troupe_spawn_with(const struct troupe_spawn_options *options,
				 const struct troupe_class *klass,
				 const ProtobufCMessage *arguments,
				 troupe_ref *ret_ref);

/* As troupe_wait(), but also for an end that a restart follows. */
TROUPE_API int troupe_wait_next(troupe_ref ref, struct troupe_time deadline,
				struct troupe_end *ret_end);

#ifdef __cplusplus
}
#endif

#endif
