/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Actors whose processes the supervisor did not fork.  A guest connects to the
 * control socket, gets a slot and the arena, and is a member as long as its
 * connection lasts.  It is never killed, but may be expelled, which ends its
 * membership.  Its region is reused only when it cannot write there any more:
 * when its process is dead (pidfd), or when it has left in order: it writes its
 * exit record, unmaps the arena, and closes, in this order.
 */

#include "runtime/supervisor/control_server.h"
#include "runtime/control/control.pb-c.h"

struct trp_guest {
	struct trp_guest *next, **link;
	struct trp_supervisor *supervisor;
	struct trp_control_session *session; /* NULL: it has ended */
	struct trp_watch end;		     /* its pidfd */
	struct troupe_timer expulsion;	     /* soon */
	uint32_t slot, generation;
};

/*
 * The session becomes a guest.  TRP_CONTROL_MORE; -ESHUTDOWN: the node is
 * ending; -EEXIST: its process is an actor here; -EAGAIN: no slot; -ESRCH: its
 * process is not visible; -ENOMEM, or as pidfd_open(2).
 */
int trp_supervisor_guest_join(struct trp_control_session *session,
			      const Troupe__Guest__Join *join);

/* Releases all at the node's end, after the control server is closed. */
void trp_supervisor_guest_close(struct trp_supervisor *supervisor);
