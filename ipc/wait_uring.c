/* SPDX-License-Identifier: MIT */
#include "ipc/wait_uring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ipc/wake_socket.h"

/*
 * One small io_uring for the doorbell and for descriptors.
 *
 * The wait on the doorbell stays armed from sleep to sleep: once it is queued,
 * the kernel does not read the word again, and any wake ends it.  Watches are
 * one-shot polls that are armed again after ready(), which makes them
 * level-triggered: a watch that is still ready completes at once.
 *
 *	is_doorbell_armed  ==>  a completion with DOORBELL is still to come
 *	watch->is_armed  ==>  one with its serial is
 *
 * The ring is never closed with an armed futex wait: the kernel takes it down
 * later and would leave a stale waiter behind.  Children do not inherit its
 * memory, as a child would move its parent's queue.
 */

enum {
	QUEUE_SIZE = 16,
	COMPLETIONS = 128, /* with QUEUE_SIZE still in one page */

	/* Linux 6.7; liburing 2.3 does not know it yet. */
	OP_FUTEX_WAIT = 51,
	FUTEX2_U32 = 0x02, /* 32 bits, and shared between processes */
};

/* Completions belong to these, or to the serials of watches. */
enum { NOBODY, DOORBELL, CLOSING };
static_assert(CLOSING < TRP_SERIAL_FIRST, "none is a watch's");

struct uring {
	struct io_uring ring;
	int socket; /* -1: the doorbell is the futex */
	bool is_doorbell_armed;
	bool is_closing;
};

static struct io_uring_sqe *next_sqe(struct uring *uring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	if (sqe)
		return sqe;
	io_uring_submit(&uring->ring);
	return io_uring_get_sqe(&uring->ring);
}

/* The deadline, a signal, and a full completion queue. */
static bool is_no_error(int r)
{
	return r >= 0 || r == -ETIME || r == -EINTR || r == -EBUSY;
}

static int uring_dispatch(struct trp_wait *wait);

/* ---- opening and closing ---- */

/* On newer kernels this saves interrupts and locks that a single issuer does
 * not need. */
static int try_ring(struct io_uring *ring)
{
	static const unsigned flags[] = {
		IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL |
			IORING_SETUP_SINGLE_ISSUER |
			IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_CQSIZE,
	};
	int r = -EINVAL;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		struct io_uring_params params = { .flags = flags[i],
						  .cq_entries = COMPLETIONS };

		r = io_uring_queue_init_params(QUEUE_SIZE, ring, &params);
		if (r != -EINVAL)
			break;
	}
	return r;
}

/*
 * A kernel worker releases the locked memory of closed rings, and of dead
 * processes, a moment later: so wait for that.
 */
static int make_ring(struct io_uring *ring)
{
	enum { LONGEST_NS = 256 * 1000000 };
	struct timespec pause = { .tv_nsec = 1000000 };
	int r = try_ring(ring);

	for (; r == -ENOMEM && pause.tv_nsec <= LONGEST_NS;
	     pause.tv_nsec *= 2) {
		nanosleep(&pause, NULL);
		r = try_ring(ring);
	}
	return r;
}

static int open_socket(struct trp_wait *wait, struct uring *uring)
{
	uint32_t number;
	int r;

	if (wait->kind == TRP_WAIT_URING) {
		uring->socket = -1;
		wait->how = TRP_ASLEEP_FUTEX;
		return 0;
	}
	r = trp_wake_socket_open(wait->slot, &uring->socket, &number);
	if (r < 0)
		return r;
	wait->how = trp_sleep_socket(number);
	return 0;
}

static int uring_open(struct trp_wait *wait)
{
	struct uring *uring = calloc(1, sizeof(*uring));
	int r;

	if (!uring)
		return -ENOMEM;
	r = make_ring(&uring->ring);
	if (r < 0)
		goto free_uring;
	r = io_uring_ring_dontfork(&uring->ring);
	if (r < 0)
		goto close_ring;
	r = open_socket(wait, uring);
	if (r < 0)
		goto close_ring;
	wait->backend = uring;
	return 0;

close_ring:
	io_uring_queue_exit(&uring->ring);
free_uring:
	free(uring);
	return r;
}

/* Until the kernel has released the doorbell's wait, and its files. */
static void cancel_all(struct uring *uring)
{
	struct io_uring_sqe *sqe = next_sqe(uring);
	struct io_uring_cqe *cqe;

	uring->is_closing = sqe != NULL;
	if (sqe) {
		io_uring_prep_cancel64(sqe, 0,
				       IORING_ASYNC_CANCEL_ANY |
					       IORING_ASYNC_CANCEL_ALL);
		sqe->user_data = CLOSING;
		io_uring_submit(&uring->ring);
	}
	while (uring->is_closing ||
	       (uring->is_doorbell_armed && uring->socket < 0)) {
		int r = io_uring_wait_cqe(&uring->ring, &cqe);

		if (r == -EINTR)
			continue;
		if (r < 0)
			break;
		if (cqe->user_data == DOORBELL)
			uring->is_doorbell_armed = false;
		if (cqe->user_data == CLOSING)
			uring->is_closing = false;
		io_uring_cqe_seen(&uring->ring, cqe);
	}
}

static void uring_close(struct trp_wait *wait)
{
	struct uring *uring = wait->backend;

	cancel_all(uring);
	io_uring_queue_exit(&uring->ring);
	if (uring->socket >= 0)
		close(uring->socket);
	free(uring);
}

/* ---- watches ---- */

/*
 * One operation, one completion: a multishot one would complete while a handler
 * runs, and a linked or silent one would never complete.
 */
static bool is_single(const struct io_uring_sqe *sqe)
{
	enum { READ_MULTISHOT = 49, TIMEOUT_MULTISHOT = 1 << 6 };

	if (sqe->flags & ~(IOSQE_FIXED_FILE | IOSQE_ASYNC))
		return false;
	switch (sqe->opcode) {
	case IORING_OP_ACCEPT:
		return !(sqe->ioprio & IORING_ACCEPT_MULTISHOT);
	case IORING_OP_RECV:
	case IORING_OP_RECVMSG:
		return !(sqe->ioprio & IORING_RECV_MULTISHOT);
	case IORING_OP_POLL_ADD:
		return !(sqe->len & IORING_POLL_ADD_MULTI);
	case IORING_OP_TIMEOUT:
		return !(sqe->timeout_flags & TIMEOUT_MULTISHOT);
	default:
		return sqe->opcode != READ_MULTISHOT;
	}
}

static int uring_watch(struct trp_wait *wait, struct trp_watch *watch)
{
	struct io_uring_sqe entry = { 0 };
	struct io_uring_sqe *sqe;

	if (watch->prepare)
		watch->prepare(watch, &entry);
	else
		io_uring_prep_poll_add(&entry, watch->fd, watch->events);
	if (!is_single(&entry))
		return -EINVAL;
	assert(!watch->is_armed && watch->serial >= TRP_SERIAL_FIRST);
	sqe = next_sqe(wait->backend);
	if (!sqe)
		return -ENOMEM;
	*sqe = entry;
	sqe->user_data = watch->serial;
	watch->is_armed = true;
	watch->has_result = false;
	return 0;
}

/* The kernel owns its memory until it has completed in some way. */
static void cancel_operation(struct trp_wait *wait, struct trp_watch *watch)
{
	struct uring *uring = wait->backend;
	struct io_uring_sqe *sqe = next_sqe(uring);
	int r = 0;

	assert(watch->is_armed && !watch->is_leaving);
	watch->is_leaving = true;
	if (sqe) {
		io_uring_prep_cancel64(sqe, watch->serial, 0);
		sqe->user_data = NOBODY;
	}
	while (watch->is_armed && is_no_error(r)) {
		r = io_uring_submit_and_wait(&uring->ring, 1);
		if (is_no_error(r))
			r = uring_dispatch(wait);
	}
	watch->is_leaving = false;
}

/* At once: an armed poll keeps a closed file open. */
static void uring_unwatch(struct trp_wait *wait, struct trp_watch *watch)
{
	struct uring *uring = wait->backend;
	struct io_uring_sqe *sqe;

	if (!watch->is_armed)
		return;
	if (watch->prepare) {
		cancel_operation(wait, watch);
		return;
	}
	watch->is_armed = false;
	sqe = next_sqe(uring);
	if (!sqe)
		return;
	io_uring_prep_poll_remove(sqe, watch->serial);
	sqe->user_data = NOBODY;
	io_uring_submit_and_get_events(&uring->ring);
}

/* ---- sleeping ---- */

static void prep_doorbell(struct io_uring_sqe *sqe, const struct uring *uring,
			  struct trp_doorbell *doorbell, uint32_t value)
{
	if (uring->socket >= 0) {
		io_uring_prep_poll_add(sqe, uring->socket, POLLIN);
	} else {
		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = OP_FUTEX_WAIT;
		sqe->fd = FUTEX2_U32;
		sqe->addr = (uintptr_t)&doorbell->word;
		sqe->addr2 = value;
		sqe->addr3 = UINT32_MAX; /* any waker */
	}
	sqe->user_data = DOORBELL;
}

static int arm_doorbell(struct trp_wait *wait, uint32_t value)
{
	struct uring *uring = wait->backend;
	struct io_uring_sqe *sqe;

	if (uring->is_doorbell_armed)
		return 0;
	sqe = next_sqe(uring);
	if (!sqe)
		return -ENOMEM;
	prep_doorbell(sqe, uring, wait->doorbell, value);
	uring->is_doorbell_armed = true;
	return 0;
}

static int uring_block(struct trp_wait *wait, uint32_t value,
		       struct trp_time deadline)
{
	struct uring *uring = wait->backend;
	struct timespec left = trp_time_left(deadline);
	struct __kernel_timespec timeout = { left.tv_sec, left.tv_nsec };
	struct io_uring_cqe *cqe;
	int r = arm_doorbell(wait, value);

	if (r < 0)
		return r;
	r = io_uring_submit_and_wait_timeout(
		&uring->ring, &cqe, 1,
		deadline.ns == TRP_NEVER.ns ? NULL : &timeout, NULL);
	return is_no_error(r) ? 0 : r;
}

/* No system call when there is nothing to submit and nothing has happened. */
static int uring_look(struct trp_wait *wait)
{
	struct uring *uring = wait->backend;
	struct io_uring_cqe *cqe;
	int r = 0;

	if (io_uring_sq_ready(&uring->ring))
		r = io_uring_submit(&uring->ring);
	if (is_no_error(r))
		r = io_uring_peek_cqe(&uring->ring, &cqe);
	return r == -EAGAIN || is_no_error(r) ? 0 : r;
}

/* A word that had changed already counts as a wake. */
static int doorbell_has_rung(struct uring *uring, int result)
{
	uring->is_doorbell_armed = false;
	if (uring->socket >= 0)
		trp_wake_socket_drain(uring->socket);
	return result >= 0 || result == -EAGAIN || result == -EINTR ? 0
								    : result;
}

/* The first result counts; a second one means that its memory is free. */
static int operation_is_done(struct trp_wait *wait, struct trp_watch *watch,
			     int result, bool has_more)
{
	uint64_t serial = watch->serial;

	if (!watch->has_result)
		watch->result = result;
	watch->has_result = true;
	if (has_more)
		return 0;
	watch->is_armed = false;
	if (watch->is_leaving)
		return 0;
	watch->ready(watch, 0);
	if (trp_watch_table_find(&wait->watches, serial) != watch)
		return 0;
	return uring_watch(wait, watch);
}

/* A refused poll means a bad descriptor: reported once, not armed again. */
static int watch_is_ready(struct trp_wait *wait, uint64_t serial, int result,
			  bool has_more)
{
	struct trp_watch *watch = trp_watch_table_find(&wait->watches, serial);

	if (!watch)
		return 0;
	if (watch->prepare)
		return operation_is_done(wait, watch, result, has_more);
	watch->is_armed = false;
	watch->ready(watch, result < 0 ? POLLNVAL : (uint32_t)result);
	if (result < 0 || trp_watch_table_find(&wait->watches, serial) != watch)
		return 0;
	return uring_watch(wait, watch);
}

static int complete(struct trp_wait *wait, uint64_t whose, int result,
		    bool has_more)
{
	if (whose == DOORBELL)
		return doorbell_has_rung(wait->backend, result);
	return watch_is_ready(wait, whose, result, has_more);
}

/* Only the present ones: arming again may bring new ones at once. */
static int uring_dispatch(struct trp_wait *wait)
{
	struct uring *uring = wait->backend;
	unsigned count = io_uring_cq_ready(&uring->ring);
	struct io_uring_cqe *cqe;
	int r = 0;

	while (count-- && r == 0 &&
	       io_uring_peek_cqe(&uring->ring, &cqe) == 0) {
		uint64_t whose = cqe->user_data;
		int result = cqe->res;
		bool has_more = cqe->flags & IORING_CQE_F_MORE;

		io_uring_cqe_seen(&uring->ring, cqe);
		r = complete(wait, whose, result, has_more);
	}
	return r;
}

const struct trp_wait_backend trp_wait_uring = {
	.open = uring_open,
	.close = uring_close,
	.watch = uring_watch,
	.unwatch = uring_unwatch,
	.block = uring_block,
	.look = uring_look,
	.dispatch = uring_dispatch,
};

/* ---- probing ---------- */

static bool is_disabled(void)
{
	FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int level = 0;

	if (!file)
		return false;
	if (fscanf(file, "%d", &level) != 1)
		level = 0;
	fclose(file);
	return level > 0;
}

static void say_why_not(int error, char why[160])
{
	const char *reason = strerror(-error);

	if (error == -EPERM && is_disabled())
		reason = "switched off by kernel.io_uring_disabled";
	else if (error == -EPERM)
		reason = "forbidden here (a container's seccomp filter?)";
	else if (error == -ENOSYS)
		reason = "not in this kernel, or filtered";
	else if (error == -ENOMEM)
		reason = "no locked memory left (ulimit -l)";
	snprintf(why, 160, "no io_uring: %s", reason);
}

static bool has_futex_wait(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool has = probe && io_uring_opcode_supported(probe, OP_FUTEX_WAIT);

	io_uring_free_probe(probe);
	return has;
}

int trp_wait_uring_probe(bool *ret_has_futex, char ret_why[160])
{
	struct io_uring ring;
	int r = make_ring(&ring);

	if (r == 0 && !(ring.features & IORING_FEAT_EXT_ARG)) {
		io_uring_queue_exit(&ring);
		r = -ENOSYS;
	}
	if (r < 0) {
		say_why_not(r, ret_why);
		return r;
	}
	*ret_has_futex = has_futex_wait(&ring);
	io_uring_queue_exit(&ring);
	snprintf(ret_why, 160, "io_uring with%s futex operations%s",
		 *ret_has_futex ? "" : "out",
		 *ret_has_futex ? "" : " (Linux 6.7)");
	return 0;
}
