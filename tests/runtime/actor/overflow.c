/* SPDX-License-Identifier: MIT */
/* Full mailboxes. */
#include "runtime/actor/self.h"
#include "tests/support/stage.h"

enum { LIMIT = 8192, NUMBERS = 2000, HOLD = -1, CLOSED = 0, OPEN = 1 };

/* A receiver that waits in its first handler until value[CLOSED] == 1; then it
 * notes each number from value[100] on, and their count. */
static int number_held(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	if (value == HOLD) {
		board->value[1] = 1;
		while (board->value[CLOSED] != OPEN)
			usleep(500);
		return 0;
	}
	CHECK(message->sender == troupe_parent());
	board->value[100 + board->count++] = value;
	return 0;
}

static const struct troupe_handler held_handlers[] = {
	{ &play__number__descriptor, number_held },
	{ 0 },
};
#define HELD(policy)                                                      \
	{                                                                 \
		.name = "held", .handlers = held_handlers,                \
		.mailbox_limit = LIMIT, .when_full = TROUPE_FULL_##policy \
	}
static const struct troupe_class refusing = HELD(REFUSE);
static const struct troupe_class dropping_new = HELD(DROP_NEW);
static const struct troupe_class dropping_old = HELD(DROP_OLD);

static troupe_ref spawn_held(const struct troupe_class *klass)
{
	troupe_ref ref;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	return ref;
}

static void hold(troupe_ref ref)
{
	CHECK(stage_send(ref, HOLD) == 0);
	while (!board->value[1])
		usleep(500);
}

static void let_go(troupe_ref ref)
{
	struct troupe_time end = troupe_in_ms(60000);

	board->value[CLOSED] = OPEN;
	while (troupe_close(ref) == -EAGAIN && troupe_now().ns < end.ns)
		usleep(500);
	CHECK(troupe_wait(ref, end, NULL) == 0);
}

static uint64_t refused(void)
{
	struct troupe_counters counters = { 0 };

	CHECK(troupe_count(troupe_self(), &counters) == 0);
	return counters.refused;
}

static int refuse_root(int argc, char **argv)
{
	troupe_ref ref = spawn_held(&refusing);
	int64_t i;

	hold(ref);
	for (i = 0; stage_send(ref, i) == 0; i++)
		;
	CHECK(stage_send(ref, i) == -EAGAIN && i < NUMBERS);
	CHECK(refused() == 2);
	let_go(ref);
	CHECK(board->count == i);
	return 0;
}

Test(overflow, a_refused_send_is_told_and_counted)
{
	stage_pass(refuse_root);
}

static void ignore(const Play__Number *number, void *data)
{
	CHECK(!number);
}

static int drop_new_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref = spawn_held(&dropping_new);
	struct troupe_proxy proxy;
	char beside[64] = { 0 };
	uint64_t lost;
	int64_t i;

	hold(ref);
	for (i = 0; i < NUMBERS; i++)
		CHECK(stage_send(ref, i) == 0);
	for (i = 0; i < NUMBERS; i++)
		CHECK(troupe_send_attached(ref, &number.base, beside,
					   sizeof(beside)) == 0);
	lost = refused() - NUMBERS;
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	play__link__ask(&proxy.base, &number, ignore, NULL);
	CHECK(troupe_await(&proxy) == -EAGAIN && proxy.pending == 0);
	CHECK(troupe_send_wait(ref, &number.base, troupe_in_ms(10)) == -EAGAIN);
	let_go(ref);
	CHECK(board->count == NUMBERS - (int64_t)lost && lost > 0);
	for (i = 0; i < board->count; i++)
		CHECK(board->value[100 + i] == i);
	return 0;
}

Test(overflow, drop_new_keeps_the_first_and_counts_the_rest)
{
	stage_pass(drop_new_root);
}

static int drop_old_root(int argc, char **argv)
{
	troupe_ref ref = spawn_held(&dropping_old);
	struct troupe_counters counters;
	int64_t sent, i;

	hold(ref);
	for (sent = 0; stage_send(ref, sent) == 0; sent++)
		;
	CHECK(sent < NUMBERS);
	board->value[CLOSED] = OPEN;
	while (!board->count || board->value[100 + board->count - 1] < sent - 1)
		usleep(500);
	CHECK(troupe_count(ref, &counters) == 0);
	CHECK(counters.dropped == (uint64_t)(sent - board->count));
	/* About half of it, the newer half. */
	CHECK(board->count > sent / 3 && board->count < sent * 2 / 3);
	for (i = 0; i < board->count; i++)
		CHECK(board->value[100 + i] == sent - board->count + i);
	let_go(ref);
	return 0;
}

Test(overflow, drop_old_keeps_the_last)
{
	stage_pass(drop_old_root);
}

/* ---- room again ---------------------------------------------------------- */

static int told;

static int on_room(struct troupe_room *room)
{
	told++;
	return 0;
}

static void fill(troupe_ref ref)
{
	hold(ref);
	while (stage_send(ref, 7) == 0)
		;
}

static int room_root(int argc, char **argv)
{
	struct troupe_room room = { .has_room = on_room };
	struct troupe_room other = { .has_room = on_room };
	troupe_ref ref = spawn_held(&refusing);

	fill(ref);
	CHECK(troupe_room_notify(&room, ref) == 0);
	CHECK(troupe_room_notify(&other, ref) == 0);
	CHECK(stage_receive(50) == -1 && told == 0);
	CHECK(troupe_room_cancel(&other) == 1);
	CHECK(troupe_room_cancel(&other) == 0);
	board->value[CLOSED] = OPEN;
	while (!told)
		CHECK(stage_receive(20) == -1);
	CHECK(stage_receive(20) == -1 && told == 1);
	CHECK(stage_send(ref, 8) == 0);
	return 0;
}

Test(overflow, who_asked_is_told_once_that_there_is_room)
{
	stage_pass(room_root);
}

/* It is due again when it returns. */
static int be_late(struct troupe_timer *timer)
{
	struct troupe_time end = troupe_in_ms(2);

	while (troupe_now().ns < end.ns)
		;
	return 0;
}

static int busy_root(int argc, char **argv)
{
	struct troupe_time end = troupe_in_ms(60000);
	struct troupe_room room = { .has_room = on_room };
	struct troupe_timer timer = { .fired = be_late };
	troupe_ref ref = spawn_held(&refusing);

	fill(ref);
	CHECK(troupe_room_notify(&room, ref) == 0);
	CHECK(troupe_timer_start(&timer, troupe_now(), 1) == 0);
	board->value[CLOSED] = OPEN;
	while (!told && troupe_now().ns < end.ns)
		CHECK(stage_receive(20) == -1);
	CHECK(told == 1);
	return 0;
}

Test(overflow, who_asked_is_told_though_a_timer_is_always_due)
{
	stage_pass(busy_root);
}

/* A sleeper wakes each 30 seconds, and would notice then. */
static bool is_soon(struct troupe_time begin)
{
	return troupe_now().ns - begin.ns < INT64_C(25000000000);
}

static int on_room_wake(struct troupe_room *room)
{
	told++;
	return stage_send(troupe_self(), 1);
}

/* Not the receiver's parent, which would get its end in any case. */
static int room_waiter_run(const void *arguments)
{
	troupe_ref ref = ((const Play__Who *)arguments)->ref;
	struct troupe_room room = { .has_room = on_room_wake };
	struct troupe_time begin = troupe_now();

	fill(ref);
	CHECK(troupe_room_notify(&room, ref) == 0);
	board->value[4] = 1;
	/* One sleep: the death itself is what wakes. */
	CHECK(stage_receive(60000) == 1 && told == 1);
	CHECK(is_soon(begin));
	CHECK(troupe_room_notify(&room, ref) == -ESRCH);
	return 0;
}

static int send_waiter_run(const void *arguments)
{
	troupe_ref ref = ((const Play__Who *)arguments)->ref;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_time begin = troupe_now();

	fill(ref);
	board->value[4] = 1;
	CHECK(troupe_send_wait(ref, &number.base, troupe_in_ms(60000)) ==
	      -ESRCH);
	CHECK(is_soon(begin));
	return 0;
}

static void kill_under(int (*waiter_run)(const void *arguments))
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref waiter;

	who.ref = spawn_held(&refusing);
	CHECK(troupe_spawn_function(waiter_run, &who.base, &waiter) == 0);
	while (!board->value[4])
		usleep(500);
	usleep(50000);
	CHECK(troupe_kill(who.ref) == 0);
	CHECK(troupe_wait(waiter, troupe_in_ms(60000), NULL) == 0);
}

static int room_dead_root(int argc, char **argv)
{
	kill_under(room_waiter_run);
	return 0;
}

Test(overflow, who_asked_is_told_when_the_receiver_has_died)
{
	stage_pass(room_dead_root);
}

/* It runs between the check for room and the sleep. */
static void open_and_await_ring(const Play__Number *number, void *data)
{
	CHECK(!number);
	board->value[CLOSED] = OPEN;
	while (!trp_doorbell_is_set(trp_self.mailbox.doorbell))
		usleep(100);
}

static void keep(Play__Link_Service *service, const Play__Number *number,
		 Play__Number_Closure reply, void *call)
{
	stage_keep(call);
}

static const Play__Link_Service silent_methods = { PLAY__LINK__BASE_INIT,
						   keep };
static const struct troupe_class silent = { .name = "silent",
					    .service = &silent_methods.base };

static int fire(struct troupe_timer *timer)
{
	++*(int *)timer->data;
	return 0;
}

/* Timers, deadlines with them, take the last turn after one that had one. */
static void put_deadlines_last(void)
{
	int fired = 0;
	struct troupe_timer timer = { .fired = fire, .data = &fired };

	CHECK(troupe_timer_start(&timer, troupe_now(), 0) == 0);
	while (!fired)
		CHECK(stage_receive(1) == -1);
}

static int ring_root(int argc, char **argv)
{
	struct troupe_room room = { .has_room = on_room_wake };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	struct troupe_time begin;
	troupe_ref ref, never;
	int i;

	CHECK(troupe_spawn(&silent, NULL, &never) == 0);
	troupe_proxy_init(&proxy, never, &play__link__descriptor);
	proxy.timeout_ms = 20;
	for (i = 1; i <= 12 && !board->failures; i++) {
		board->value[1] = board->value[CLOSED] = board->count = 0;
		ref = spawn_held(&refusing);
		fill(ref);
		put_deadlines_last();
		begin = troupe_now();
		CHECK(troupe_room_notify(&room, ref) == 0);
		play__link__ask(&proxy.base, &number, open_and_await_ring,
				NULL);
		CHECK(stage_receive(60000) == 1 && told == i);
		CHECK(is_soon(begin));
		let_go(ref);
	}
	return 0;
}

Test(overflow, who_asked_is_told_though_the_ring_came_before_the_sleep)
{
	stage_pass(ring_root);
}

static int wait_dead_root(int argc, char **argv)
{
	kill_under(send_waiter_run);
	return 0;
}

Test(overflow, waiting_for_room_ends_with_the_receiver)
{
	stage_pass(wait_dead_root);
}
