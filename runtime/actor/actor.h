/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_ACTOR_H
#define TRP_RUNTIME_ACTOR_H

/*
 * The process that is an actor: its mailbox, its place to sleep, its class,
 * and the loop that takes one thing after the other.
 *
 * Two levels.  trp_actor_take() takes records off the lanes and sorts them:
 * answers complete calls, control becomes *news* (an end, an order to stop),
 * mail goes to a handler or to the save queue.  trp_actor_turn() is the only
 * one that runs callbacks of the class.  A blocking call inside a callback
 * (await, wait, a request) takes without turning, so that callbacks never
 * nest:
 *
 *	is_busy ==> no callback of the class is begun
 */

#include "ipc/mailbox.h"
#include "runtime/node/node.h"
#include "runtime/node/status.h"
#include "runtime/node/timers.h"
#include "runtime/node/watch.h"
#include "serialize/envelope.h"
#include "serialize/scratch.h"

/* An end that was told and is not yet dealt with. */
struct trp_exit_notice {
	struct trp_exit_notice *next;
	uint64_t watch;	 /* 0: of a child */
	uint64_t number; /* once unclaimed: as struct trp_saved_mail has it */
	struct troupe_end end;
};

struct trp_exit_queue {
	struct trp_exit_notice *first;
	struct trp_exit_notice **last;
	size_t count;
};

struct trp_actor {
	struct trp_node *node;
	struct trp_mailbox box;
	struct trp_wait wait;
	struct trp_scratch scratch;
	struct trp_timers timers; /* the user's */
	struct trp_timers calls;  /* deadlines of calls */
	struct trp_status *status;
	troupe_ref self; /* 0: no actor (any more); see guest.h */
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
	struct trp_exit_queue news;
	struct trp_exit_queue unclaimed; /* ends, of a function's */
	uint64_t next_id;		 /* of requests and watches */
	uint32_t children;

	bool is_guest;		  /* not forked by the supervisor */
	bool is_busy;		  /* within a callback */
	_Atomic bool is_stopping; /* told to, by the supervisor or a signal */
	bool is_closing;
	bool is_finished; /* a turn was its last */
	bool is_ending;	  /* stop() was called: it spawns no more */
	bool is_stashed;  /* `mail` was */
	bool is_full;	  /* no more work may be begun: see method.c */
	unsigned open;	  /* what trp_actor_turn() takes at once */
	int64_t closed_at;
	uint32_t late; /* mail from after that, since the last from before */
	int finish;    /* of troupe_finish(), or 0 */
	const char *unhandled; /* the type that ends it, or NULL */
	uint32_t turns;

	struct trp_handled {
		const struct trp_mail *mail; /* being handled, or NULL */
		const struct trp_envelope *envelope;
		uint64_t flow; /* of what is being handled; 0: begins here */
		uint16_t hop;
		bool is_traced;
		uint64_t entry;	 /* of the box that handed it out; 0: of none */
		bool is_refused; /* nobody here handles it */
		int result;	 /* of its handler; -EBADMSG: it had none */
	} handled;
	struct troupe_time rescan_at;
};

extern struct trp_actor trp_actor;

/* The life of a new process, from the fork to _exit(). */
_Noreturn void trp_actor_main(struct trp_node *node, uint32_t slot,
			      uint32_t generation);

/* Takes that slot: the first step of it.  0, or the process can only end. */
int trp_actor_enter(struct trp_node *node, uint32_t slot, uint32_t generation);

/*
 * The handler of SIGTERM in every actor: it stops in order, as if it had been
 * told to; a supervisor above us (timeout(1), systemd) sends it to a whole
 * group.
 */
void trp_actor_on_term(int number);

/* Says the last words and ends the process.  text may be NULL. */
_Noreturn void trp_actor_exit(enum troupe_cause cause, int code,
			      const char *text);

enum { TRP_END = 2 }; /* a clean end, of take and turn */

/* runtime/sort.c: the handlers of the class.  0, -EEXIST, -ENOMEM. */
int trp_dispatch_learn(const struct troupe_class *klass);

/*
 * Takes one record of `take` and sorts it.  1: one was taken; 0: none;
 * TRP_END or a negative reason: a handler ends its actor.
 */
int trp_actor_take(unsigned take);
/* The same where older mail than the limit allows is dropped. */
int trp_actor_take_young(void);
/* Bytes that one sender may have unread, by the class. */
uint32_t trp_actor_limit(const struct troupe_class *klass);
int trp_actor_take_from(uint32_t slot);

/* (runtime/sort.c) The same for mail that was saved. */
struct trp_saved_mail;
int trp_actor_handle_saved(const struct trp_saved_mail *saved);

/* (runtime/sort.c) The same for what was held in its lane, and for what the
 * box has handed out: the box is told the result. */
int trp_actor_handle_mail(const struct trp_mail *mail);
int trp_actor_handle_entry(const struct trp_mail *mail,
			   const struct trp_envelope *envelope, uint64_t entry);

/* (runtime/sort.c) The handler or method of a message has returned r: tells
 * `completed`, and goes on or not by the class's policy. */
int trp_actor_completed(const struct troupe_message *message, int r);

/* One callback of the class has returned r: what take and turn return. */
int trp_actor_result(int r);

/*
 * Takes what is no callback (answers, control; deadlines) and sleeps for it
 * when there is none: one step of a blocking call.
 */
int trp_actor_block(struct troupe_time deadline);

/*
 * Runs at most one callback or takes at most one record.  1: something was
 * done; 0: nothing to do; TRP_END; negative: the reason to end.
 */
int trp_actor_turn(void);

/*
 * Says anew what trp_actor_turn() takes straight off the lanes: everything,
 * unless mail must wait or is to be looked at first (stash, work).
 */
void trp_actor_open(void);
/* What a sleeping actor is to be woken for. */
unsigned trp_actor_heeds(void);

/* Sleeps until there is something in `take`, news, or the deadline. */
int trp_actor_sleep(unsigned take, struct troupe_time deadline);

/* Packs and sends.  envelope: kind, correlation, ... are the caller's. */
int trp_actor_post(troupe_ref to, enum trp_stream stream,
		   struct trp_envelope *envelope,
		   const ProtobufCMessage *message,
		   const struct trp_extent *attachment);

/* (runtime/full.c) The same for mail; where there is no room, by the policy of
 * the receiver's class. */
int trp_overflow_post(troupe_ref to, struct trp_envelope *envelope,
		      const ProtobufCMessage *message,
		      const struct trp_extent *attachment);
/* Tells one handler that its target has room, or is gone.  As a turn. */
int trp_overflow_turn(void);

/* A fresh envelope: sender, created, flow and hop. */
struct trp_envelope trp_actor_envelope(enum trp_envelope_kind kind);

/* (runtime/post.c) Asks the supervisor and waits for its answer; no callback
 * runs meanwhile. */
int trp_actor_request(const ProtobufCMessage *request, troupe_ref *ret_ref);
/* The same for an answer that is text.  -ENAMETOOLONG: size is too small. */
int trp_actor_request_text(const ProtobufCMessage *request, char *buffer,
			   size_t size);

/* The same for what is answered with a message; ret_more is for free(). */
int trp_actor_ask(const ProtobufCMessage *request,
		  ProtobufCBinaryData *ret_more);

/*
 * runtime/system.c: says in `spawn`, whose birth is there, what is to be
 * spawned; spawn->birth->arguments.data is for free().  0, -EINVAL, -EMSGSIZE,
 * -ENOMEM.
 */
struct Troupe__Control__Spawn;
int trp_system_describe(const struct troupe_class *klass,
			const ProtobufCMessage *arguments,
			struct Troupe__Control__Spawn *spawn);

/* A new id; never 0. */
uint64_t trp_actor_id(void);

void trp_exit_queue_push(struct trp_exit_queue *queue,
			 struct trp_exit_notice *news);
struct trp_exit_notice *trp_exit_queue_pop(struct trp_exit_queue *queue);
/* Takes out the one with that watch, or (watch 0) about that actor; or NULL. */
struct trp_exit_notice *trp_exit_queue_take(struct trp_exit_queue *queue,
					    uint64_t watch, troupe_ref ref);

/* Whether what troupe_receive() has last returned is traced. */
bool trp_receive_is_traced(void);
/* (runtime/receive.c) At the end: what is left is a dead letter. */
void trp_receive_end(void);

/*
 * runtime/receive.c: a message for a function actor: given to the
 * troupe_receive() that waits for it (TRP_HELD: the record is kept), or kept
 * for a later one (1).
 */
enum { TRP_HELD = 3 };
int trp_receive_offer(const struct trp_mail *mail,
		      const struct trp_envelope *envelope, const void *body,
		      size_t size);

/* (runtime/receive.c) The same for an end.  True: it is given, and no more the
 * caller's. */
bool trp_receive_offer_end(struct trp_exit_notice *news);

/* runtime/stash.c */
bool trp_stash_is_again(void); /* something is to be handled again */
int trp_stash_turn(void);      /* handles one again; as trp_actor_turn() */
void trp_stash_end(void);      /* what is left is a dead letter */

/* (runtime/stash.c) Mail that is none of the lanes', to be handled in a turn.
 */
int trp_stash_later(const struct trp_mail *mail,
		    const struct trp_envelope *envelope);

/* runtime/idle.c: nothing is left to do. */
void trp_idle_timeout_begin(void);

/* runtime/call.c: answers, deaths, deadlines. */
void trp_call_answered(const struct trp_envelope *envelope, const void *body,
		       size_t size);
void trp_call_target_ended(const struct troupe_end *end);
void trp_call_expire(struct troupe_time now);
/* When the calls want to be looked at next. */
struct troupe_time trp_call_next(void);

/* The end of `target` will be told, which wakes us. */
void trp_call_watch(troupe_ref target);

/* Gives calls up: their closures do not run. */
void trp_call_forget(const struct troupe_proxy *first, size_t count);

/* A call with a deadline of its own (INT64_MAX: never). */
void trp_call_start(struct troupe_proxy *proxy, unsigned method,
		    const ProtobufCMessage *input, ProtobufCClosure closure,
		    void *data, int64_t deadline);

/*
 * Blocks until `pending` is 0, the calls of proxies first[0..count - 1].  0,
 * also when they have failed; -ECANCELED.
 */
int trp_call_await(const struct troupe_proxy *first, size_t count,
		   const unsigned *pending);

/*
 * runtime/deadlock.c: this actor is about to sleep until `target` answers the
 * calls that it made since then.  True: that would close a cycle, and `path`
 * says which; else trp_deadlock_end() is called when it has woken.
 */
bool trp_deadlock_begin(troupe_ref target, int64_t since,
			char path[TROUPE_TEXT_SIZE]);
void trp_deadlock_end(void);
/* A call that was made then will be answered by somebody else. */
void trp_deadlock_passed_on(int64_t created);

/* runtime/method.c: a call for this actor's service. */
int trp_method_invoke(const struct trp_envelope *envelope, const void *body,
		      size_t size);

/* Answers a call at once with a failure; others it drops.  1. */
enum troupe_dead_cause;
int trp_method_refuse(enum troupe_dead_cause cause,
		      const struct trp_envelope *envelope, const void *body,
		      size_t size, int code, const char *text);

/* runtime/input.c: runs one that is ready.  As trp_actor_turn(). */
int trp_input_turn(void);

/* runtime/handover.c: what was offered to that actor is closed. */
void trp_fd_passing_target_ended(troupe_ref ref);

#endif
