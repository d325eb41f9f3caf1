/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/watch_kit.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct desk desk;

void note(struct trp_watch *watch, uint32_t events)
{
	desk.calls++;
	desk.events |= events;
}

void open_desk(enum trp_wait_kind kind)
{
	require_kind(kind);
	desk = (struct desk) { .doorbells = bells_new(),
			       .descriptors = count_descriptors() };
	init_wait(&desk.wait, kind, desk.doorbells, 0);
}

void close_desk(void)
{
	trp_wait_fini(&desk.wait);
	bells_free(desk.doorbells);
	cr_assert_eq(count_descriptors(), desk.descriptors);
}

struct trp_watch watch_of(int fd, uint32_t events)
{
	return (struct trp_watch) { .fd = fd, .events = events, .ready = note };
}

void add(struct trp_watch *watch)
{
	cr_assert_eq(trp_wait_add(&desk.wait, watch), 0);
}

void drop(struct trp_watch *watch)
{
	trp_wait_remove(&desk.wait, watch);
}

/* Until that many calls were made; false: they did not come. */
bool sleep_until_calls(int calls)
{
	struct trp_time limit = after_ms(10000);

	while (desk.calls < calls && trp_time_now().ns < limit.ns)
		cr_assert_eq(trp_wait_sleep(&desk.wait, limit), 0);
	return desk.calls >= calls;
}

void look_often(void)
{
	for (int i = 0; i < 20; i++)
		cr_assert_eq(trp_wait_poll(&desk.wait), 0);
}

static void drain(struct trp_watch *watch, uint32_t events)
{
	struct tap *tap = watch->data;
	uint64_t value;

	tap->calls++;
	desk.calls++;
	cr_assert_eq(read(watch->fd, &value, sizeof(value)), 8);
}

void open_tap(struct tap *tap)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	cr_assert_geq(fd, 0);
	*tap = (struct tap) { .watch = { .fd = fd,
					 .events = POLLIN,
					 .ready = drain,
					 .data = tap } };
	add(&tap->watch);
}

void close_tap(struct tap *tap)
{
	drop(&tap->watch);
	close(tap->watch.fd);
}
