/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The process that is an actor: its mailbox, its place to sleep, its class, and
 * what else more than one file needs to know.
 *
 * Callbacks of the class never nest.  trp_loop_turn() alone begins them; a
 * blocking call within one (await, wait, a request) takes without turning:
 *
 *	is_busy ==> no callback of the class is begun
 */

#include "ipc/mailbox.h"
#include "runtime/actor/exit_queue.h"
#include "runtime/node/node.h"
#include "runtime/node/status.h"
#include "runtime/node/timers.h"
#include "serialize/envelope.h"
#include "serialize/scratch.h"

/* The result of a step of an actor; a negative one is the reason to end. */
enum trp_step {
	TRP_STEP_IDLE, /* there was nothing to do */
	TRP_STEP_DONE,
	TRP_STEP_END,  /* a clean end */
	TRP_STEP_HELD, /* done, but its record is not given back yet */
};

/* Why mail is not taken straight off the lanes: it waits, or is looked at. */
enum trp_hold {
	TRP_HOLD_WORK = 1,    /* no more may be begun: see method.c */
	TRP_HOLD_STASH = 2,   /* something is to be handled again first */
	TRP_HOLD_MAILBOX = 4, /* it goes through a custom mailbox */
	TRP_HOLD_OLD = 8,     /* the oldest of too much is dropped */
};

/*
 * The ways up that depend on what kind of actor this is: for an actor in
 * main.c, for a guest in guest.c.  NULL: there is no such way.
 */
struct trp_routes {
	/* Mail for a function; else it is for a handler. */
	int (*message)(const struct trp_mail *mail,
		       const struct trp_envelope *envelope);
	/* An end for a function.  True: it is given, and consumed. */
	bool (*end)(struct trp_exit_notice *notice);
	/* Before a send: 0 or -ESHUTDOWN. */
	int (*may_send)(void);
	/* It was not told what it must know, and cannot go on. */
	void (*lost)(int code, const char *text);
};

struct trp_self {
	const struct trp_routes *routes;
	struct trp_node *node;
	struct trp_mailbox mailbox;
	struct trp_wait wait;
	struct trp_scratch scratch;
	struct trp_timers timers; /* the user's */
	struct trp_status *status;
	troupe_ref ref; /* 0: no actor (any more) */
	troupe_ref parent;
	uint64_t fence; /* of the singleton that it belongs to, or 0 */
	const struct troupe_class *klass;
	char label[TROUPE_NAME_SIZE];

	struct trp_open_request {
		uint64_t id; /* 0: none is open */
		bool is_answered;
		int result;
		troupe_ref ref;
		ProtobufCBinaryData more; /* for free() */
		char *text;		  /* where the answer's goes, or NULL */
		size_t text_size;
	} request;
	struct trp_exit_queue exits;	 /* told, and not handled yet */
	struct trp_exit_queue unclaimed; /* of a function's */
	uint64_t last_id;		 /* of requests and watches */
	uint32_t children;

	bool is_guest;		  /* it joined, and has not left */
	bool is_busy;		  /* within a callback */
	_Atomic bool is_stopping; /* told to, by the supervisor or a signal */
	bool is_closing;
	bool is_finished; /* a turn was its last */
	bool is_ending;	  /* stop() was called: it spawns no more */
	unsigned held;	  /* enum trp_hold */
	unsigned open;	  /* what is taken straight off the lanes */
	int64_t closed_at;
	uint32_t late; /* mail from after that, since the last from before */
	int finish;    /* of troupe_finish(), or 0 */
	const char *unhandled; /* the type that ends it, or NULL */

	struct trp_handled {
		const struct trp_mail *mail; /* being handled, or NULL */
		const struct trp_envelope *envelope;
		uint64_t flow; /* of what is being handled; 0: begins here */
		uint16_t hop;
		bool is_traced;
		bool is_stashed; /* `mail` was */
		bool is_refused; /* nobody here handles it */
		uint64_t entry;	 /* in its custom mailbox, or 0 */
		int result;	 /* of its handler; -EBADMSG: it had none */
	} handled;
};

extern struct trp_self trp_self;

/* Takes that slot: the first step of it.  0, or the process can only end. */
int trp_self_enter(struct trp_node *node, uint32_t slot, uint32_t generation);

/* Writes the exit record and ends the process.  text may be NULL. */
_Noreturn void trp_self_exit(enum troupe_cause cause, int code,
			     const char *text);

/*
 * The handler of SIGTERM in every actor: it stops in order, as if it had been
 * told to; a supervisor above us (timeout(1), systemd) sends it to a whole
 * group.
 */
void trp_self_on_term(int number);

/* Unpacks the body of mail into the scratch.  As trp_message_unpack(). */
int trp_self_unpack(const struct trp_mail *mail,
		    const ProtobufCMessageDescriptor *type,
		    ProtobufCMessage **ret_message);

/* A new id; never 0. */
uint64_t trp_self_id(void);

/* Mail is held for that reason, or no more. */
void trp_self_hold(enum trp_hold why, bool is_held);

/* A callback has returned r: what a step comes to. */
int trp_self_result(int r);

/*
 * The handler or method of a message has returned r: tells `completed`, and
 * goes on or not by the class's policy.
 */
int trp_self_completed(const struct troupe_message *message, int r);
