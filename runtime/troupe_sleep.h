/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_SLEEP_H
#define TROUPE_SLEEP_H

/*
 * Actors that sleep: a class with save() ends its process after idle_ms without
 * work and without mail, and the next message begins another one in its place.
 * It is the same actor: its reference, names, groups and place in the tree
 *stay, nobody is told of an end, and mail waits as for any that is busy.  An
 *actor that is asleep costs its slot, its state, and no process.
 *
 *	save	returns the state, which this process keeps until the next
 *		callback; NULL: there is none.  It changes nothing, as the
 *		actor may go on: where mail has come meanwhile, and where it
 *		fails, which is logged
 *	init	as at any start of the actor
 *	load	after init(), with the latest state, if there is one; valid for
 *		the actor's life.  It fails as init() does
 *
 * stop() is not called.  The latest state also goes to load() after a crash, if
 * a restart follows (troupe_restart.h): it is gone with the actor.
 *
 * Asleep it hears mail alone, so it stays awake while it has children, timers,
 * sources of events, calls in work, unanswered calls, mail that it has put
 * aside, monitors, links, aliases, or routers that follow a group.  An order to
 * stop, to kill it and a link begin its next life first, which then obeys; when
 * its parent ends, it ends without.
 *
 * A class with save() has neither run() nor a custom mailbox.  If it has idle()
 * as well, it sleeps when that returns TROUPE_SLEEP.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The result of idle(). */
enum { TROUPE_SLEEP = 2 };

/* The most bytes of a state; a larger one is no state: it stays awake. */
enum { TROUPE_SAVED_SIZE = 1 << 20 };

#ifdef __cplusplus
}
#endif

#endif
