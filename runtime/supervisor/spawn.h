/* SPDX-License-Identifier: MIT */
#pragma once

/* New actors: a slot, names, a birth in the mailbox, an order to the zygote. */

#include "runtime/node/ref.h"
#include "runtime/node/system.pb-c.h"

struct trp_supervisor;

/* After a crash, the next incarnation writes no core before so long; a test may
 * set another. */
extern int32_t trp_supervisor_spawn_core_ms;

enum { TRP_GRACE_MS = 5000 }; /* the default of a class */

/* A child of the slot `parent`.  0, -EAGAIN, -ECANCELED, -EEXIST, -EINVAL. */
int trp_supervisor_spawn(struct trp_supervisor *supervisor, uint32_t parent,
			 const Troupe__Control__Spawn *request,
			 troupe_ref *ret_ref);

/*
 * The next incarnation of a child that is DOWN: now, or later by another call,
 * as its children have not ended, or too much that its former incarnations sent
 * is unread (0, is_due); -EAGAIN: no zygote or region; or
 * as above.
 */
int trp_supervisor_spawn_again(struct trp_supervisor *supervisor,
			       uint32_t slot);

/* Orders the root actor.  0 or -errno. */
int trp_supervisor_spawn_root(struct trp_supervisor *supervisor);

/* Writes as many orders as the pipe has room for. */
void trp_supervisor_spawn_flush(struct trp_supervisor *supervisor);
