/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_GUESTS_H
#define TRP_RUNTIME_GUESTS_H

/*
 * Actors whose processes the supervisor did not fork.  One comes by the control
 * socket, gets a slot and the arena, and is a member as long as its connection
 * lasts.  It is never killed: it is expelled, which ends its membership.
 *
 * Its region may go to another only when it cannot write there any more, that
 * is, when its process is dead (pidfd), or when it has left in order: it says
 * its last words, unmaps the arena, and closes, in this order.
 *
 *	child.is_held ==> the slot is BURIED, and is not given away
 *	EOF && (words said || never set up || process dead) ==> not is_held
 */

#include "runtime/supervisor/control_server.h"
#include "runtime/control/control.pb-c.h"

struct trp_guest {
	struct trp_guest *next, **link;
	struct trp_supervisor *supervisor;
	struct trp_control_session
		*visitor;	    /* NULL: its connection has ended */
	struct trp_watch end;	    /* its pidfd */
	struct troupe_timer burial; /* soon, when it is expelled */
	uint32_t slot, generation;
};

/*
 * The visitor becomes a guest.  TRP_GATE_MORE; -ESHUTDOWN: the node is ending;
 * -EEXIST: its process is an actor here; -EAGAIN: no slot; -ESRCH: we cannot
 * see its process; -ENOMEM, or as pidfd_open(2).
 */
int trp_guests_join(struct trp_control_session *visitor,
		    const Troupe__Guest__Join *join);

/* Its membership ends, from the next turn on; it sees the end of its
 * connection. */
void trp_guests_expel(struct trp_guest *guest);

/* All are let go, at the node's end; after the gate is closed. */
void trp_guests_close(struct trp_supervisor *supervisor);

#endif
