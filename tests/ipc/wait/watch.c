/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/watch_kit.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/watch_table.h"

EACH_KIND(watch, a_pipe_with_something_in_it_is_readable)
{
	struct trp_watch watch;
	int ends[2];

	open_desk(*kind);
	cr_assert_eq(pipe(ends), 0);
	watch = watch_of(ends[0], POLLIN);
	add(&watch);
	look_often();
	cr_assert_eq(desk.calls, 0);
	cr_assert_eq(write(ends[1], "x", 1), 1);
	cr_assert(sleep_until_calls(1));
	cr_assert_eq(desk.events, POLLIN);
	drop(&watch);
	close(ends[0]);
	close(ends[1]);
	close_desk();
}

EACH_KIND(watch, an_eventfd_is_readable_as_long_as_it_counts)
{
	struct trp_watch watch;
	uint64_t value;
	int fd, calls;

	open_desk(*kind);
	fd = eventfd(7, EFD_CLOEXEC | EFD_NONBLOCK);
	watch = watch_of(fd, POLLIN);
	add(&watch);
	cr_assert(sleep_until_calls(5), "level-triggered: again and again");
	cr_assert_eq(read(fd, &value, sizeof(value)), 8);
	look_often();
	calls = desk.calls;
	look_often();
	cr_assert_eq(desk.calls, calls, "no more when it is empty");
	drop(&watch);
	close(fd);
	close_desk();
}

EACH_KIND(watch, a_socket_is_writable_and_then_readable)
{
	struct trp_watch watch;
	int ends[2];

	open_desk(*kind);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	watch = watch_of(ends[0], POLLIN | POLLOUT);
	add(&watch);
	cr_assert(sleep_until_calls(1));
	cr_assert_eq(desk.events, POLLOUT);
	cr_assert_eq(send(ends[1], "x", 1, 0), 1);
	cr_assert(sleep_until_calls(desk.calls + 2));
	cr_assert_eq(desk.events, POLLIN | POLLOUT);
	drop(&watch);
	close(ends[0]);
	close(ends[1]);
	close_desk();
}

EACH_KIND(watch, a_writer_that_leaves_is_a_hangup)
{
	struct trp_watch watch;
	int ends[2];

	open_desk(*kind);
	cr_assert_eq(pipe(ends), 0);
	watch = watch_of(ends[0], POLLIN);
	add(&watch);
	look_often();
	close(ends[1]);
	cr_assert(sleep_until_calls(1));
	cr_assert(desk.events & POLLHUP);
	drop(&watch);
	close(ends[0]);
	close_desk();
}

EACH_KIND(watch, a_peer_that_closes_its_socket_is_an_end_of_file)
{
	struct trp_watch watch;
	int ends[2];

	open_desk(*kind);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	watch = watch_of(ends[0], POLLIN);
	add(&watch);
	look_often();
	close(ends[1]);
	cr_assert(sleep_until_calls(1));
	cr_assert_eq(desk.events & (POLLIN | POLLHUP), POLLIN | POLLHUP);
	drop(&watch);
	close(ends[0]);
	close_desk();
}

/* ---- many ---- */

enum { MANY = 500 };

EACH_KIND(watch, five_hundred_are_each_told_once)
{
	static struct tap taps[MANY];
	const uint64_t one = 1;

	open_desk(*kind);
	for (int i = 0; i < MANY; i++)
		open_tap(&taps[i]);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < MANY; i++)
			cr_assert_eq(write(taps[i].watch.fd, &one, 8), 8);
		cr_assert(sleep_until_calls(round * MANY));
		for (int i = 0; i < MANY; i++)
			cr_assert_eq(taps[i].calls, round);
	}
	look_often();
	cr_assert_eq(desk.calls, 3 * MANY);
	for (int i = 0; i < MANY; i++)
		close_tap(&taps[i]);
	close_desk();
}

/* More than fit into the submission queue at once. */
enum { BUSY = 40 };

EACH_KIND(watch, those_that_are_always_ready_do_not_starve_another)
{
	struct trp_watch busy[BUSY];
	const uint64_t one = 1;
	struct tap tap;
	int ends[2];

	open_desk(*kind);
	cr_assert_eq(pipe(ends), 0);
	for (int i = 0; i < BUSY; i++) {
		busy[i] = watch_of(dup(ends[1]), POLLOUT);
		add(&busy[i]);
	}
	open_tap(&tap);
	look_often();
	cr_assert_eq(write(tap.watch.fd, &one, 8), 8);
	look_often();
	cr_assert_eq(tap.calls, 1);
	close_tap(&tap);
	for (int i = 0; i < BUSY; i++) {
		drop(&busy[i]);
		close(busy[i].fd);
	}
	close(ends[0]);
	close(ends[1]);
	close_desk();
}

/* ---- beside mail ---- */

EACH_KIND(watch, mail_and_a_descriptor_at_once_are_both_found)
{
	const uint64_t one = 1;
	struct tap tap;

	open_desk(*kind);
	open_tap(&tap);
	for (int round = 1; round <= 1000; round++) {
		cr_assert_eq(write(tap.watch.fd, &one, 8), 8);
		bells_ring(desk.doorbells, 0, 1);
		cr_assert_eq(trp_wait_sleep(&desk.wait, TRP_NEVER), 0);
		cr_assert(trp_doorbell_is_set(&desk.doorbells->doorbell[0]));
		bells_clear(desk.doorbells, 0);
		cr_assert(sleep_until_calls(round));
	}
	cr_assert_eq(tap.calls, 1000);
	close_tap(&tap);
	close_desk();
}

EACH_KIND(watch, a_name_that_somebody_holds_is_no_obstacle)
{
	struct doorbells *doorbells = bells_new();
	struct trp_wait first, second;
	struct trp_watch one, two;
	int ends[2];

	require_kind(*kind);
	cr_assert_eq(pipe(ends), 0);
	one = two = watch_of(ends[0], POLLIN);
	init_wait(&first, *kind, doorbells, 1);
	cr_assert_eq(trp_wait_add(&first, &one), 0);
	init_wait(&second, *kind, doorbells, 1);
	cr_assert_eq(trp_wait_add(&second, &two), 0);

	for (int i = 0; i < 10; i++) {
		pid_t child = fork();

		if (child == 0) {
			while (!atomic_load(&doorbells->sleeping[1]))
				continue;
			bells_ring(doorbells, 1, 2);
			_exit(0);
		}
		while (!trp_doorbell_is_set(&doorbells->doorbell[1]))
			cr_assert_eq(trp_wait_sleep(&second, after_ms(9000)),
				     0);
		bells_clear(doorbells, 1);
		join(child);
	}
	cr_assert_leq(second.sleeps, 12);
	trp_wait_fini(&first);
	trp_wait_fini(&second);
	close(ends[0]);
	close(ends[1]);
	bells_free(doorbells);
}

/* ---- the table of them --------------------------------------------------- */

Test(watch_table, holds_as_many_as_it_says_and_no_more)
{
	enum { MOST = 1 << TRP_WATCH_INDEX_BITS };
	static struct trp_watch watches[MOST], another;
	struct trp_watch_table table = { 0 };

	for (uint32_t i = 0; i < MOST; i++)
		cr_assert_eq(trp_watch_table_take(&table, &watches[i]), 0);
	cr_assert_eq(trp_watch_table_take(&table, &another), -EMFILE);
	for (uint32_t i = 0; i < MOST; i++)
		cr_assert(trp_watch_table_find(&table, watches[i].serial) ==
			  &watches[i]);
	trp_watch_table_leave(&table, &watches[7]);
	cr_assert_eq(trp_watch_table_take(&table, &another), 0);
	cr_assert(trp_watch_table_find(&table, another.serial) == &another);
	trp_watch_table_fini(&table);
}
