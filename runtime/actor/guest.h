/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_GUEST_H
#define TRP_RUNTIME_GUEST_H

/*
 * This process as a guest (troupe_guest.h): for the files that are an actor.
 *
 *	trp_actor.self == 0 <==> this process is no actor (any more)
 *	trp_actor.is_guest ==> it joined, and has not called troupe_leave()
 */

/* Its node has ended, or has expelled it. */
void trp_guest_over(void);

/* Before each send of a guest: looks now and then whether it still is one. */
int trp_guest_check(void);

/* What each file gives up when a guest leaves. */
void trp_call_leave(void);
void trp_receive_leave(void);
void trp_overflow_leave(void);

#endif
