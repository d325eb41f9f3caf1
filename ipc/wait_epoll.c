/* SPDX-License-Identifier: MIT */
#include "ipc/wait_epoll.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "ipc/wake_socket.h"

/*
 * Where io_uring is not allowed: the doorbell is a socket among the
 * descriptors. Events are collected by block() and look() and handed out by
 * dispatch(), which must look each one up again: a ready() may have removed
 * another.
 */

enum { EVENTS_AT_ONCE = 64 };

#define DOORBELL UINT64_C(0)
static_assert(DOORBELL < TRP_SERIAL_FIRST, "no watch has this serial");

struct epoll {
	int fd;
	int socket;
	int count;
	struct epoll_event events[EVENTS_AT_ONCE];
};

static int control(struct epoll *epoll, int op, int fd, uint32_t events,
		   uint64_t serial)
{
	struct epoll_event event = { .events = events, .data.u64 = serial };

	return epoll_ctl(epoll->fd, op, fd, &event) < 0 ? -errno : 0;
}

static int epoll_open(struct trp_wait *wait)
{
	struct epoll *epoll = malloc(sizeof(*epoll));
	uint32_t number;
	int r;

	if (!epoll)
		return -ENOMEM;
	epoll->count = 0;
	epoll->fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll->fd < 0) {
		r = -errno;
		goto free_epoll;
	}
	r = trp_wake_socket_open(wait->slot, &epoll->socket, &number);
	if (r < 0)
		goto close_epoll;
	r = control(epoll, EPOLL_CTL_ADD, epoll->socket, EPOLLIN, DOORBELL);
	if (r < 0)
		goto close_socket;
	wait->backend = epoll;
	wait->how = trp_sleep_socket(number);
	return 0;

close_socket:
	close(epoll->socket);
close_epoll:
	close(epoll->fd);
free_epoll:
	free(epoll);
	return r;
}

static void epoll_close(struct trp_wait *wait)
{
	struct epoll *epoll = wait->backend;

	close(epoll->socket);
	close(epoll->fd);
	free(epoll);
}

static int epoll_watch(struct trp_wait *wait, struct trp_watch *watch)
{
	if (watch->prepare)
		return -ENOTSUP;
	return control(wait->backend, EPOLL_CTL_ADD, watch->fd, watch->events,
		       watch->serial);
}

/* A descriptor that was closed too early is gone already: no error. */
static void epoll_unwatch(struct trp_wait *wait, struct trp_watch *watch)
{
	control(wait->backend, EPOLL_CTL_DEL, watch->fd, 0, 0);
}

/* Before 5.11 there are only milliseconds: rounded up, never early. */
static int wait_in_ms(struct epoll *epoll, const struct timespec *left)
{
	int ms = -1;

	if (left && left->tv_sec >= INT_MAX / 1000)
		ms = INT_MAX;
	else if (left)
		ms = (int)(left->tv_sec * 1000 +
			   (left->tv_nsec + 999999) / 1000000);
	return epoll_wait(epoll->fd, epoll->events, EVENTS_AT_ONCE, ms);
}

static int collect(struct epoll *epoll, const struct timespec *left)
{
	int count = epoll_pwait2(epoll->fd, epoll->events, EVENTS_AT_ONCE, left,
				 NULL);

	if (count < 0 && (errno == ENOSYS || errno == EPERM))
		count = wait_in_ms(epoll, left);
	epoll->count = count < 0 ? 0 : count;
	return count < 0 && errno != EINTR ? -errno : 0;
}

static int epoll_block(struct trp_wait *wait, uint32_t value,
		       struct trp_time deadline)
{
	struct timespec left = trp_time_left(deadline);

	(void)value;
	return collect(wait->backend,
		       deadline.ns == TRP_NEVER.ns ? NULL : &left);
}

static int epoll_look(struct trp_wait *wait)
{
	return collect(wait->backend, &(struct timespec) { 0 });
}

static int epoll_dispatch(struct trp_wait *wait)
{
	struct epoll *epoll = wait->backend;

	for (int i = 0; i < epoll->count; i++) {
		const struct epoll_event *event = &epoll->events[i];
		struct trp_watch *watch;

		if (event->data.u64 == DOORBELL) {
			trp_wake_socket_drain(epoll->socket);
			continue;
		}
		watch = trp_watch_table_find(&wait->watches, event->data.u64);
		if (watch)
			watch->ready(watch, event->events);
	}
	epoll->count = 0;
	return 0;
}

const struct trp_wait_backend trp_wait_epoll = {
	.open = epoll_open,
	.close = epoll_close,
	.watch = epoll_watch,
	.unwatch = epoll_unwatch,
	.block = epoll_block,
	.look = epoll_look,
	.dispatch = epoll_dispatch,
};
