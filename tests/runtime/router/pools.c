/* SPDX-License-Identifier: MIT */
/* Elastic pools of one class. */
#include "tests/runtime/router/kit.h"

TestSuite(pool, .timeout = 120);

enum { LEAST = 2, MOST = 5 };

/* All of them are index 0. */
static Play__Number index_of_all = PLAY__NUMBER__INIT;

static struct troupe_router pool_of(const struct troupe_class *klass)
{
	return (struct troupe_router) { .by = TROUPE_LEAST_UNREAD,
					.each = klass,
					.arguments = &index_of_all.base,
					.least = LEAST,
					.most = MOST };
}

static int grow_root(int argc, char **argv)
{
	struct troupe_router router = pool_of(&hand);
	troupe_ref refs[MOST + 1];
	int64_t i;

	router.idle_ms = 50;
	CHECK(troupe_router_open(&router, &play__clerk__descriptor) == 0);
	CHECK(troupe_router_members(&router, refs, MOST) == LEAST);
	await_count(&board->value[STARTED], LEAST);
	/* One after the other blocks, and the next message starts another. */
	for (i = 1; i <= MOST; i++) {
		board->value[BLOCKED] = 0;
		CHECK(route(&router, BLOCK) == 0);
		await_count(&board->value[BLOCKED], 1);
		CHECK(router.count == (size_t)(i > LEAST ? i : LEAST));
	}
	for (i = 1; i <= 4 * MOST; i++)
		CHECK(route(&router, i) == 0);
	CHECK(troupe_router_members(&router, refs, MOST + 1) == MOST);
	set_free(0);
	expect_each_once(1, 4 * MOST);
	/* Those that have nothing to do end. */
	while (troupe_router_members(&router, NULL, 0) > LEAST)
		stage_receive(10);
	CHECK(route(&router, 99) == 0);
	expect_each_once(99, 99);
	troupe_router_close(&router);
	for (i = 0; i < MOST; i++)
		CHECK(stage_end_of(refs[i]).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(pool, has_as_many_members_as_there_is_work)
{
	stage_pass(grow_root);
}

static int die_root(int argc, char **argv)
{
	struct troupe_router router = pool_of(&hand);
	troupe_ref refs[MOST];
	long sum = 0;
	Play__Number number = PLAY__NUMBER__INIT;

	router.most = LEAST;
	CHECK(troupe_router_open(&router, &play__clerk__descriptor) == 0);
	CHECK(troupe_router_members(&router, refs, MOST) == LEAST);
	block(refs[0], 0);
	block(refs[1], 0);
	for (int64_t i = 1; i <= 50; i++)
		CHECK(route(&router, i) == 0);
	for (number.value = 51; number.value <= 60; number.value++)
		play__clerk__twice(&router.proxy.base, &number, add_answer,
				   &sum);
	CHECK(troupe_kill(refs[0]) == 0);
	CHECK(troupe_kill(refs[1]) == 0);
	/* Those that replace them do what was left. */
	expect_each_once(1, 60);
	CHECK(troupe_await(&router.proxy) == 0);
	CHECK(sum == 2 * 555);
	CHECK(troupe_router_members(&router, refs, MOST) == LEAST);
	CHECK(board->value[STARTED] == 2 * LEAST);
	return 0;
}

Test(pool, members_that_have_died_are_replaced_and_lose_nothing)
{
	stage_pass(die_root);
}

/* From nothing, and to nothing. */
static int empty_root(int argc, char **argv)
{
	struct troupe_router router = pool_of(&hand);

	router.least = 0;
	router.most = 1;
	router.idle_ms = 1;
	CHECK(troupe_router_open(&router, NULL) == 0);
	for (int64_t i = 1; i <= 3; i++) {
		CHECK(troupe_router_members(&router, NULL, 0) == 0);
		CHECK(route(&router, i) == 0);
		expect_each_once(i, i);
		while (troupe_router_members(&router, NULL, 0))
			stage_receive(5);
	}
	CHECK(board->value[STARTED] == 3);
	return 0;
}

Test(pool, may_be_empty_while_there_is_no_work)
{
	stage_pass(empty_root);
}

/* In the handlers of a class. */
static struct troupe_router shop;

static int shop_init(const void *arguments)
{
	shop = pool_of(&hand);
	return troupe_router_open(&shop, NULL);
}

static int shop_sell(const struct troupe_message *message)
{
	int64_t value = ((const Play__Number *)message->body)->value;

	CHECK(route(&shop, value) == 0);
	return value == 101 ? TROUPE_STOP : 0;
}

static void shop_stop(void)
{
	troupe_router_close(&shop);
}

static const struct troupe_handler shop_handlers[] = {
	{ &play__number__descriptor, shop_sell },
	{ 0 },
};
static const struct troupe_class shop_class = { .name = "shop",
						.init = shop_init,
						.handlers = shop_handlers,
						.stop = shop_stop };

static int class_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&shop_class, NULL, &ref) == 0);
	for (int64_t i = 1; i <= 100; i++)
		CHECK(stage_send(ref, i) == 0);
	expect_each_once(1, 100);
	CHECK(stage_send(ref, 101) == 0);
	stage_end_of(ref);
	return 0;
}

Test(pool, of_a_class_ends_with_it)
{
	stage_pass(class_root);
}
