/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_TYPES_H
#define TROUPE_TYPES_H

/* The values that all of troupe.h is about. */

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
 * An actor: node, slot and generation.  Copy it, compare it with ==, put it
 * into a message as a fixed64.  It names the same actor for ever: when the
 * actor is gone, the reference is stale and sends to it fail.  0 is no actor.
 */
typedef uint64_t troupe_ref;

/*
 * A point on CLOCK_MONOTONIC.  Functions with a deadline, and timers, refuse
 * one before 0 with -EINVAL.
 */
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
/* In so many milliseconds; of a negative number: a time before 0. */
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

/*
 * The report of an end; the parent and each watcher get it once.  What `text`
 * and `message` point to is valid until the callback that gets it returns, or
 * until the next troupe_receive() or wait for an end.
 */
struct troupe_message;
struct trp_outcome;
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
	uint64_t monitor; /* that reports this, and its tag; else 0 */
	uint64_t tag;
	/* Its latest line of the log, cut; "": none, or its end was in order.
	 */
	char said[TROUPE_TEXT_SIZE];
	const char *text; /* of the reason, whole; NULL: reason.text is */
	/* Its result (troupe_result.h), or that it did not handle; or NULL. */
	const struct troupe_message *message;
	struct trp_outcome *private_outcome;
};

/* "error -22: no such column", "signal 6, Aborted"; returns buffer. */
TROUPE_API char *troupe_reason_text(const struct troupe_reason *reason,
				    char *buffer, size_t size);

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

#ifdef __cplusplus
}
#endif

#endif
