/* SPDX-License-Identifier: MIT */
/* Routers over given members. */
#include "tests/runtime/router/kit.h"

#include "runtime/troupe_backtrace.h"

TestSuite(router, .timeout = 120);

static void open_over(struct troupe_router *router, const troupe_ref *refs,
		      size_t count)
{
	CHECK(troupe_router_open(router, &play__clerk__descriptor) == 0);
	for (size_t i = 0; i < count; i++)
		CHECK(troupe_router_add(router, refs[i]) == 0);
	CHECK(router->count == count);
}

/* ---- whose turn it is ---------------------------------------------------- */

enum { HANDS = 4 };

static int turns_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	troupe_ref refs[HANDS];

	spawn_hands(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	for (int64_t i = 1; i <= 40; i++)
		CHECK(route(&router, i) == 0 && router.reached == 1);
	expect_each_once(1, 40);
	for (int i = 0; i < HANDS; i++)
		CHECK(board->value[NOTED + i] == 10);
	CHECK(troupe_router_add(&router, refs[0]) == -EALREADY);
	CHECK(troupe_router_add(&router, 0) == -EINVAL);
	CHECK(troupe_router_remove(&router, refs[0]) == 0);
	CHECK(troupe_router_remove(&router, refs[0]) == -ENOENT);
	for (int64_t i = 41; i <= 43; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(41, 43);
	CHECK(board->value[NOTED] == 10);
	troupe_router_close(&router);
	troupe_router_close(&router);
	CHECK(route(&router, 1) == -EINVAL);
	return 0;
}

Test(router, round_robin_gives_each_member_its_turn)
{
	stage_pass(turns_root);
}

static int random_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_RANDOM };
	troupe_ref refs[HANDS];

	spawn_hands(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	for (int64_t i = 1; i <= 400; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(1, 400);
	for (int i = 0; i < HANDS; i++) /* else once in 10^12 */
		CHECK(board->value[NOTED + i] > 40);
	return 0;
}

Test(router, random_gives_all_members_some)
{
	stage_pass(random_root);
}

/* One who has sent 20 numbers to another. */
static int other_run(const void *arguments)
{
	const Play__Who *who = arguments;

	for (int64_t i = 0; i < 20; i++)
		CHECK(stage_send(who->ref, 2000 + i) == 0);
	return stage_send(troupe_parent(), 1);
}

static int least_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_LEAST_UNREAD };
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref refs[HANDS];

	spawn_hands(&hand, refs, HANDS);
	for (int i = 0; i < HANDS; i++)
		block(refs[i], i);
	who.ref = refs[2];
	CHECK(troupe_spawn_function(other_run, &who.base, NULL) == 0);
	CHECK(stage_receive(60000) == 1);
	for (int64_t i = 0; i < 10; i++)
		CHECK(stage_send(refs[1], 2100 + i) == 0);
	open_over(&router, refs, HANDS);
	/* 0 and 3 have none, 1 has 10, 2 has 20 of another. */
	for (int64_t i = 1; i <= 50; i++)
		CHECK(route(&router, i) == 0);
	for (int i = 0; i < HANDS; i++)
		set_free(i);
	expect_each_once(1, 50);
	expect_each_once(2000, 2019);
	expect_each_once(2100, 2109);
	/* By bytes: what a ring needs for itself counts, too. */
	for (int i = 0; i < HANDS; i++)
		CHECK(labs(board->value[NOTED + i] - 20) <= 2);
	return 0;
}

Test(router, the_member_with_the_least_unread_mail_of_all_senders_is_next)
{
	stage_pass(least_root);
}

static uint64_t key_of(const ProtobufCMessage *number)
{
	return (uint64_t)value_of(number) % 100;
}

static int key_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_BY_KEY, .key = key_of };
	troupe_ref refs[HANDS];
	long by[100], moved = 0, orphans = 0;
	int64_t i;

	spawn_hands(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	for (i = 0; i < 100; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(0, 99);
	for (i = 0; i < 100; i++)
		by[i] = board->value[LAST_BY + i];
	for (i = 100; i < 200; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(100, 199);
	for (i = 0; i < 100; i++)
		CHECK(board->value[LAST_BY + i] == by[i]);
	CHECK(stage_send(refs[1], CRASH) == 0);
	stage_end_of(refs[1]);
	for (i = 200; i < 300; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(200, 299);
	for (i = 0; i < 100; i++) {
		orphans += by[i] == 2;
		moved += board->value[LAST_BY + i] != by[i];
		CHECK(board->value[LAST_BY + i] != 2);
	}
	/* No other key has moved. */
	CHECK(orphans > 5 && moved == orphans);
	return 0;
}

Test(router, a_key_stays_with_its_member_as_long_as_that_lives)
{
	stage_pass(key_root);
}

/* ---- all ----------------------------------------------------------------- */

static int broadcast_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_BROADCAST };
	troupe_ref refs[HANDS];

	CHECK(troupe_router_open(&router, NULL) == 0);
	CHECK(route(&router, 1) == 0 && router.reached == 0);
	troupe_router_close(&router);
	spawn_hands(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	CHECK(route(&router, 7) == 0 && router.reached == HANDS);
	await_count(&board->value[7], HANDS);
	for (int i = 0; i < HANDS; i++)
		CHECK(board->value[NOTED + i] == 1);
	CHECK(troupe_kill(refs[3]) == 0);
	stage_end_of(refs[3]);
	CHECK(route(&router, 8) == 0 && router.reached == HANDS - 1);
	CHECK(router.count == HANDS - 1);
	await_count(&board->value[8], HANDS - 1);
	return 0;
}

Test(router, a_broadcast_reaches_all_that_live)
{
	stage_pass(broadcast_root);
}

static int full_broadcast_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_BROADCAST };
	troupe_ref refs[2];
	long all = 0;

	spawn_hands(&small_hand, refs, 2);
	block(refs[0], 0);
	block(refs[1], 1);
	open_over(&router, refs, 2);
	while (stage_send(refs[1], 1) == 0)
		;
	while (route(&router, 2) == 0) {
		CHECK(router.reached == 1);
		all++;
	}
	CHECK(all > 3 && router.reached == 0);
	CHECK(route(&router, 2) == -EAGAIN);
	set_free(0);
	set_free(1);
	await_count(&board->value[2], all);
	return 0;
}

Test(router, a_broadcast_fails_only_where_all_are_full)
{
	stage_pass(full_broadcast_root);
}

/* ---- full, or down ------------------------------------------------------- */

static int full_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	troupe_ref refs[HANDS];
	int64_t sent = 0;
	long most = 0;

	spawn_hands(&small_hand, refs, HANDS);
	for (int i = 0; i < HANDS; i++)
		block(refs[i], i);
	open_over(&router, refs, HANDS);
	while (stage_send(refs[2], 2000 + most) == 0)
		most++;
	while (route(&router, sent) == 0)
		sent++;
	CHECK(route(&router, sent) == -EAGAIN && router.reached == 0);
	CHECK(sent == (HANDS - 1) * most);
	for (int i = 0; i < HANDS; i++)
		set_free(i);
	expect_each_once(0, sent - 1);
	expect_each_once(2000, 2000 + most - 1);
	return 0;
}

Test(router, a_full_member_is_passed_over_until_all_are_full)
{
	stage_pass(full_root);
}

static int down_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	struct troupe_end end;
	troupe_ref refs[2];

	spawn_hands(&lasting_hand, refs, 2);
	open_over(&router, refs, 2);
	await_count(&board->value[STARTED], 2);
	block(refs[1], 1);
	CHECK(troupe_kill(refs[1]) == 0);
	CHECK(troupe_wait_next(refs[1], troupe_in_ms(60000), &end) == 0);
	CHECK(end.will_restart);
	/* Down, or up again: each is handled by one of them. */
	for (int64_t i = 1; i <= 20; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(1, 20);
	await_count(&board->value[STARTED], 3);
	CHECK(troupe_router_members(&router, NULL, 0) == 2);
	for (int64_t i = 21; i <= 40; i++)
		CHECK(route(&router, i) == 0);
	expect_each_once(21, 40);
	CHECK(board->value[NOTED + 1] >= 10);
	/* All are down: it waits for the successor. */
	CHECK(troupe_router_remove(&router, refs[0]) == 0);
	block(refs[1], 1);
	CHECK(troupe_kill(refs[1]) == 0);
	CHECK(troupe_wait_next(refs[1], troupe_in_ms(60000), &end) == 0);
	CHECK(route(&router, 41) == 0);
	expect_each_once(41, 41);
	return 0;
}

Test(router, a_member_that_is_restarted_comes_back)
{
	stage_pass(down_root);
}

/* ---- calls --------------------------------------------------------------- */

static int calls_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_LEAST_UNREAD };
	struct troupe_proxy *proxy = &router.proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref refs[HANDS];
	long sum = 0;

	CHECK(troupe_router_open(&router, &play__clerk__descriptor) == 0);
	play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	CHECK(troupe_await(proxy) == -ESRCH);
	CHECK(proxy->reason.cause == TROUPE_NOPROC);
	troupe_router_close(&router);
	spawn_hands(&hand, refs, HANDS);
	open_over(&router, refs, HANDS);
	for (int i = 0; i < HANDS; i++)
		block(refs[i], i);
	for (number.value = 1; number.value <= 40; number.value++)
		play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	CHECK(proxy->pending == 40);
	for (int i = 0; i < HANDS; i++)
		set_free(i);
	CHECK(troupe_await(proxy) == 0);
	CHECK(sum == 2 * 40 * 41 / 2);
	for (int i = 0; i < HANDS; i++)
		CHECK(board->value[NOTED + i] == 10);
	/* One-way. */
	number.value = 41;
	play__clerk__twice(&proxy->base, &number, NULL, NULL);
	CHECK(proxy->error == 0);
	expect_each_once(41, 41);
	play__clerk__refuse(&proxy->base, &number, add_answer, &sum);
	CHECK(troupe_await(proxy) == -EDOM);
	CHECK(!strcmp(proxy->reason.text, "no"));
	return 0;
}

Test(router, calls_are_spread_and_complete_as_those_of_a_proxy)
{
	stage_pass(calls_root);
}

static void tell_origin(char *buffer, size_t size)
{
	snprintf(buffer, size, "from %d", getpid());
}

static void tell_twice(Play__Clerk_Service *service, const Play__Number *number,
		       Play__Number_Closure reply, void *call)
{
	reply(number, call);
}

static void tell_refuse(Play__Clerk_Service *service,
			const Play__Number *number, Play__Number_Closure reply,
			void *call)
{
	CHECK(troupe_fail(call, -EDOM, "no") == 0);
}

static const Play__Clerk_Service tell_methods = {
	.base = PLAY__CLERK__BASE_INIT,
	.twice = tell_twice,
	.refuse = tell_refuse,
};
static const struct troupe_class teller = { .name = "teller",
					    .service = &tell_methods.base,
					    .backtrace = tell_origin };

/* More of them than there are backtraces kept. */
static int origins_root(int argc, char **argv)
{
	enum { TELLERS = 20 };
	struct troupe_router routers[] = { { .by = TROUPE_ROUND_ROBIN },
					   { .by = TROUPE_BROADCAST },
					   { .by = TROUPE_FIRST_ANSWER } };
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy *proxy;
	troupe_ref refs[TELLERS];
	long sum = 0;

	for (int i = 0; i < TELLERS; i++)
		CHECK(troupe_spawn(&teller, NULL, &refs[i]) == 0);
	for (size_t i = 0; i < 3; i++) {
		proxy = &routers[i].proxy;
		open_over(&routers[i], refs, TELLERS);
		play__clerk__refuse(&proxy->base, &number, add_answer, &sum);
		CHECK(troupe_await(proxy) == -EDOM);
		CHECK(!strncmp(troupe_proxy_backtrace(proxy), "from ", 5));
	}
	for (size_t i = 0; i < 3; i++) {
		proxy = &routers[i].proxy;
		CHECK(!strncmp(troupe_proxy_backtrace(proxy), "from ", 5));
		play__clerk__twice(&proxy->base, &number, add_answer, &sum);
		CHECK(troupe_await(proxy) == 0);
		CHECK(!*troupe_proxy_backtrace(proxy));
		troupe_router_close(&routers[i]);
	}
	return 0;
}

Test(router, a_call_that_fails_has_the_backtrace_of_the_first_that_failed)
{
	stage_pass(origins_root);
}

static int first_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_FIRST_ANSWER };
	struct troupe_proxy *proxy = &router.proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref refs[3];
	long sum = 0;

	spawn_hands(&hand, refs, 3);
	open_over(&router, refs, 3);
	block(refs[0], 0);
	block(refs[2], 2);
	number.value = 5;
	play__clerk__later(&proxy->base, &number, add_answer, &sum);
	CHECK(proxy->pending == 1);
	CHECK(troupe_await(proxy) == 0 && sum == 1);
	CHECK(proxy->pending == 0 && proxy->error == 0);
	/* It dies; another answers later. */
	play__clerk__crash(&proxy->base, &number, add_answer, &sum);
	stage_end_of(refs[1]);
	CHECK(troupe_kill(refs[0]) == 0);
	stage_end_of(refs[0]);
	set_free(2);
	CHECK(troupe_await(proxy) == -ESRCH && proxy->pending == 0);
	CHECK(troupe_router_members(&router, NULL, 0) == 0);
	play__clerk__later(&proxy->base, &number, add_answer, &sum);
	CHECK(troupe_await(proxy) == -ESRCH);
	return 0;
}

Test(router, the_first_answer_wins)
{
	stage_pass(first_root);
}

static int all_answers_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_BROADCAST };
	struct troupe_proxy *proxy = &router.proxy;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref refs[3];
	long sum = 0;

	spawn_hands(&hand, refs, 3);
	open_over(&router, refs, 3);
	number.value = 6;
	play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	CHECK(troupe_await(proxy) == 0 && sum == 12);
	CHECK(board->value[6] == 3);
	play__clerk__note(&proxy->base, &number, NULL, NULL);
	await_count(&board->value[6], 6);
	/* One fails: so does all of it, when all have answered. */
	block(refs[1], 1);
	play__clerk__twice(&proxy->base, &number, add_answer, &sum);
	CHECK(troupe_kill(refs[1]) == 0);
	CHECK(troupe_await(proxy) == -ESRCH && sum == 12);
	CHECK(board->value[6] == 8);
	/* Calls that are pending are abandoned. */
	play__clerk__silent(&proxy->base, &number, add_answer, &sum);
	troupe_router_close(&router);
	CHECK(proxy->pending == 0);
	return 0;
}

Test(router, a_call_to_all_completes_with_the_last_answer)
{
	stage_pass(all_answers_root);
}

static struct troupe_router *to_close;

static void close_it(const Play__Number *answer, void *sum)
{
	add_answer(answer, sum);
	troupe_router_close(to_close);
}

static int close_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref refs[3];
	long sum = 0;

	spawn_hands(&hand, refs, 3);
	number.value = 1;
	for (int by = TROUPE_ROUND_ROBIN; by <= TROUPE_FIRST_ANSWER; by++) {
		struct troupe_router router = { .by = by, .key = key_of };

		to_close = &router;
		sum = 0;
		open_over(&router, refs, 3);
		for (int i = 0; i < 3; i++)
			play__clerk__twice(&router.proxy.base, &number,
					   i ? add_answer : close_it, &sum);
		CHECK(troupe_await(&router.proxy) == 0);
		CHECK(sum >= 2 && router.proxy.pending == 0);
	}
	/* Late answers find nobody. */
	CHECK(stage_receive(50) == -1);
	return 0;
}

Test(router, a_closure_may_close_its_router)
{
	stage_pass(close_root);
}

/* ---- cycles -------------------------------------------------------------- */

static troupe_ref root_ref;

static void asker_ask(Play__Link_Service *service, const Play__Number *number,
		      Play__Number_Closure reply, void *call)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	long sum = 0;
	int r;

	CHECK(troupe_router_open(&router, &play__link__descriptor) == 0);
	CHECK(troupe_router_add(&router, root_ref) == 0);
	play__link__ask(&router.proxy.base, number, add_answer, &sum);
	/* The later of the two finds it; if that was the root, it has ended. */
	r = troupe_await(&router.proxy);
	CHECK(r == -EDEADLK || r == -ESRCH || r == -ECANCELED);
	troupe_fail(call, -EDEADLK, router.proxy.reason.text);
	troupe_router_close(&router);
}

static int asker_init(const void *arguments)
{
	root_ref = ((const Play__Who *)arguments)->ref;
	return 0;
}

static const Play__Link_Service asker_methods = PLAY__LINK__INIT(asker_);
static const struct troupe_class asker = { .name = "asker",
					   .init = asker_init,
					   .service = &asker_methods.base };

static int cycle_root(int argc, char **argv)
{
	struct troupe_router router = { .by = TROUPE_ROUND_ROBIN };
	Play__Number number = PLAY__NUMBER__INIT;
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;
	long sum = 0;

	who.ref = troupe_self();
	CHECK(troupe_spawn(&asker, &who.base, &ref) == 0);
	CHECK(troupe_router_open(&router, &play__link__descriptor) == 0);
	CHECK(troupe_router_add(&router, ref) == 0);
	router.proxy.timeout_ms = 60000;
	play__link__ask(&router.proxy.base, &number, add_answer, &sum);
	CHECK(troupe_await(&router.proxy) == -EDEADLK);
	CHECK(strstr(router.proxy.reason.text, "asker"));
	return 0;
}

Test(router, a_cycle_of_awaits_through_routers_is_found)
{
	stage_pass(cycle_root);
}

/* ---- limits -------------------------------------------------------------- */

static int many_root(int argc, char **argv)
{
	static struct troupe_router router[64];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 63; i++)
			CHECK(troupe_router_open(&router[i], NULL) == 0);
		CHECK(troupe_router_open(&router[62], NULL) == -EALREADY);
		CHECK(troupe_router_open(&router[63], NULL) == -EMFILE);
		CHECK(route(&router[0], 1) == -ESRCH);
		for (int i = 0; i < 63; i++)
			troupe_router_close(&router[i]);
	}
	router[0].by = TROUPE_BY_KEY;
	CHECK(troupe_router_open(&router[0], NULL) == -EINVAL);
	router[0].by = 17;
	CHECK(troupe_router_open(&router[0], NULL) == -EINVAL);
	router[0] = (struct troupe_router) { .each = &hand };
	CHECK(troupe_router_open(&router[0], NULL) == -EINVAL);
	router[0].least = 2;
	router[0].most = 1;
	CHECK(troupe_router_open(&router[0], NULL) == -EINVAL);
	return 0;
}

Test(router, what_cannot_be_is_refused)
{
	stage_pass(many_root);
}
