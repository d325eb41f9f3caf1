/* SPDX-License-Identifier: MIT */
/* Mail that members have not taken when they die or leave. */
#include "tests/runtime/router/kit.h"

TestSuite(rescue, .timeout = 180);

enum { HANDS = 3 };

static void open_over(struct troupe_router *router, const troupe_ref *refs,
		      size_t count)
{
	CHECK(troupe_router_open(router, &play__clerk__descriptor) == 0);
	for (size_t i = 0; i < count; i++)
		CHECK(troupe_router_add(router, refs[i]) == 0);
}

static void spawn_blocked(const struct troupe_class *klass, troupe_ref *refs,
			  int64_t count)
{
	spawn_hands(klass, refs, count);
	for (int64_t i = 0; i < count; i++)
		block(refs[i], i);
}

static void kill_it(troupe_ref ref)
{
	CHECK(troupe_kill(ref) == 0);
	stage_end_of(ref);
}

/* ---- messages ------------------------------------------------------------ */

static int messages_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	troupe_ref refs[HANDS];

	spawn_blocked(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	/* More than a first ring of each lane. */
	for (int64_t i = 1; i <= 900; i++)
		CHECK(route(&router, i) == 0);
	CHECK(stage_send(refs[1], 2999) == 0); /* not by the router */
	kill_it(refs[1]);
	set_free(0);
	set_free(2);
	expect_each_once(1, 900);
	CHECK(board->value[NOTED] + board->value[NOTED + 2] == 900);
	CHECK(board->value[2999] == 0);
	CHECK(troupe_router_members(&router, NULL, 0) == 2);
	return 0;
}

Test(rescue, messages_that_a_dead_member_had_not_taken_go_to_the_others)
{
	stage_pass(messages_root);
}

static int removed_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_RANDOM };
	troupe_ref refs[2];

	spawn_blocked(&hand, refs, 2);
	open_over(&router, refs, 2);
	for (int64_t i = 1; i <= 40; i++)
		CHECK(route(&router, i) == 0);
	/* Both were removed: one handles what it got, the other dies first. */
	CHECK(troupe_router_remove(&router, refs[0]) == 0);
	CHECK(troupe_router_remove(&router, refs[1]) == 0);
	CHECK(route(&router, 41) == -ESRCH);
	set_free(0);
	kill_it(refs[1]);
	stage_receive(1);
	CHECK(troupe_router_add(&router, spawn_hand(&hand, 2)) == 0);
	expect_each_once(1, 40);
	CHECK(board->value[NOTED + 1] == 0 && board->value[41] == 0);
	return 0;
}

Test(rescue, mail_waits_for_a_member_where_there_is_none)
{
	stage_pass(removed_root);
}

static int full_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	troupe_ref refs[HANDS];
	int64_t sent = 1;

	spawn_blocked(&small_hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	while (route(&router, sent) == 0)
		sent++;
	CHECK(sent > 3 * HANDS);
	kill_it(refs[0]);
	kill_it(refs[2]);
	stage_receive(1);
	CHECK(route(&router, sent) == -EAGAIN);
	set_free(1);
	expect_each_once(1, sent - 1);
	CHECK(board->value[sent] == 0);
	return 0;
}

Test(rescue, mail_waits_for_room_where_all_others_are_full)
{
	stage_pass(full_root);
}

static int reuse_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	troupe_ref refs[2], next = 0;

	spawn_blocked(&hand, refs, 2);
	open_over(&router, refs, 2);
	for (int64_t i = 1; i <= 60; i++)
		CHECK(route(&router, i) == 0);
	kill_it(refs[1]);
	/* Another gets its slot, and mail, before we have had a turn. */
	for (int i = 0; i < 3000; i++) {
		next = spawn_hand(&hand, 2);
		CHECK(stage_send(next, i ? 2000 : 100) == 0);
		if (next >> 24 == refs[1] >> 24)
			break;
		troupe_kill(next);
	}
	CHECK(stage_send(next, 101) == 0);
	set_free(0);
	expect_each_once(1, 60);
	expect_each_once(101, 101);
	CHECK(board->value[NOTED] == 60);
	return 0;
}

Test(rescue, its_slot_may_have_a_new_owner_by_then)
{
	stage_pass(reuse_root);
}

static int closed_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	struct troupe_router other = { .by = TROUPE_ROUND_ROBIN };
	troupe_ref refs[2];

	spawn_blocked(&hand, refs, 2);
	open_over(&router, refs, 1);
	for (int64_t i = 1; i <= 5; i++)
		CHECK(route(&router, i) == 0);
	open_over(&other, &refs[1], 1);
	troupe_router_close(&router);
	kill_it(refs[0]);
	set_free(1);
	CHECK(route(&other, 6) == 0);
	expect_each_once(6, 6);
	for (int64_t i = 1; i <= 5; i++)
		CHECK(board->value[i] == 0);
	return 0;
}

Test(rescue, mail_of_a_router_that_was_closed_goes_to_no_other)
{
	stage_pass(closed_root);
}

/* ---- calls --------------------------------------------------------------- */

static int calls_by(enum troupe_routing by)
{
	struct troupe_router router = { .by = by };
	struct troupe_proxy *proxy = &router.proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref refs[HANDS];
	long sum = 0;

	spawn_blocked(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	for (number.value = 1; number.value <= 30; number.value++)
		play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	kill_it(refs[1]);
	set_free(0);
	set_free(2);
	CHECK(troupe_await(proxy) == 0);
	CHECK(sum == 30 * 31);
	expect_each_once(1, 30);
	/* One that was taken is not asked again. */
	CHECK(troupe_router_remove(&router, refs[2]) == 0);
	board->value[BLOCKED] = 0;
	play__clerk__silent(&proxy->base, &number, add_answer, &sum);
	await_count(&board->value[BLOCKED], 1);
	CHECK(troupe_router_add(&router, refs[2]) == 0);
	kill_it(refs[0]);
	CHECK(troupe_await(proxy) == -ESRCH);
	return 0;
}

static int calls_root(int argc, char **argv)
{
	return calls_by(TROUPE_ROUND_ROBIN);
}

Test(rescue, calls_that_a_dead_member_had_not_taken_are_answered_by_others)
{
	stage_pass(calls_root);
}

static int counted_root(int argc, char **argv)
{
	return calls_by(TROUPE_LEAST_UNREAD);
}

Test(rescue, and_so_are_calls_that_are_counted)
{
	stage_pass(counted_root);
}

static int held_call_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	struct troupe_proxy *proxy = &router.proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref refs[2];
	long sum = 0, more = 0;

	spawn_blocked(&small_hand, refs, 2);
	open_over(&router, refs, 2);
	proxy->timeout_ms = 120000;
	for (number.value = 1; number.value <= 8; number.value++)
		play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	CHECK(proxy->pending == 8);
	while (stage_send(refs[1], 2000 + more) == 0)
		more++;
	kill_it(refs[0]);
	/* No handler runs while we await, and the other is full at first. */
	set_free(1);
	CHECK(troupe_await(proxy) == 0);
	CHECK(sum == 72);
	expect_each_once(1, 8);
	/* There is nobody for it: its deadline ends it. */
	block(refs[1], 1);
	proxy->timeout_ms = 50;
	play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	kill_it(refs[1]);
	CHECK(troupe_await(proxy) == -ETIMEDOUT);
	return 0;
}

Test(rescue, calls_that_wait_for_a_member_are_sent_while_they_are_awaited)
{
	stage_pass(held_call_root);
}
