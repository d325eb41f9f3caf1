/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_SUPERVISOR_H
#define TRP_RUNTIME_SUPERVISOR_H

/*
 * The supervisor: slot 0 of its node, parent of every process in it.  It
 * hands out slots, orders processes from the zygote, answers requests, reaps,
 * reports, and ends the node in order.
 *
 *	supervisor.c	the node's life: start, the loop, signals, the end
 *	requests.c	what actors ask of it
 *	office.c	what it says to them, and orders
 *	funeral.c	what happens when a process has ended
 *	gate.c		the control socket, for those who are no actors
 *	guests.c	those of them who become actors
 *
 * It never blocks but in its one sleep and drops nothing: its lanes to actors
 * have no limit, and grow in its own region.
 */

#include <limits.h>
#include "ipc/mailbox.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/child.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/guest.h"
#include "runtime/supervisor/registry.h"
#include "runtime/supervisor/exit_history.h"
#include "runtime/node/options.h"
#include "runtime/zygote/zygote.h"
#include "serialize/scratch.h"

enum { TRP_GRACE_MS = 5000 };

struct trp_supervisor {
	struct trp_node node;
	struct trp_zygote zygote;
	struct trp_mailbox box;
	struct trp_wait wait;
	struct trp_scratch scratch;
	struct trp_child_table family;
	struct trp_registry names;
	struct trp_exit_history obituary;
	struct trp_timers timers;
	struct troupe_timer tidying;
	struct trp_watch signals, births;
	struct trp_control_server gate;
	struct trp_guest *guest;    /* the first */
	uint32_t guests;	    /* alive; they do not keep the node alive */
	char application[PATH_MAX]; /* its absolute path, or "" */
	struct trp_order *orders;   /* that the pipe had no room for */
	size_t order_count, order_room;
	struct trp_unknown *unknown; /* reaped before their birth was told */
	struct troupe_timer sweep;   /* over those that are buried */
	uint32_t buried;
	int64_t sweep_ms;
	uint32_t root; /* slot, or 0 once it is dead */
	struct troupe_end root_end;
	struct trp_restart *keepers;
	struct trp_mesh *mesh; /* NULL: it is in none */
	bool is_ending;
	bool has_zygote;
	int64_t full_at;      /* when it was last said that no slot is free */
	int64_t signalled_at; /* the first signal to end; 0: none yet */
	int error;	      /* of the supervisor itself */
};

/*
 * Runs a node until it has ended.  Returns the exit status of `troupe run`:
 * 0, 1 or 2 (troupe(1)); it has written to standard error why.
 */
int trp_supervisor_run(const struct trp_options *options);

/* Stops the node in order; once is as good as twice. */
void trp_supervisor_end(struct trp_supervisor *supervisor);

/* ---- between the files --------------------------------------------------- */

/*
 * Sends to an actor; -ESRCH when it is gone.  One for which there is no memory
 * is killed: an actor never goes on without having been told.
 */
int trp_office_tell(struct trp_supervisor *supervisor, uint32_t slot,
		    enum trp_stream stream, uint64_t correlation,
		    const ProtobufCMessage *message);

/* The same for a message, which it handles like any other. */
int trp_office_send(struct trp_supervisor *supervisor, uint32_t slot,
		    const ProtobufCMessage *message);

/*
 * A new actor, child of the slot `parent`: announced, told of its birth and
 * ordered from the zygote.  0, -EAGAIN, -ECANCELED, -EEXIST, -EINVAL.
 */
int trp_office_spawn(struct trp_supervisor *supervisor, uint32_t parent,
		     const Troupe__Control__Spawn *request,
		     troupe_ref *ret_ref);

/* The slot's line in the directory: from now on it can be sent to. */
void trp_office_announce(struct trp_supervisor *supervisor, uint32_t slot,
			 uint32_t limit, uint32_t when_full);
/* Orders the root actor.  0 or -errno. */
int trp_office_spawn_root(struct trp_supervisor *supervisor);

/* Tells an actor to stop, and kills it when its grace is over. */
void trp_office_stop(struct trp_supervisor *supervisor, uint32_t slot);
/* From now on it has its grace time; on_stop_children() interrupts it. */
void trp_office_begin_grace(struct trp_supervisor *supervisor, uint32_t slot);
void trp_office_stop_children(struct trp_supervisor *supervisor, uint32_t slot);
void trp_office_kill(struct trp_supervisor *supervisor, uint32_t slot);

/* Writes what orders the pipe has room for. */
void trp_office_flush_orders(struct trp_supervisor *supervisor);

/* The zygote has answered: a pid, or -errno. */
void trp_funeral_birth(struct trp_supervisor *supervisor,
		       const struct trp_birth *birth);

/* The zygote is gone: what it was asked for and did not say is never born. */
void trp_funeral_stillborn(struct trp_supervisor *supervisor);

/* A guest is no member any more; what it says of that counts. */
void trp_funeral_guest(struct trp_supervisor *supervisor, uint32_t slot,
		       bool is_expelled);
/* Tells of an end: as the parent (watch 0), or for a watch. */
void trp_funeral_tell(struct trp_supervisor *supervisor, troupe_ref whom,
		      const struct troupe_end *end, uint64_t watch);

/* Reaps all that has ended. */
void trp_funeral_reap(struct trp_supervisor *supervisor);

/* Gives away the slots of those whose mail has been read. */
void trp_funeral_sweep(struct trp_supervisor *supervisor);

/* Kills what actors left behind and we inherited. */
void trp_funeral_kill_strangers(struct trp_supervisor *supervisor);

#endif
