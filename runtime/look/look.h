/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The actors of a node as a process beside it sees them: the supervisor tells
 * who is there, the memory of the node what each does, the kernel what its
 * process takes.  So an actor that hangs, or is stopped, is seen as any other.
 *
 * Root gets no memory of another user's node (is_own), nor does a process whose
 * address space is too small for it (ulimit -v): then the supervisor's view of
 * each actor is all that there is (has_memory).
 */

#include <stdbool.h>
#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/look/mail.h"
#include "runtime/look/process.h"
#include "runtime/node/status.h"

/* The work of an actor; trp_look_state_name() has the words. */
enum trp_look_state {
	TRP_LOOK_STARTING,
	TRP_LOOK_IDLE,	    /* a class without a message */
	TRP_LOOK_HANDLING,  /* in a callback */
	TRP_LOOK_ASLEEP,    /* in a callback, and in the kernel */
	TRP_LOOK_AWAITING,  /* an answer */
	TRP_LOOK_RECEIVING, /* in troupe_receive() */
	TRP_LOOK_BLOCKED,   /* waits for room */
	TRP_LOOK_WAITING,   /* for an end */
	TRP_LOOK_ASKING,    /* the supervisor */
	TRP_LOOK_SUSPENDED, /* stopped by a signal, or by a debugger */
	TRP_LOOK_STOPPING,  /* told to */
	TRP_LOOK_DEAD,
	TRP_LOOK_RESTARTING,
	TRP_LOOK_STOPPED, /* by hand */
	TRP_LOOK_GIVEN_UP,
	TRP_LOOK_DORMANT, /* until it has mail: troupe_sleep.h */
	TRP_LOOK_RUNNING, /* no more is known */
	TRP_LOOK_STATES
};
const char *trp_look_state_name(enum trp_look_state state);

struct trp_look_actor {
	Troupe__Guest__Actor *told; /* by the supervisor; owned */
	enum trp_look_state state;
	bool has_activity, has_process, has_rates;
	struct trp_activity activity;
	struct trp_look_process process;
	struct trp_look_mail unread;
	uint64_t put_aside;    /* messages in its save queue or stash */
	uint32_t limit;	       /* unread bytes of one sender */
	double received, sent; /* messages a second, since the look before */
	double cpu;	       /* percent; since then, or of its life */
};

struct trp_look {
	struct trp_client client;
	bool is_own, has_memory;
	bool is_far; /* of another machine's node, as that has seen it */
	struct trp_arena arena;
	int64_t at;		      /* when it was taken; ns */
	Troupe__Guest__Node *node;    /* owned */
	struct trp_look_actor *actor; /* by slot, rising */
	size_t count;
};

/*
 * Finds the node as trp_client_open_any(), and maps its memory.  0 or its
 * errors, with look->client.why; then there is nothing to close.
 */
int trp_look_open(struct trp_look *look, const char *node);
/* Looks, once more.  0, or as trp_client_next(); then the table is empty. */
int trp_look_take(struct trp_look *look);
void trp_look_close(struct trp_look *look);

/* NULL: it is not there.  The second: by a name, an address or a reference. */
const struct trp_look_actor *trp_look_find(const struct trp_look *look,
					   troupe_ref ref);
const struct trp_look_actor *trp_look_by_name(const struct trp_look *look,
					      const char *whom);
/* Of the actor that a reference or an alias names: an address, or the
 * reference.  Returns text. */
const char *trp_look_address(const struct trp_look *look, troupe_ref ref,
			     char *text, size_t size);
/* Why it has no memory, for people: "node a is another user's ...". */
void trp_look_say_why(struct trp_look *look);
/* How long ago that was, in ms. */
int64_t trp_look_since(const struct trp_look *look, int64_t ns);
