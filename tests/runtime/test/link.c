/* SPDX-License-Identifier: MIT */
/* Another node, and a link to it that the test loses. */
#include "tests/runtime/test/clerk.h"

#include "runtime/troupe_mesh.h"
#include "runtime/troupe_node.h"

TestSuite(link, .timeout = 600);

static const struct troupe_test_options two = {
	.failed = fail_test,
	.patience_ms = 240000,
	.slots = 64,
	.other_node = "far",
};
static const struct troupe_test_options hasty = {
	.failed = fail_test,
	.patience_ms = 240000,
	.slots = 64,
	.other_node = "far",
	.outage_ms = 1000,
};

/* ---- a short one --------------------------------------------------------- */

Test(link, an_actor_of_another_node_answers)
{
	const Play__Number *answer;
	troupe_ref ref, found;

	troupe_test_begin(&two);
	ref = troupe_test_spawn_at("far", "bob", &clerk, number(100));
	cr_assert_neq(ref, 0);
	answer = troupe_test_ask(ref, number(1), &play__number__descriptor, 0);
	cr_assert_eq(answer->value, 102);
	answer = troupe_test_call(ref, &play__clerk__descriptor, "Twice",
				  number(4), 0);
	cr_assert_eq(answer->value, 8);
	cr_assert_eq(troupe_whereis("bob", &found), -ENOENT);
	cr_assert_eq(troupe_whereis_at("far", "bob", TROUPE_NEVER, &found), 0);
	cr_assert_eq(found, ref);
	troupe_test_send(ref, word("fail"));
	troupe_test_expect_end(ref, TROUPE_ERROR, 0);
	cr_assert_eq(troupe_test_end(), 0);
}

Test(link, what_is_sent_over_a_lost_link_arrives_when_it_is_back)
{
	const Play__Number *answer;
	troupe_ref ref;

	troupe_test_begin(&two);
	ref = troupe_test_spawn_at("far", NULL, &clerk, NULL);
	troupe_test_ask(ref, number(1), &play__number__descriptor, 0);
	troupe_test_lose_link(-1);
	troupe_test_send(ref, number(2));
	troupe_test_send(ref, number(3));
	troupe_test_expect_silence(50);
	troupe_test_lose_link(0);
	answer = troupe_test_expect(&play__number__descriptor, 0);
	cr_assert_eq(answer->value, 3);
	answer = troupe_test_expect(&play__number__descriptor, 0);
	cr_assert_eq(answer->value, 4);
	troupe_test_lose_link(20);
	answer = troupe_test_ask(ref, number(4), &play__number__descriptor, 0);
	cr_assert_eq(answer->value, 5);
	troupe_test_end();
}

/* ---- a long one ---------------------------------------------------------- */

/* Tells its parent in numbers when the node is up (1) and down (2). */
static int report(const struct troupe_message *message)
{
	struct troupe_mesh_event event;
	Play__Number told = PLAY__NUMBER__INIT;

	if (troupe_mesh_event(message, &event) < 0)
		return 0;
	if (event.kind == TROUPE_MESH_NODE_UP)
		told.value = 1;
	if (event.kind == TROUPE_MESH_NODE_DOWN)
		told.value = 2;
	return told.value ? troupe_send(troupe_parent(), &told.base) : 0;
}

static int watch(const void *arguments)
{
	return troupe_monitor_node("far");
}

static const struct troupe_class watcher = { .name = "watcher",
					     .init = watch,
					     .unhandled = report };

Test(link, after_an_outage_all_hear_of_it_and_later_find_the_node_again)
{
	troupe_ref ref, found = 0;
	int r;

	troupe_test_begin(&hasty);
	ref = troupe_test_spawn_at("far", "bob", &clerk, NULL);
	troupe_test_spawn(&watcher, NULL);
	cr_assert_not_null(troupe_test_expect_like(number(1), 0));
	troupe_test_lose_link(-1);
	troupe_test_expect_end(ref, TROUPE_NOCONNECTION, 0);
	cr_assert_not_null(troupe_test_expect_like(number(2), 0));
	troupe_test_lose_link(0);
	cr_assert_not_null(troupe_test_expect_like(number(1), 0));
	do { /* Mail of the old session is told as lost. */
		r = troupe_whereis_at("far", "bob", TROUPE_NEVER, &found);
	} while (r == -EHOSTUNREACH);
	cr_assert_eq(found, ref, "it has lived on");
	troupe_test_end();
}

Test(link, a_test_may_end_while_it_is_lost)
{
	troupe_test_begin(&hasty);
	troupe_test_expect_end((troupe_test_lose_link(-1),
				troupe_test_spawn(&clerk, number(-ENODEV))),
			       TROUPE_ERROR, 0);
	cr_assert_eq(troupe_test_end(), 0);
}

/* ---- mistakes ------------------------------------------------------------ */

Test(link, a_test_without_another_node_has_none)
{
	static const struct troupe_test_options both = {
		.failed = note_failure,
		.clock_stands = true,
		.other_node = "far",
	};

	cr_assert_lt(troupe_test_begin(&both), 0);
	ASSERT_FAILED("the clock cannot stand where there is another");
	troupe_test_begin(&noted);
	cr_assert_eq(troupe_test_spawn_at("far", NULL, &clerk, NULL), 0);
	ASSERT_FAILED("this test has no node \"far\"");
	cr_assert_lt(troupe_test_lose_link(1), 0);
	ASSERT_FAILED("begin with the option other_node");
	troupe_test_end();
}
