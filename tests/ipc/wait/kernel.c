/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/kit.h"

/*
 * The kernel does what wait_uring.c, wait_epoll.c and wake_socket.c rely on.
 * If one of these fails on a new kernel, start there.
 */

#include <errno.h>
#include <limits.h>
#include <liburing.h>
#include <linux/futex.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/wake_socket.h"

static struct io_uring ring;
static uint32_t *word;

static void open_ring(void)
{
	require_kind(TRP_WAIT_URING);
	cr_assert_eq(io_uring_queue_init(8, &ring,
					 IORING_SETUP_SINGLE_ISSUER |
						 IORING_SETUP_DEFER_TASKRUN),
		     0);
	word = (uint32_t *)bells_new();
}

static void arm(uint32_t value)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	cr_assert_not_null(sqe);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = 51;
	sqe->fd = 0x02;
	sqe->addr = (uintptr_t)word;
	sqe->addr2 = value;
	sqe->addr3 = UINT32_MAX;
	sqe->user_data = 1;
	cr_assert_eq(io_uring_submit(&ring), 1);
}

/* The result of a completion, or INT_MAX: there is none. */
static int completed(void)
{
	struct io_uring_cqe *cqe;
	int result;

	io_uring_get_events(&ring);
	if (io_uring_peek_cqe(&ring, &cqe) < 0)
		return INT_MAX;
	result = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return result;
}

static long wake_all(void)
{
	return syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX);
}

Test(kernel, a_stale_futex_value_completes_with_eagain)
{
	open_ring();
	*word = 5;
	arm(4);
	cr_assert_eq(completed(), -EAGAIN);
	io_uring_queue_exit(&ring);
}

Test(kernel, an_armed_futex_wait_does_not_look_at_the_word_again)
{
	open_ring();
	arm(0);
	*word = 8;
	cr_assert_eq(completed(), INT_MAX);
	cr_assert_eq(wake_all(), 1);
	cr_assert_eq(completed(), 0);
	io_uring_queue_exit(&ring);
}

Test(kernel, futex_wake_finds_a_wait_of_the_ring)
{
	open_ring();
	arm(0);
	cr_assert_eq(wake_all(), 1);
	cr_assert_eq(wake_all(), 0);
	cr_assert_eq(completed(), 0);
	io_uring_queue_exit(&ring);
}

Test(kernel, a_cancelled_futex_wait_leaves_no_waiter)
{
	struct io_uring_sqe *sqe;

	open_ring();
	arm(0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_cancel64(
		sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	cr_assert_eq(io_uring_submit(&ring), 1);
	cr_assert_neq(completed(), INT_MAX);
	cr_assert_eq(wake_all(), 0);
	io_uring_queue_exit(&ring);
}

Test(kernel, a_name_is_free_as_soon_as_its_socket_is_closed)
{
	uint32_t door;
	int fd, other;

	trp_wake_socket_set_node((uint64_t)getpid());
	cr_assert_eq(trp_wake_socket_open(3, &fd, &door), 0);
	cr_assert_eq(door, 0);
	cr_assert_eq(trp_wake_socket_open(3, &other, &door), 0);
	cr_assert_eq(door, 1);
	close(fd);
	cr_assert_eq(trp_wake_socket_open(3, &fd, &door), 0);
	cr_assert_eq(door, 0);
	close(fd);
	close(other);
}

static bool is_readable(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, 0) == 1;
}

Test(kernel, a_full_socket_is_not_waited_for)
{
	uint32_t door;
	int fd;

	trp_wake_socket_set_node((uint64_t)getpid());
	trp_wake_socket(4, 0);
	cr_assert_eq(trp_wake_socket_open(4, &fd, &door), 0);
	cr_assert_not(is_readable(fd));
	for (int i = 0; i < 10000; i++)
		trp_wake_socket(4, door);
	cr_assert(is_readable(fd));
	trp_wake_socket_drain(fd);
	cr_assert_not(is_readable(fd));
	close(fd);
}

/* By one that wakes many before the first of them runs. */
Test(kernel, as_many_can_be_woken_as_there_are)
{
	enum { MANY = 700 };
	uint32_t door;
	int fd[MANY];

	trp_wake_socket_set_node((uint64_t)getpid());
	for (uint32_t i = 0; i < MANY; i++)
		cr_assert_eq(trp_wake_socket_open(i, &fd[i], &door), 0);
	for (uint32_t i = 0; i < MANY; i++)
		trp_wake_socket(i, 0);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_expect(is_readable(fd[i]), "%u", i);
		close(fd[i]);
	}
	trp_wake_socket_fini();
}

/* It gets a new number, and the owner of the old one is left alone. */
static void knock_from_a_child(void *data)
{
	int ends[2];
	char byte;

	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
		_exit(1);
	trp_wake_socket(5, 0);
	if (recv(ends[0], &byte, 1, MSG_DONTWAIT) >= 0 ||
	    recv(ends[1], &byte, 1, MSG_DONTWAIT) >= 0)
		_exit(2);
}

Test(kernel, a_child_that_closed_what_it_inherited_can_knock)
{
	uint32_t door;
	int fd;

	trp_wake_socket_set_node((uint64_t)getpid());
	cr_assert_eq(trp_wake_socket_open(5, &fd, &door), 0);
	trp_wake_socket(5, door);
	cr_assert(is_readable(fd));
	trp_wake_socket_drain(fd);
	join(start(knock_from_a_child, NULL));
	cr_assert(is_readable(fd));
	close(fd);
}
