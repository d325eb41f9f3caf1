/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The process that is an actor: its mailbox, its place to sleep, its class, and
 * other state that several files share.  Callbacks of the class never nest.
 * Only trp_loop_turn() starts them (trp_self_begin()); a blocking call within
 * one (await, wait, a request) takes without turning.
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
	TRP_STEP_HELD, /* done, but its record is not released yet */
};

/* Reasons not to take mail straight off the lanes. */
enum trp_hold {
	TRP_HOLD_WORK = 1,    /* the limit on work is reached: see method.c */
	TRP_HOLD_STASH = 2,   /* unstashed mail comes first */
	TRP_HOLD_MAILBOX = 4, /* it goes through a custom mailbox */
	TRP_HOLD_OLD = 8,     /* the oldest is dropped at the limit */
};

/*
 * Calls upward that depend on the kind of actor: set in main.c for an actor, in
 * guest.c for a guest.  NULL: none.
 */
struct trp_routes {
	/* Mail for a function; otherwise it is for a handler. */
	int (*message)(const struct trp_mail *mail,
		       const struct trp_envelope *envelope);
	/* An end for a function.  True: it is consumed. */
	bool (*end)(struct trp_exit_notice *notice);
	/* Before a send: 0, -ESHUTDOWN; -EAGAIN: a test refuses it. */
	int (*may_send)(troupe_ref to);
	/* It missed a report that it needs, and cannot go on. */
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
	uint32_t incarnation;
	bool is_owned; /* the supervisor wants to know when it is ready */
	uint32_t next_deaths; /* of the saved mail that is dispatched next */
	uint64_t posted;      /* position of the last message, in its lane */
	const struct troupe_class *klass;
	ProtobufCMessage *saved; /* by a predecessor; or NULL */
	char label[TROUPE_NAME_SIZE];

	struct trp_open_request {
		uint64_t id; /* 0: none is open */
		bool is_answered;
		int result;
		troupe_ref ref;
		ProtobufCBinaryData more; /* for free() */
	} request;
	struct trp_exit_queue exits;	 /* reported, and not handled yet */
	struct trp_exit_queue unclaimed; /* of a function's */
	struct trp_exit_queue given;	 /* of the latest wait */
	uint64_t last_id;		 /* of requests and watches */
	uint32_t children;

	bool is_guest;		  /* it joined, and has not left */
	bool traps;		  /* exit signals; or its class does */
	bool has_reason;	  /* the order to stop had one: report.h */
	bool is_busy;		  /* within a callback */
	_Atomic bool is_stopping; /* told to, by the supervisor or a signal */
	bool is_closing;
	bool is_finished; /* a turn was its last */
	bool is_ending;	  /* stop() was called: it spawns no more */
	unsigned held;	  /* enum trp_hold */
	unsigned open;	  /* streams taken straight off the lanes */
	int64_t closed_at;
	uint32_t late;	       /* later mail since the last earlier one */
	int finish;	       /* of troupe_finish(), or 0 */
	const char *unhandled; /* the type that ends it, or NULL */

	struct trp_handled {
		const struct trp_mail *mail; /* being handled, or NULL */
		const struct trp_envelope *envelope;
		uint64_t flow; /* of the current message; 0: starts here */
		uint16_t hop;
		bool is_traced;
		bool is_stashed; /* `mail` was */
		bool is_refused; /* nobody here handles it */
		uint64_t entry;	 /* in its custom mailbox, or 0 */
		uint32_t deaths; /* of predecessors in its handler */
		int result;	 /* of its handler; -EBADMSG: it had none */
	} handled;
};

extern struct trp_self trp_self;

/* Before a fork or trp_self_enter(): makes what each actor allocates first. */
void trp_self_prepare(void);

/* Takes that slot, as its first step.  0, or an error that must end the
 * process; -ESRCH: in silence, as it has been given up. */
int trp_self_enter(struct trp_node *node, uint32_t slot, uint32_t generation);

/* It has said nothing of its end: see node/outcome.h. */
void trp_self_forget_outcome(void);

/* Writes the exit record and ends the process.  text may be NULL. */
_Noreturn void trp_self_exit(enum troupe_cause cause, int code,
			     const char *text);

/*
 * The handler of SIGTERM in every actor: it stops in order, as if told to; a
 * program above us (timeout(1), systemd) sends it to a whole group.
 */
void trp_self_on_term(int number);

/* Unpacks the body of mail into the scratch.  As trp_message_unpack(). */
int trp_self_unpack(const struct trp_mail *mail,
		    const ProtobufCMessageDescriptor *type,
		    ProtobufCMessage **ret_message);

/* A new id; never 0. */
uint64_t trp_self_id(void);

/* A callback of the class begins. */
static inline void trp_self_begin(enum troupe_doing doing)
{
	assert(!trp_self.is_busy);
	trp_self.is_busy = true;
	trp_status_begin_step(trp_self.status, doing);
}

/*
 * The same for mail; type: of the message, or trp_types_method().  True: it is
 * in no lane, where at_work would tell it; trp_self_end_mail() takes that.
 */
static inline bool trp_self_begin_mail(enum troupe_doing doing,
				       const struct trp_mail *mail,
				       uint64_t type,
				       const struct trp_envelope *envelope)
{
	assert(!trp_self.is_busy);
	trp_self.is_busy = true;
	if (mail->from)
		return false;
	trp_status_begin_mail(trp_self.status, doing, type, envelope->sender,
			      envelope->created);
	return true;
}

static inline void trp_self_end_mail(bool is_noted)
{
	trp_self.is_busy = false;
	if (is_noted)
		trp_status_end_step(trp_self.status);
}

/*
 * A closure begins, perhaps within another callback or run(), or where a guest
 * has left.  True: as a step of its own, which ends by trp_status_end_step().
 */
static inline bool trp_self_begin_within(void)
{
	bool is_step =
		trp_self.status && !trp_status_is_in_step(trp_self.status);

	trp_self.is_busy = true;
	if (is_step)
		trp_status_begin_step(trp_self.status, TROUPE_DOING_ANSWER);
	return is_step;
}

static inline void trp_self_end(void)
{
	trp_self.is_busy = false;
	trp_status_end_step(trp_self.status);
}

/*
 * The record of a lane that is in a handler, for a successor: from before its
 * handler until after trp_mailbox_receive_done().  NULL: none.
 */
static inline void trp_self_work(const struct trp_mail *mail)
{
	trp_store_release(&trp_self.mailbox.front->at_work,
			  mail ? trp_handling(mail->sender, mail->position,
					      mail->stream == TRP_REPLY)
			       : 0);
}

/* Mail is held for that reason, or no longer. */
void trp_self_hold(enum trp_hold why, bool is_held);

/* A callback has returned r: the result of the step. */
int trp_self_result(int r);

/*
 * The handler or method of a message has returned r: calls `completed`, and
 * goes on or not by the class's policy.
 */
int trp_self_completed(const struct troupe_message *message, int r);
