/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_H
#define TROUPE_H

/*
 * troupe: actors that are processes.  See troupe(7) for the model, troupe(1)
 * for the program that runs an application.
 *
 * An application is a shared object that defines
 *
 *	int troupe_main(int argc, char **argv);
 *
 * which runs as the root actor of the node, in a separate process.
 *
 * The process is the actor, so no function takes a handle of the caller, and
 * static variables are the actor's private state.  Only the thread that runs
 * the actor's callbacks may call these functions.
 *
 * Errors: 0 or positive is success, a negative errno is failure; on failure
 * outputs are untouched.  No function prints, exits or reports by errno, which
 * calls that succeed or time out leave unchanged.
 * Ownership: a function borrows its arguments until it returns; the arguments
 * of a callback are valid until it returns.  Exceptions say so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <protobuf-c/protobuf-c.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROUPE_API __attribute__((visibility("default")))

/*
 * Defined by the application, see above.  Its result ends the root actor: 0 or
 * more normally, a negative errno as a failure.  exit(n) ends it with n as the
 * exit status of `troupe run`.
 */
TROUPE_API int troupe_main(int argc, char **argv);

/* ---- values -------------------------------------------------------------- */

/*
 * An actor: node, slot and generation.  Copy it, compare it with ==, put it
 * into a message as a fixed64.  It names the same actor for ever: when the
 * actor is gone, the reference is stale and sends to it fail.  0 is no actor.
 */
typedef uint64_t troupe_ref;

/* A point on CLOCK_MONOTONIC. */
struct troupe_time {
	int64_t ns;
};
#ifdef __cplusplus
#define TROUPE_TIME(ns) (troupe_time { ns })
#else
#define TROUPE_TIME(ns) ((struct troupe_time) { ns })
#endif
#define TROUPE_NEVER TROUPE_TIME(INT64_MAX)
#define TROUPE_POLL  TROUPE_TIME(0)

TROUPE_API struct troupe_time troupe_now(void);
TROUPE_API struct troupe_time troupe_in_ms(int64_t milliseconds);

/* Why an actor ended. */
enum troupe_cause {
	TROUPE_NORMAL,	 /* ended by itself, or closed */
	TROUPE_SHUTDOWN, /* was told to stop */
	TROUPE_KILLED,	 /* SIGKILL, from any sender */
	TROUPE_ERROR,	 /* code: negative errno of a callback, or exit(n) */
	TROUPE_SIGNAL,	 /* code: the signal; has_core */
	TROUPE_LIMIT,	 /* code: the signal that enforced the limit */
	TROUPE_NOPROC,	 /* there was no such actor (any more) */
	TROUPE_NOCONNECTION, /* a guest's process is gone */
};

enum { TROUPE_TEXT_SIZE = 128, TROUPE_NAME_SIZE = 32 };

struct troupe_reason {
	enum troupe_cause cause;
	int code;
	bool has_core;
	char text[TROUPE_TEXT_SIZE]; /* for people; "" for a normal end */
};

/* The report of an end; the parent and each watcher get it once. */
struct troupe_end {
	troupe_ref ref;
	pid_t pid;
	char name[TROUPE_NAME_SIZE];
	struct troupe_reason reason;
	int64_t user_ns; /* CPU time */
	int64_t system_ns;
	int64_t max_rss;      /* bytes */
	uint32_t incarnation; /* that ended, from 0: see troupe_restart.h */
	bool will_restart;
};

/* "error -22: no such column", "signal 6, Aborted"; returns buffer. */
TROUPE_API char *troupe_reason_text(const struct troupe_reason *reason,
				    char *buffer, size_t size);

/* ---- messages ------------------------------------------------------------ */

/*
 * A message as its receiver sees it; all of it borrowed.  If the type is not
 * known here, body and type are NULL.
 */
struct troupe_message {
	const void *body; /* the unpacked protobuf-c struct */
	const ProtobufCMessageDescriptor *type;
	troupe_ref sender; /* 0: the supervisor, or unknown */
	struct troupe_time created;
	struct troupe_time deadline;
	uint64_t flow; /* the same in all messages that follow from it */
	unsigned hop;  /* sends since the flow began */
	const void *attachment; /* bytes beside the body, in place; or NULL */
	size_t attachment_size;
};

/*
 * Sends a copy: packed before this returns, in the order of the calls for each
 * receiver.  Does not wait for the receiver.
 * Returns 0; -ESRCH: it is gone; -EAGAIN: its mailbox limit for one sender is
 * reached, nothing was sent; -EMSGSIZE: larger than that limit, or than 64 MiB
 * and 4 KiB when packed, or nested deeper than 100 (calls, answers and the
 * arguments of a spawn, too); -EINVAL: not a message, or no reference;
 * -ENOBUFS, -ENOMEM: no space in this actor's region or on this machine.
 */
TROUPE_API int troupe_send(troupe_ref to, const ProtobufCMessage *message);

/*
 * The same, but waits for room until the deadline (then -EAGAIN).  No handler
 * runs meanwhile.  -ECANCELED: this actor was told to stop.  -EDEADLK: to
 * oneself, and the mailbox is full.
 */
TROUPE_API int troupe_send_wait(troupe_ref to, const ProtobufCMessage *message,
				struct troupe_time deadline);

/*
 * Space for an attachment, in memory that a receiver reads in place, so sending
 * it takes the same time for every size.  Fill loan->bytes, then send; after a
 * send that returned 0 only the receiver may use them.  Otherwise call
 * troupe_unloan().
 * Returns 0, -EINVAL (size 0), -ENOBUFS or -ENOMEM.
 */
struct troupe_loan {
	void *bytes;
	size_t size;
	uint64_t private_offset;
};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* C++: the name of a struct too */
TROUPE_API int troupe_loan(size_t size, struct troupe_loan *ret_loan);
#pragma GCC diagnostic pop
TROUPE_API void troupe_unloan(struct troupe_loan *loan);
TROUPE_API int troupe_send_loan(troupe_ref to, const ProtobufCMessage *message,
				struct troupe_loan *loan);

/* Copies `bytes` into a loan and sends it. */
TROUPE_API int troupe_send_attached(troupe_ref to,
				    const ProtobufCMessage *message,
				    const void *bytes, size_t size);

/* ---- full mailboxes ------------------------------------------------------ */

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

/*
 * A notice that a full mailbox has room again: half of its limit, or more if
 * the last send needs that.  The struct is the caller's, zeroed before first
 * use, and must live as long as it waits.  has_room runs once, as a handler,
 * also when the actor has ended.
 * notify: 0, -ESRCH, -EINVAL.  cancel: 1: it will not run; 0: it did not wait.
 */
struct troupe_room {
	int (*has_room)(struct troupe_room *room); /* as a handler */
	void *data;
	troupe_ref to;
	struct troupe_room *private_next;
	bool private_is_waiting;
};
TROUPE_API int troupe_room_notify(struct troupe_room *room, troupe_ref to);
TROUPE_API int troupe_room_cancel(struct troupe_room *room);

/* The counts of an actor, oneself or another.  0 or -ESRCH. */
struct troupe_counters {
	uint64_t received; /* records of any kind */
	uint64_t sent;
	uint64_t refused; /* sends that found no room */
	uint64_t dropped; /* received and not handled */
};
TROUPE_API int troupe_count(troupe_ref ref,
			    struct troupe_counters *ret_counters);

/* ---- classes ------------------------------------------------------------- */

/* A handler returns 0; TROUPE_STOP to end cleanly; or a negative errno. */
enum { TROUPE_STOP = 1 };

struct troupe_handler {
	const ProtobufCMessageDescriptor *type;
	int (*handle)(const struct troupe_message *message);
};

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
	int32_t idle_ms;

	/* Unread bytes that one sender may have here; 0: 1 MiB. */
	uint32_t mailbox_limit;

	/* The policy for sends beyond that; see troupe_full. */
	enum troupe_full when_full;

	/* A custom mailbox, see troupe_mailbox.h; NULL: the usual one. */
	const struct troupe_mailbox *mailbox;
	/* From the order to stop until SIGKILL; 0: 5,000; -1: for ever. */
	int32_t grace_ms;
	/* Restarts (troupe_restart.h), and children (troupe_supervise.h). */
	uint8_t restart, at_crash;
	uint32_t tries;
	const struct troupe_supervisor *supervises;
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

/* ---- actors -------------------------------------------------------------- */

TROUPE_API troupe_ref troupe_self(void);
TROUPE_API troupe_ref troupe_parent(void);

/*
 * Starts a child of this actor, a separate process, running `klass` (static in
 * the application).  arguments: a message or NULL, copied.  ret_ref may be
 * NULL.  Does not wait until the child runs: a failure to start is reported as
 * its end.
 * Returns 0; -EAGAIN: no slot or no process is free; -EINVAL: also a class, a
 * handler, a method or a type that is on the heap or the stack, or was changed
 * since the start, as the new process does not have it; -EMSGSIZE; -ENOMEM;
 * -ECANCELED: its node is being stopped, or this actor is ending.
 */
TROUPE_API int troupe_spawn(const struct troupe_class *klass,
			    const ProtobufCMessage *arguments,
			    troupe_ref *ret_ref);

/* The same, registered under `name` at once.  -EEXIST: the name is taken. */
TROUPE_API int troupe_spawn_named(const char *name,
				  const struct troupe_class *klass,
				  const ProtobufCMessage *arguments,
				  troupe_ref *ret_ref);

/* A function as an actor: a class of which only `run` is set. */
TROUPE_API int troupe_spawn_function(int (*run)(const void *arguments),
				     const ProtobufCMessage *arguments,
				     troupe_ref *ret_ref);

/*
 * stop: the running handler finishes, stop() is called, children are stopped
 *       and waited for, then it ends; mail not yet handled is dropped.  After
 *       its grace time it is killed.
 * close: in-band: it handles messages sent before, then ends normally.
 * kill: SIGKILL, now.
 * Return 0, -ESRCH, -EINVAL; close also what troupe_send() returns.  All work
 * on any actor, repeatedly, and on the caller.
 */
TROUPE_API int troupe_stop(troupe_ref ref);
TROUPE_API int troupe_close(troupe_ref ref);
TROUPE_API int troupe_kill(troupe_ref ref);

/*
 * Waits until the actor has ended; no handler runs meanwhile.  If it is gone
 * already, ret_end is its end if that is among the latest 512, which the
 * supervisor keeps, else TROUPE_NOPROC.  ret_end may be NULL.  Returns 0,
 * -ETIMEDOUT, -ECANCELED (told to stop), -EDEADLK (oneself), -EINVAL.
 */
TROUPE_API int troupe_wait(troupe_ref ref, struct troupe_time deadline,
			   struct troupe_end *ret_end);

/*
 * Calls down() once when `ref` ends; if it is gone already, with a report as
 * from troupe_wait().  ret_monitor may be NULL.  0 or -EINVAL.
 */
TROUPE_API int troupe_monitor(troupe_ref ref, uint64_t *ret_monitor);
/* Afterwards down() is not called for it.  0; -EINVAL: not a monitor. */
TROUPE_API int troupe_demonitor(uint64_t monitor);

/*
 * Ends this actor after the running callback, as if that had returned `result`
 * (TROUPE_STOP: cleanly): for callbacks that return nothing, such as methods
 * and closures.
 */
TROUPE_API void troupe_finish(int result);

/* True: this actor has been told to stop.  For long computations. */
TROUPE_API bool troupe_is_stopping(void);

/* ---- names --------------------------------------------------------------- */

/*
 * A name is free again when the end of its holder is seen.
 * register: -EEXIST, -ESRCH, -EINVAL (empty, 32 bytes and more, no UTF-8, or
 * with "/" or control characters).
 * whereis, unregister: -ENOENT.
 */
TROUPE_API int troupe_register(const char *name, troupe_ref ref);
TROUPE_API int troupe_unregister(const char *name);
TROUPE_API int troupe_whereis(const char *name, troupe_ref *ret_ref);

/* ---- receive, for function actors ---------------------------------------- */

struct troupe_shape; /* troupe_value.h */

/*
 * Matches when all members that are set match; an empty entry matches all.
 * example: a message of that type; its set fields must be equal, in nested
 * messages too, and a list item by item.  A proto3 field that is not optional
 * cannot be required to be 0 or empty.
 */
struct troupe_pattern {
	const ProtobufCMessageDescriptor *type; /* implied by those below */
	troupe_ref sender;
	bool (*matches)(const struct troupe_message *message, void *data);
	void *data;
	const ProtobufCMessage *example;
	const struct troupe_shape *shape; /* of a value */
};

/*
 * Takes the earliest message that matches any of `count` patterns (0: any
 * message); the others stay, in order.  ret_message is valid until the next
 * call.  Deadline TROUPE_POLL does not wait.
 * Returns the index of the pattern that matched (the first, if several; 0 if
 * there are none); -ETIMEDOUT; -ECANCELED: told to stop, or ended by a callback
 * (return from run()); a callback's failure; -EINVAL: not a function actor, or
 * a pattern of two types; -ENOMEM.
 */
TROUPE_API int troupe_receive(const struct troupe_pattern *patterns,
			      size_t count, struct troupe_time deadline,
			      struct troupe_message *ret_message);

/* ---- ask and reply ------------------------------------------------------- */

/*
 * A proxy is a ProtobufCService whose calls are messages: pass &proxy.base to
 * the client stubs that protoc-c generates.  A NULL closure is a one-way call.
 * Every other closure runs exactly once, from the main loop or a function that
 * waits (troupe_receive(), troupe_await() ...), with the answer, or with NULL
 * and the reason in proxy.error.  It never runs within the call, also when that
 * cannot be sent, so it may call again at once:
 *
 *	-ETIMEDOUT  no answer in time
 *	-ESRCH      the target is gone; proxy.reason says of what
 *	-EHOSTDOWN  the same, and it is restarted (troupe_restart.h)
 *	-ENOSYS     it has no such method, or NULL for it
 *	-EDEADLK    awaiting it would close a cycle; reason.text is the path
 *	-EAGAIN     its mailbox is full	      (others as troupe_send())
 *	-ECANCELED  troupe_proxy_init() of this proxy
 *	code        of the method that failed, see proxy.reason.text
 *
 * The caller owns the struct, which must live until no call is pending.  init
 * may be called at any time: closures of pending calls run before it returns.
 * When a target has ended, its closures run before child_stopped or down.
 */
struct troupe_proxy {
	ProtobufCService base;
	troupe_ref target;
	int64_t timeout_ms; /* of each call; 5,000 at first; -1: for ever */
	int error;	    /* of the last call that completed, or 0 */
	struct troupe_reason reason;
	unsigned pending;
	int private_failure;
	int64_t private_since;
	bool fails_fast; /* -EHOSTDOWN for all calls while it is down */
};

TROUPE_API void troupe_proxy_init(struct troupe_proxy *proxy, troupe_ref target,
				  const ProtobufCServiceDescriptor *service);

/*
 * Waits until every call of this proxy has completed; no handler runs
 * meanwhile, but closures do.  The actor that would close a cycle of awaits
 * detects that before it blocks: its calls fail with -EDEADLK and the path,
 * "a[12] -> b[13] -> a[12]", and the others go on.  Returns 0; the first error
 * among the calls that completed since the last await; or -ECANCELED (told to
 * stop).
 */
TROUPE_API int troupe_await(struct troupe_proxy *proxy);

/*
 * A proxy to many: a call of &gather.base asks each of the targets, and its
 * closure runs once, with NULL, when all have answered, failed, or the one
 * deadline has passed.  Until the next call or fini, for each target i
 *
 *	answer[i]	 its answer, or NULL
 *	proxy[i].error	 0, or why there is none; also proxy[i].reason
 *
 * One question at a time: another meanwhile is not asked, error -EBUSY; its
 * closure runs later, as that of any call.
 * The struct must stay where it is until fini.
 */
struct troupe_gather {
	ProtobufCService base;
	int64_t timeout_ms; /* of all together; 5,000 at first; -1: for ever */
	int error;	    /* of the first target in order that failed, or 0 */
	unsigned pending;   /* targets */
	unsigned failed;
	size_t count;
	struct troupe_proxy *proxy;
	ProtobufCMessage **answer;
	ProtobufCClosure private_closure;
	void *private_data;
};

/* targets: copied.  0, -EINVAL (none), -ENOMEM. */
TROUPE_API int troupe_gather_init(struct troupe_gather *gather,
				  const troupe_ref *targets, size_t count,
				  const ProtobufCServiceDescriptor *service);
/* Waits as troupe_await().  Returns gather->error, or -ECANCELED. */
TROUPE_API int troupe_gather_await(struct troupe_gather *gather);
/* Abandons pending calls; their closures do not run. */
TROUPE_API void troupe_gather_fini(struct troupe_gather *gather);

/*
 * Inside a method, `call` is its closure_data: reply(&answer, call) answers,
 * now or in a later callback, exactly once; NULL for &answer is -EREMOTEIO.
 * Each returns -EINVAL for a call that is over, if that is still known.
 * fail answers with an error.  forward passes the call to an actor of the same
 * service, which answers the original caller; only before the method returns.
 * Returns 0, or as troupe_send(); then the call must still be answered (but not
 * after fail's -ESRCH: its caller is gone).
 */
TROUPE_API int troupe_fail(void *call, int code, const char *text);
TROUPE_API int troupe_forward(void *call, troupe_ref to);
TROUPE_API troupe_ref troupe_caller(const void *call);

/*
 * delegate turns a call into a ticket, and this actor no longer answers it: put
 * the ticket's bytes into a message, and any actor that has them answers the
 * caller, once.  The end of the actor that was asked ends the call; the end of
 * a holder of the ticket or of a forwarded call does not, but the deadline
 * does.  delegate returns 0; the others -EBADMSG: no ticket; -EPROTOTYPE: not
 * the method's type of answer; or as troupe_send().  A second answer is
 * dropped.
 */
struct troupe_ticket {
	uint64_t private_words[5];
};
TROUPE_API int troupe_delegate(void *call, struct troupe_ticket *ret_ticket);
TROUPE_API int troupe_answer(const void *ticket, size_t size,
			     const ProtobufCMessage *message);
TROUPE_API int troupe_answer_failure(const void *ticket, size_t size, int code,
				     const char *text);

/* ---- time and descriptors ------------------------------------------------ */

/* The caller's, zeroed before first use; must live while it is active. */
struct troupe_timer {
	int (*fired)(struct troupe_timer *timer); /* as a handler */
	void *data;
	struct troupe_time at; /* private from here on */
	int64_t period_ns;
	size_t place;
};

/* Starts or restarts it.  period_ms 0: once.  -EINVAL, -ENOMEM. */
TROUPE_API int troupe_timer_start(struct troupe_timer *timer,
				  struct troupe_time at, int64_t period_ms);
/* 1: it was active and will not fire; 0: it was not active. */
TROUPE_API int troupe_timer_cancel(struct troupe_timer *timer);

/*
 * A descriptor as a source of events; owned by the caller, zeroed before first
 * use.  ready runs as a handler, between messages.  The descriptor is polled
 * again only after it has returned, for `events` as they are then.  POLLERR and
 * POLLHUP always count; POLLNVAL: it cannot be watched any more, and was
 * removed.
 * More sources: troupe_io.h.
 */
struct trp_input;
struct troupe_input {
	int fd;
	short events;	/* POLLIN, POLLOUT */
	unsigned count; /* runs; removed before the last of them; 0: no limit */
	int (*ready)(struct troupe_input *input, short events);
	void *data;
	struct trp_input *private_source;
};
/*
 * 0; -EALREADY; -EINVAL: no handler, or a negative descriptor; -EBADF: it is
 * not open; -ENOMEM; without io_uring also -EPERM: a plain file, -EEXIST: it is
 * watched already; or as io_uring_setup(2).
 */
TROUPE_API int troupe_input_add(struct troupe_input *input);
TROUPE_API void troupe_input_remove(struct troupe_input *input);

/* ---- log ----------------------------------------------------------------- */

enum troupe_level { TROUPE_DEBUG, TROUPE_INFO, TROUPE_WARNING, TROUPE_FATAL };

/* One line to standard error, in one write, with address and pid. */
TROUPE_API void troupe_log(enum troupe_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
