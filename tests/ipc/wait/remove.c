/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/watch_kit.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void remove_itself(struct trp_watch *watch, uint32_t events)
{
	desk.calls++;
	drop(watch);
	free(watch);
}

EACH_KIND(watch, may_be_removed_and_freed_when_ready)
{
	struct trp_watch *watch = malloc(sizeof(*watch));
	int fd;

	open_desk(*kind);
	fd = eventfd(1, EFD_CLOEXEC);
	*watch = (struct trp_watch) { .fd = fd,
				      .events = POLLIN,
				      .ready = remove_itself };
	add(watch);
	cr_assert(sleep_until_calls(1));
	look_often();
	cr_assert_eq(desk.calls, 1);
	close(fd);
	close_desk();
}

static struct trp_watch *twins[2];

static void remove_both(struct trp_watch *watch, uint32_t events)
{
	desk.calls++;
	for (int i = 0; i < 2; i++) {
		drop(twins[i]);
		free(twins[i]);
	}
}

EACH_KIND(watch, may_remove_another_that_is_ready_too)
{
	int fd[2];

	open_desk(*kind);
	for (int i = 0; i < 2; i++) {
		fd[i] = eventfd(1, EFD_CLOEXEC);
		twins[i] = malloc(sizeof(*twins[i]));
		*twins[i] = (struct trp_watch) { .fd = fd[i],
						 .events = POLLIN,
						 .ready = remove_both };
		add(twins[i]);
	}
	cr_assert(sleep_until_calls(1));
	look_often();
	cr_assert_eq(desk.calls, 1);
	close(fd[0]);
	close(fd[1]);
	close_desk();
}

static void change_events(struct trp_watch *watch, uint32_t events)
{
	note(watch, events);
	drop(watch);
	watch->events = POLLIN;
	watch->ready = note;
	add(watch);
}

EACH_KIND(watch, may_be_removed_and_added_again_when_ready)
{
	struct trp_watch watch;
	int ends[2];

	open_desk(*kind);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	watch = watch_of(ends[0], POLLOUT);
	watch.ready = change_events;
	add(&watch);
	cr_assert(sleep_until_calls(1));
	look_often();
	cr_assert_eq(desk.calls, 1);
	cr_assert_eq(send(ends[1], "x", 1, 0), 1);
	cr_assert(sleep_until_calls(2));
	drop(&watch);
	close(ends[0]);
	close(ends[1]);
	close_desk();
}

EACH_KIND(watch, gives_up_the_file_when_removed)
{
	struct trp_watch watch;
	int ends[2];
	char byte;

	open_desk(*kind);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	watch = watch_of(ends[0], POLLIN);
	add(&watch);
	look_often();
	drop(&watch);
	close(ends[0]);
	cr_assert_eq(recv(ends[1], &byte, 1, MSG_DONTWAIT), 0,
		     "the peer sees the end of file");
	close(ends[1]);
	close_desk();
}

EACH_KIND(watch, is_not_told_once_removed)
{
	struct trp_watch watch;
	const uint64_t one = 1;
	int fd;

	open_desk(*kind);
	fd = eventfd(0, EFD_CLOEXEC);
	watch = watch_of(fd, POLLIN);
	add(&watch);
	look_often();
	cr_assert_eq(write(fd, &one, 8), 8);
	drop(&watch);
	drop(&watch);
	look_often();
	cr_assert_eq(desk.calls, 0);
	close(fd);
	close_desk();
}

EACH_KIND(watch, survives_that_its_descriptor_is_closed)
{
	struct trp_watch watch;
	struct tap tap;
	const uint64_t one = 1;
	int fd;

	open_desk(*kind);
	fd = eventfd(1, EFD_CLOEXEC);
	watch = watch_of(fd, POLLIN);
	add(&watch);
	cr_assert(sleep_until_calls(1));
	close(fd);
	look_often();
	desk.calls = 0;
	look_often();
	cr_assert_eq(desk.calls, 0, "it is silent from then on");
	open_tap(&tap);
	cr_assert_eq(write(tap.watch.fd, &one, 8), 8);
	cr_assert(sleep_until_calls(1), "the others are not");
	drop(&watch);
	close_tap(&tap);
	close_desk();
}

EACH_KIND(watch, a_number_that_is_no_descriptor_is_refused)
{
	struct trp_watch watch = watch_of(-1, POLLIN);

	open_desk(*kind);
	cr_assert_eq(trp_wait_add(&desk.wait, &watch), -EBADF);
	watch.fd = 12345;
	cr_assert_eq(trp_wait_add(&desk.wait, &watch), -EBADF);
	trp_wait_remove(&desk.wait, &watch);
	close_desk();
}
