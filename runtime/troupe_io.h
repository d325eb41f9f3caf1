/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_IO_H
#define TROUPE_IO_H

/*
 * More sources of events than troupe.h has: operations of io_uring, signals,
 * child programs, TCP; and descriptors handed from actor to actor.
 *
 * For all of them: the struct is the caller's, zeroed before first use, and
 * stays where it is while it is active.  Its callback runs as a handler:
 * between messages, never beside another callback, and what it returns is what
 * a handler returns.  Each event is looked for again only after the callback
 * for the one before has returned.  A `count` bounds the runs: the source is
 * inactive when the last of them begins, and may be started anew in it; 0: any
 * number.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- operations ---------------------------------------------------------- */

struct io_uring_sqe; /* <liburing.h>, for who has operations of his own */

/*
 * Any operation of io_uring that completes once.  prepare fills in the entry
 * (io_uring_prep_read(), ...; user_data is ours) each time it is begun; what
 * the entry points to stays in place until `done` runs or cancel returns.
 * done gets what the operation returned: a negative errno is the last run.
 */
struct troupe_operation {
	void (*prepare)(struct troupe_operation *operation,
			struct io_uring_sqe *entry);
	int (*done)(struct troupe_operation *operation, int result);
	unsigned count;
	void *data;
	struct trp_input *private_source;
};

/*
 * start: 0; -EALREADY; -ENOTSUP: this node has no io_uring (troupe doctor says
 * why; descriptors work there); -EINVAL: multishot, linked, or drained;
 * -ENOMEM. cancel waits until the kernel is done with its memory.  -ENOENT: it
 * was not active; else what became of it, and `done` does not run: -ECANCELED;
 * or the result of one that was too fast.
 */
TROUPE_API int troupe_operation_start(struct troupe_operation *operation);
TROUPE_API int troupe_operation_cancel(struct troupe_operation *operation);

/* ---- signals ------------------------------------------------------------- */

struct signalfd_siginfo; /* <sys/signalfd.h> */

/*
 * A signal to this actor's process.  Those of one number are told each, in the
 * order of their start.  The kernel keeps one of a kind below SIGRTMIN, however
 * often it is sent.  While any is active the signal does nothing else.
 */
struct troupe_signal {
	int number;
	unsigned count;
	int (*received)(struct troupe_signal *signal,
			const struct signalfd_siginfo *info);
	void *data;
	struct troupe_signal *private_next;
	uint64_t private_told;
	unsigned private_left;
	bool private_is_active;
};

/*
 * 0; -EALREADY; -EINVAL: SIGTERM, which is the order to stop, and those that
 * cannot be waited for; -ENOMEM, -EMFILE, -ENFILE.
 */
TROUPE_API int troupe_signal_start(struct troupe_signal *signal);
TROUPE_API void troupe_signal_stop(struct troupe_signal *signal);

/* ---- programs ------------------------------------------------------------ */

enum { TROUPE_PIPE_INPUT = 1, TROUPE_PIPE_OUTPUT = 2, TROUPE_PIPE_ERRORS = 4 };

/*
 * A program as a child of this actor, killed when the actor ends.  ended is
 * told once, and is the last run; `end` is as for an actor, with ref 0.
 */
struct troupe_program {
	const char *const *argv;	/* ends with NULL; [0] by PATH */
	const char *const *environment; /* NULL: this actor's */
	unsigned pipes; /* others are this actor's own 0, 1, 2 */
	int (*ended)(struct troupe_program *program,
		     const struct troupe_end *end);
	void *data;

	/* From the start on; the descriptors are yours, and close them. */
	pid_t pid;
	int input; /* to write to, non-blocking as all three; -1: no pipe */
	int output;
	int errors;

	int private_pidfd;
	struct trp_input *private_source;
};

/* 0; -EALREADY; -EINVAL; or why it cannot be executed (-ENOENT, ...). */
TROUPE_API int troupe_program_start(struct troupe_program *program);

/* Sends it a signal.  0; -ESRCH: it has ended, or was never started; -EINVAL.
 */
TROUPE_API int troupe_program_signal(struct troupe_program *program,
				     int number);

/* ---- descriptors for other actors ---------------------------------------- */

/*
 * A descriptor that another actor may take over, as a value: put its bytes into
 * a message to that actor.
 */
struct troupe_handover {
	uint64_t private_words[3];
};

/*
 * give: for the actor `to` alone.  On success the descriptor is the runtime's
 * and is closed here when it was taken, when `to` has ended, or when this actor
 * ends.  0, -EBADF, -EINVAL, -ENOMEM, or as socket(2) and bind(2).
 *
 * take waits for the giver to come round, which it does whenever it sleeps, in
 * troupe_await() too, and between its handlers; no handler runs meanwhile.
 * *ret_fd is the caller's, CLOEXEC.  0; -EBADMSG: these are no handover's
 * bytes; -ENOENT: not there (any more), not for this actor, or the giver has
 * ended; -EXDEV: the giver first gave in another network namespace;
 * -ETIMEDOUT; -ECANCELED: told to stop; or as socket(2).
 */
TROUPE_API int troupe_handover_give(int fd, troupe_ref to,
				    struct troupe_handover *ret_handover);
TROUPE_API int troupe_handover_take(const void *handover, size_t size,
				    struct troupe_time deadline, int *ret_fd);

/* ---- TCP ----------------------------------------------------------------- */

/*
 * Addresses are numbers: "127.0.0.1:80", "[::1]:80", "*:80" for all of this
 * machine (to listen), ":0" is "*" with any free port.
 */

struct troupe_listener {
	/*
	 * A connection: fd is the callee's, non-blocking and CLOEXEC.  Or a
	 * negative errno: none could be taken (-EMFILE, ...); it is tried again
	 * a tenth of a second later.
	 */
	int (*accepted)(struct troupe_listener *listener, int fd);
	void *data;
	uint16_t port; /* once it listens */
	struct troupe_input private_input;
	struct troupe_timer private_rest;
};

/* 0; -EALREADY; -EINVAL: the address; or as socket(2), bind(2), listen(2). */
TROUPE_API int troupe_listener_open(struct troupe_listener *listener,
				    const char *address);
TROUPE_API void troupe_listener_close(struct troupe_listener *listener);

/*
 * A connection.  While more than half of `limit` bytes wait to be written
 * nothing is read, and no more than that is read at once: who answers with as
 * much as he received always has room.
 */
struct troupe_stream {
	int (*connected)(struct troupe_stream *stream); /* or NULL */
	/* bytes: until it returns.  size 0: the peer will say no more, once. */
	int (*received)(struct troupe_stream *stream, const void *bytes,
			size_t size);
	/* After a write was refused: half of the limit is free.  Or NULL. */
	int (*has_room)(struct troupe_stream *stream);
	/*
	 * It is closed: told once, and last.  0: both sides have finished; or
	 * -ECONNRESET, -ECONNREFUSED, ...: what was not written yet is lost.
	 */
	int (*ended)(struct troupe_stream *stream, int error);
	size_t limit; /* 0: 64 KiB */
	void *data;

	struct troupe_input private_input;
	char *private_buffer;
	size_t private_start, private_size;
	unsigned private_state;
	int private_error;
};

/*
 * open: of a connected stream socket, which is the stream's on success.
 * connect: to that address; writes may begin at once.
 * 0; -EALREADY; -EINVAL, -EBADF, -ENOTSOCK; or as socket(2), connect(2).
 */
TROUPE_API int troupe_stream_open(struct troupe_stream *stream, int fd);
TROUPE_API int troupe_stream_connect(struct troupe_stream *stream,
				     const char *address);

/*
 * All or nothing, copied where it cannot go out at once.  0; -EAGAIN: no room,
 * has_room will tell; -EMSGSIZE: more than the limit; -ENOMEM; -EPIPE: it has
 * finished or ended.  An error of the connection is told by `ended` alone.
 */
TROUPE_API int troupe_stream_write(struct troupe_stream *stream,
				   const void *bytes, size_t size);

/*
 * finish: this side will say no more; what was written goes out first.
 * close, reset: at once, and nothing is told any more; what was not written is
 * lost.  close leaves the rest to the kernel, reset has the peer's connection
 * end with an error.  All may be called twice.
 */
TROUPE_API void troupe_stream_finish(struct troupe_stream *stream);
TROUPE_API void troupe_stream_close(struct troupe_stream *stream);
TROUPE_API void troupe_stream_reset(struct troupe_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
