/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_CLASS_H
#define TROUPE_CLASS_H

/* The behaviour of an actor; see troupe.h for errors and ownership. */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The policy of a class for senders that find its mailbox full.  A call to it
 * always fails with -EAGAIN, and troupe_send_wait() always waits.
 */
enum troupe_full {
	TROUPE_FULL_REFUSE,   /* the send returns -EAGAIN */
	TROUPE_FULL_DROP_NEW, /* dropped; the send returns 0 */
	/* The receiver drops the oldest beyond mailbox_limit when it reads; at
	 * twice that the send returns -EAGAIN. */
	TROUPE_FULL_DROP_OLD,
};

/* A handler returns 0; TROUPE_STOP to end cleanly; or a negative errno. */
enum { TROUPE_STOP = 1 };

struct troupe_handler {
	const ProtobufCMessageDescriptor *type;
	int (*handle)(const struct troupe_message *message);
};

/* Why a child is to be started, other than by hand: troupe_supervise.h. */
enum troupe_start { TROUPE_START_RESTART = 1, TROUPE_START_MAIL };

/* In place of a signal. */
enum { TROUPE_HANG_REPORT = -1 };

/*
 * The behaviour of an actor: a static const struct, as a new actor has it from
 * the loaded application and not from its parent.  Nor does it see a static
 * variable that troupe_main() or another actor has set: it gets its parameters
 * as the arguments of its spawn.  Callbacks may be NULL.  One callback of an
 * actor runs at a time.  If it returns a negative value, the actor ends with
 * that reason (unless keeps_going, for handlers).
 */
struct troupe_class {
	const char *name; /* UTF-8 without control characters; shown by ps */

	/* Methods: the struct that protoc-c generates for a service. */
	const ProtobufCService *service;

	/* Messages; ends with an empty entry. */
	const struct troupe_handler *handlers;

	/* Instead, a function actor: it calls troupe_receive().  arguments:
	 * those of troupe_spawn(), or NULL; valid for the actor's life. */
	int (*run)(const void *arguments);

	/* Before the first message. */
	int (*init)(const void *arguments);

	/*
	 * A message of a type without handler.  NULL: reported and dropped.  If
	 * it ends the actor, the reason's text has the type.
	 */
	int (*unhandled)(const struct troupe_message *message);

	/*
	 * A child has ended; it is no longer among the children.  Called for
	 * every child, also after stop() for those that end with this actor.
	 */
	int (*child_stopped)(const struct troupe_end *end);

	/* An actor that this one monitors has ended. */
	int (*down)(const struct troupe_end *end);

	/*
	 * An exit signal of a linked actor or of troupe_exit_signal().  NULL:
	 * it ends this actor with that reason, see troupe_link.h.
	 */
	int (*exit_signal)(const struct troupe_end *end);

	/* Before the actor ends in order, told to or by itself, unless init()
	 * has failed; after it only child_stopped is called. */
	void (*stop)(void);

	/*
	 * After each message, with the result of its handler; after each
	 * method, with the argument of troupe_finish(), or 0.  Not after a
	 * message that was stashed.  It runs before that result can end the
	 * actor, and only for a class without run().
	 */
	void (*completed)(const struct troupe_message *message, int result);

	/* A failing handler or method does not end the actor. */
	bool keeps_going;

	/* It ends by exit(3), unless a signal ends it: troupe_class(3).  false:
	 * by _exit(2), unless TROUPE_EXIT_HANDLERS is in the environment. */
	bool runs_exit_handlers;

	/* Where a method fails: see troupe_backtrace.h.  NULL: not asked. */
	void (*backtrace)(char *buffer, size_t size);

	/*
	 * The most calls in work at once: begun and not yet answered, failed,
	 * forwarded, delegated or stashed; 0: no limit.  At the limit all mail
	 * stays in its lanes until calls are answered: from timers, inputs,
	 * closures and ends of others.
	 */
	uint32_t at_once;

	/*
	 * Called, as a handler, after each idle_ms milliseconds without work
	 * and without a message, call, answer or end (timers and inputs do not
	 * count).
	 */
	int (*idle)(void);
	int32_t idle_ms; /* 0: never; see troupe_idle_after() */
	/* Types of messages, and of what calls carry, that do not count for
	 * that; ends with NULL; or NULL. */
	const ProtobufCMessageDescriptor *const *background;

	/* Unread bytes that one sender may have here; 0: 1 MiB. */
	uint32_t mailbox_limit;

	/* The policy for sends beyond that; see troupe_full. */
	enum troupe_full when_full;

	/* A custom mailbox, see troupe_mailbox.h; NULL: the usual one. */
	const struct troupe_mailbox *mailbox;
	/* From the order to stop until SIGKILL; 0: 5,000; -1: for ever. */
	int32_t grace_ms;
	/*
	 * A callback that lasts longer is reported with what it does, gets
	 * hang_signal (0: SIGABRT), and after grace_ms SIGKILL; then restart
	 * counts.  A blocking call, and time without a processor or while
	 * stopped, are no part of it.  0: no limit.
	 */
	int32_t hang_ms;
	int hang_signal; /* TROUPE_HANG_REPORT: none, nor SIGKILL */
	/* Restarts (troupe_restart.h), and children (troupe_supervise.h). */
	uint8_t restart, at_crash;
	uint32_t tries;
	const struct troupe_supervisor *supervises;
	/* Ends its process after idle_ms, until it has mail: troupe_sleep.h. */
	int (*save)(const ProtobufCMessage **ret_state);
	int (*load)(const ProtobufCMessage *state);
	/* Of a child with a spec, before init(): troupe_supervise.h. */
	bool (*decide_to_start)(enum troupe_start why, const void *arguments);
};

/*
 * For a handler or a method of a class that cannot handle its message now.
 * stash keeps a copy of the current message (a method must not answer its
 * `call` then); unstash has all stashed messages handled again, in the order of
 * stashing and before newer mail.  Mail that is still stashed at the actor's
 * end is lost.
 * stash: 0; -EALREADY: it was stashed already; -EINVAL: no message is being
 * handled, or a function actor; -ENOMEM.  unstash: the number of messages;
 * -EINVAL: a function actor.
 */
TROUPE_API int troupe_stash(void);
TROUPE_API int troupe_unstash(void);

#ifdef __cplusplus
}
#endif

#endif
