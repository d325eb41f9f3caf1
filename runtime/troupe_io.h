/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_IO_H
#define TROUPE_IO_H

/*
 * More sources of events than troupe.h has: operations of io_uring, signals,
 * child programs, TCP; and descriptors passed from actor to actor.
 *
 * For all of them: the caller owns the struct, zeroes it before first use, and
 * leaves it in place while it is active.  Its callback runs as a handler:
 * between messages, never beside another callback, and with the results of a
 * handler.  The source waits for its next event after the callback has
 * returned.  A `count` limits the runs: the source is inactive when the last of
 * them begins, and may be restarted in it; 0: no limit.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- operations ---------------------------------------------------------- */

struct io_uring_sqe; /* <liburing.h> */

/*
 * Any operation of io_uring that completes once.  prepare fills in the entry
 * (io_uring_prep_read(), ...; user_data is ours) each time it starts; what the
 * entry points to stays in place until `done` runs or cancel returns.
 * done gets the result: with a negative errno it is the last run.
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
 * -ENOMEM.  cancel waits until the kernel is done with its memory.  -ENOENT: it
 * was not active; else its result, and `done` does not run: -ECANCELED, or the
 * result of an operation that finished first.
 */
TROUPE_API int troupe_operation_start(struct troupe_operation *operation);
TROUPE_API int troupe_operation_cancel(struct troupe_operation *operation);

/* ---- signals ------------------------------------------------------------- */

struct signalfd_siginfo; /* <sys/signalfd.h> */

/*
 * A signal to this actor's process.  All active structs of one number run, in
 * the order of their start.  The kernel keeps one pending signal of a kind
 * below SIGRTMIN, however often it is sent.  While any is active the signal has
 * no other effect.
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
 * 0; -EALREADY; -EINVAL: SIGTERM, which is the order to stop, and signals that
 * cannot be waited for; -ENOMEM, -EMFILE, -ENFILE.
 */
TROUPE_API int troupe_signal_start(struct troupe_signal *signal);
TROUPE_API void troupe_signal_stop(struct troupe_signal *signal);

/* ---- programs ------------------------------------------------------------ */

enum { TROUPE_PIPE_INPUT = 1, TROUPE_PIPE_OUTPUT = 2, TROUPE_PIPE_ERRORS = 4 };

/*
 * A program as a child of this actor, killed when the actor ends.  ended runs
 * once, and is the last run; `end` is as for an actor, with ref 0.
 */
struct troupe_program {
	const char *const *argv;	/* ends with NULL; [0] by PATH */
	const char *const *environment; /* NULL: this actor's */
	unsigned pipes; /* others are this actor's own 0, 1, 2 */
	int (*ended)(struct troupe_program *program,
		     const struct troupe_end *end);
	void *data;

	/* From the start on; the actor owns the descriptors and closes them. */
	pid_t pid;
	int input; /* to write to, non-blocking as all three; -1: no pipe */
	int output;
	int errors;

	int private_pidfd;
	struct trp_input *private_source;
};

/* 0; -EALREADY; -EINVAL; or an error of execve(2) (-ENOENT, ...). */
TROUPE_API int troupe_program_start(struct troupe_program *program);

/* Sends it a signal.  0; -ESRCH: it has ended, or was never started; -EINVAL.
 */
TROUPE_API int troupe_program_signal(struct troupe_program *program,
				     int number);

/* ---- descriptors for other actors ---------------------------------------- */

/*
 * A descriptor for another actor, as a value: put its bytes into a message to
 * that actor.
 */
struct troupe_handover {
	uint64_t private_words[3];
};

/*
 * give: only for the actor `to`. On success the runtime owns the descriptor,
 * and closes it when it was taken, when `to` has ended, or when this actor
 * ends.  0, -EBADF, -EINVAL, -ENOMEM, or as socket(2) and bind(2).
 *
 * take waits for the giver, which answers whenever it sleeps, in troupe_await()
 * too, and between its handlers; no handler runs meanwhile.  The caller owns
 * *ret_fd, CLOEXEC.  0; -EBADMSG: not the bytes of a handover; -ENOENT: taken
 * already, not for this actor, or the giver has ended; -EXDEV: the giver first
 * gave in another network namespace; -ETIMEDOUT; -ECANCELED: told to stop; or
 * as socket(2).
 */
TROUPE_API int troupe_handover_give(int fd, troupe_ref to,
				    struct troupe_handover *ret_handover);
TROUPE_API int troupe_handover_take(const void *handover, size_t size,
				    struct troupe_time deadline, int *ret_fd);

/* ---- TCP ----------------------------------------------------------------- */

/*
 * Addresses are numeric: "127.0.0.1:80", "[::1]:80", "*:80" for all of this
 * machine (to listen), ":0" is "*" with any free port.  To listen,
 * "systemd:NAME" is the socket of that name that systemd has passed to the
 * node, "systemd:" the first one (troupe.service(7)).
 */

struct troupe_listener {
	/*
	 * A connection: the callback owns fd, non-blocking and CLOEXEC.  Or a
	 * negative errno: accept failed (-EMFILE, ...); the next try is a tenth
	 * of a second later.
	 */
	int (*accepted)(struct troupe_listener *listener, int fd);
	void *data;
	uint16_t port; /* once it listens */
	struct troupe_input private_input;
	struct troupe_timer private_rest;
};

/* 0; -EALREADY; -EINVAL: the address; -ENOENT, -ENOTSOCK: systemd has passed no
 * such socket, or one that does not listen; or as socket(2), bind(2),
 * listen(2). */
TROUPE_API int troupe_listener_open(struct troupe_listener *listener,
				    const char *address);
TROUPE_API void troupe_listener_close(struct troupe_listener *listener);

/*
 * A connection.  While more than half of `limit` bytes wait to be written
 * nothing is read, and no more than half is read at once: an answer as long as
 * the bytes received always has room.
 */
struct troupe_stream {
	int (*connected)(struct troupe_stream *stream); /* or NULL */
	/* bytes: until it returns.  size 0, once: the peer has finished. */
	int (*received)(struct troupe_stream *stream, const void *bytes,
			size_t size);
	/* After a write was refused: half of the limit is free.  Or NULL. */
	int (*has_room)(struct troupe_stream *stream);
	/*
	 * It is closed: called once, and last.  0: both sides have finished; or
	 * -ECONNRESET, -ECONNREFUSED, ...: unwritten bytes are lost.
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
 * open: of a connected stream socket, which the stream owns on success.
 * connect: to that address; writes may begin at once.
 * 0; -EALREADY; -EINVAL, -EBADF, -ENOTSOCK; or as socket(2), connect(2).
 */
TROUPE_API int troupe_stream_open(struct troupe_stream *stream, int fd);
TROUPE_API int troupe_stream_connect(struct troupe_stream *stream,
				     const char *address);

/*
 * All or nothing, copied if it cannot go out at once.  0; -EAGAIN: no room,
 * has_room will run; -EMSGSIZE: more than the limit; -ENOMEM; -EPIPE: it has
 * finished or ended.  Only `ended` reports errors of the connection.
 */
TROUPE_API int troupe_stream_write(struct troupe_stream *stream,
				   const void *bytes, size_t size);

/*
 * finish: shuts down the sending side after all writes.
 * close, reset: at once and without a callback; unwritten bytes are lost.
 * close leaves the rest to the kernel, reset ends the peer's connection with an
 * error.  All may be called twice.
 */
TROUPE_API void troupe_stream_finish(struct troupe_stream *stream);
TROUPE_API void troupe_stream_close(struct troupe_stream *stream);
TROUPE_API void troupe_stream_reset(struct troupe_stream *stream);

/* ---- servers ------------------------------------------------------------- */

/*
 * A listener that starts a child for each connection, with the connection: its
 * class has an init() that passes its arguments to troupe_connection_open().
 * When the connection has ended, so should the child.
 */
struct troupe_server {
	const struct troupe_class *each;
	/* A connection was lost: a negative errno of accept(2) or of a spawn.
	 * NULL: the server goes on. */
	int (*failed)(struct troupe_server *server, int error);
	/* Of troupe_server_run(): it listens; a connection has ended, with the
	 * results of a handler.  NULL: it goes on. */
	void (*opened)(struct troupe_server *server);
	int (*ended)(struct troupe_server *server,
		     const struct troupe_end *end);
	void *data;
	struct troupe_listener listener; /* listener.port */
};

/* As troupe_listener_open(); -EINVAL also without a class. */
TROUPE_API int troupe_server_open(struct troupe_server *server,
				  const char *address);
TROUPE_API void troupe_server_close(struct troupe_server *server);

/*
 * All that a function actor does which is a server and nothing else: opens it,
 * serves until a callback returns TROUPE_STOP or an error, or this actor is
 * told to stop, and closes it.  0; -ECANCELED: told to stop; or that error, and
 * then the actor's reason names the address (troupe_end_with()).
 */
TROUPE_API int troupe_server_run(struct troupe_server *server,
				 const char *address);

/* In the child: 0; -EINVAL: not such arguments; or as troupe_handover_take()
 * and troupe_stream_open(). */
TROUPE_API int troupe_connection_open(const void *arguments,
				      struct troupe_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
