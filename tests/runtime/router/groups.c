/* SPDX-License-Identifier: MIT */
/* Groups that actors join and leave, publishing, and routers over groups. */
#include "runtime/supervisor/groups.h"
#include "runtime/supervisor/revival.h"
#include "runtime/troupe_group.h"
#include "tests/runtime/router/kit.h"
#include "tests/support/ipc_kit.h"

static void hurry(void)
{
	static const struct trp_restart_rules fast = {
		.first_ms = 1, .last_ms = 2, .quiet_ms = 60000, .limit = 1000
	};

	trp_revival_rules = &fast;
}

TestSuite(group, .init = hurry, .timeout = 120);

enum { HANDS = 3 };

static size_t count_of(const char *group)
{
	size_t count = 1000;

	CHECK(troupe_group_members(group, NULL, 0, &count) == 0);
	return count;
}

/* ---- the table ----------------------------------------------------------- */

enum { ACTORS = 12, NAMES = 5, OPERATIONS = 4000 };

Test(group, the_table_agrees_with_a_model)
{
	static const char *const name[NAMES] = { "a", "b", "c", "d", "e" };
	static bool is_in[ACTORS][NAMES][2];
	struct trp_groups_place *of_actor[ACTORS] = { 0 };
	static struct trp_groups groups;
	uint64_t seed = kit_seed("group/the_table* (test-runtime-router)");

	for (int i = 0; i < OPERATIONS; i++) {
		size_t actor = kit_random(&seed) % ACTORS;
		size_t at = kit_random(&seed) % NAMES;
		bool follows = kit_random(&seed) % 2;
		bool *is = &is_in[actor][at][follows];
		struct trp_groups_place *place =
			trp_groups_place_of(of_actor[actor], name[at], follows);

		cr_assert_eq(place != NULL, *is);
		if (kit_random(&seed) % 2 == 0) {
			cr_assert_eq(trp_groups_add(&groups, name[at],
						    actor + 1, follows,
						    &of_actor[actor]),
				     *is ? -EALREADY : 0);
			*is = true;
		} else if (place) {
			trp_groups_remove(&groups, place);
			*is = false;
		}
		trp_groups_check(&groups);
	}
	cr_assert_eq(trp_groups_add(&groups, "", 1, false, &of_actor[0]),
		     -EINVAL);
	trp_groups_fini(&groups);
	cr_assert_eq(groups.count, 0);
	for (int i = 0; i < ACTORS; i++)
		cr_assert_null(of_actor[i]);
}

/* ---- members ------------------------------------------------------------- */

static int members_root(int argc, char **argv)
{
	troupe_ref refs[HANDS], found[HANDS];
	size_t count;

	CHECK(count_of("staff") == 0);
	spawn_hands(&hand, refs, HANDS);
	for (int i = 0; i < HANDS; i++)
		CHECK(troupe_group_join("staff", refs[i]) == 0);
	CHECK(troupe_group_join("staff", refs[1]) == 0);
	CHECK(troupe_group_join("other", refs[1]) == 0);
	CHECK(troupe_group_members("staff", found, HANDS, &count) == 0);
	CHECK(count == HANDS && !memcmp(found, refs, sizeof(refs)));
	CHECK(troupe_group_leave("staff", refs[0]) == 0);
	CHECK(troupe_group_leave("staff", refs[0]) == -ENOENT);
	CHECK(troupe_kill(refs[1]) == 0);
	stage_end_of(refs[1]);
	CHECK(count_of("staff") == 1 && count_of("other") == 0);
	CHECK(troupe_group_join("staff", refs[1]) == -ESRCH);
	CHECK(troupe_group_join("a/b", refs[2]) == -EINVAL);
	CHECK(troupe_group_join("", refs[2]) == -EINVAL);
	CHECK(troupe_group_join("more than 31 bytes are too many!", refs[2]) ==
	      -EINVAL);
	CHECK(troupe_publish("more than 31 bytes are too many!", NULL) ==
	      -EINVAL);
	/* A name of an actor is another thing. */
	CHECK(troupe_register("staff", refs[2]) == 0);
	CHECK(count_of("staff") == 1);
	return 0;
}

Test(group, actors_join_and_leave_also_by_ending)
{
	stage_pass(members_root);
}

static int restart_root(int argc, char **argv)
{
	troupe_ref ref = spawn_hand(&lasting_hand, 0);
	struct troupe_end end;

	CHECK(troupe_group_join("staff", ref) == 0);
	for (int64_t i = 1; i <= 5; i++) {
		CHECK(stage_send(ref, CRASH) == 0);
		CHECK(troupe_wait_next(ref, troupe_in_ms(60000), &end) == 0);
		CHECK(end.will_restart && count_of("staff") == 1);
		while (true) {
			Play__Number number = PLAY__NUMBER__INIT;

			number.value = i;
			if (troupe_publish("staff", &number.base) == 1)
				break;
		}
		expect_each_once(i, i);
	}
	CHECK(troupe_stop(ref) == 0);
	stage_end_of(ref);
	CHECK(count_of("staff") == 0);
	return 0;
}

Test(group, a_member_that_is_restarted_stays)
{
	stage_pass(restart_root);
}

/* ---- publishing ---------------------------------------------------------- */

static int publish(const char *group, int64_t value)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = value;
	return troupe_publish(group, &number.base);
}

static int publish_root(int argc, char **argv)
{
	troupe_ref refs[HANDS];

	CHECK(publish("news", 1) == 0);
	spawn_hands(&hand, refs, HANDS);
	for (int i = 0; i < HANDS; i++) {
		CHECK(troupe_group_join("news", refs[i]) == 0);
		CHECK(publish("news", 10 + i) == i + 1);
	}
	CHECK(publish("sport", 2) == 0);
	CHECK(troupe_group_leave("news", refs[0]) == 0);
	CHECK(publish("news", 20) == HANDS - 1);
	CHECK(troupe_kill(refs[2]) == 0);
	stage_end_of(refs[2]);
	CHECK(publish("news", 21) == 1);
	await_count(&board->value[21], 1);
	CHECK(board->value[NOTED] == 3 && board->value[NOTED + 1] == 4);
	CHECK(board->value[1] == 0 && board->value[2] == 0);
	return 0;
}

Test(group, a_message_is_published_to_those_that_are_members_now)
{
	stage_pass(publish_root);
}

enum { JOINERS = 200 };

static int joiner_run(const void *arguments)
{
	const Play__Who *who = arguments;

	CHECK(troupe_group_join("club", troupe_self()) == 0);
	CHECK(stage_send(who->ref, 1) == 0);
	CHECK(stage_receive(60000) == 7);
	return 0;
}

/* Each is reached as soon as we know of it. */
static int causal_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	who.ref = troupe_self();
	CHECK(publish("club", 7) == 0);
	for (int i = 0; i < JOINERS; i++) {
		CHECK(troupe_spawn_function(joiner_run, &who.base, &ref) == 0);
		CHECK(stage_receive(60000) == 1);
		CHECK(publish("club", 7) == 1);
		stage_end_of(ref);
	}
	return 0;
}

Test(group, one_that_joined_before_we_heard_of_it_is_reached)
{
	stage_pass(causal_root);
}

/* ---- routers over a group ------------------------------------------------ */

static int follow_root(int argc, char **argv)
{
	struct troupe_router turns = { .by = TROUPE_ROUND_ROBIN };
	struct troupe_router least = { .by = TROUPE_LEAST_UNREAD };
	struct troupe_router *router[2] = { &turns, &least };
	troupe_ref refs[HANDS];
	long sum = 0;
	Play__Number number = PLAY__NUMBER__INIT;

	CHECK(troupe_router_follow(&turns, "staff") == -EINVAL);
	spawn_hands(&hand, refs, HANDS);
	CHECK(troupe_group_join("staff", refs[0]) == 0);
	for (int i = 0; i < 2; i++) {
		CHECK(troupe_router_open(router[i], &play__clerk__descriptor) ==
		      0);
		CHECK(troupe_router_follow(router[i], "staff") == 0);
		CHECK(troupe_router_follow(router[i], "staff") == -EALREADY);
		CHECK(troupe_router_members(router[i], NULL, 0) == 1);
	}
	block(refs[0], 0);
	for (int64_t i = 1; i <= 20; i++)
		CHECK(route(router[i % 2], i) == 0);
	/* It joins, and the other dies: its mail goes there. */
	CHECK(troupe_group_join("staff", refs[1]) == 0);
	CHECK(troupe_kill(refs[0]) == 0);
	stage_end_of(refs[0]);
	expect_each_once(1, 20);
	CHECK(board->value[NOTED + 1] == 20);
	for (int i = 0; i < 2; i++)
		CHECK(troupe_router_members(router[i], NULL, 0) == 1);
	/* One that leaves handles what it got. */
	block(refs[1], 1);
	for (int64_t i = 21; i <= 30; i++)
		CHECK(route(&turns, i) == 0);
	CHECK(troupe_group_join("staff", refs[2]) == 0);
	CHECK(troupe_group_leave("staff", refs[1]) == 0);
	number.value = 31;
	play__clerk__twice(&least.proxy.base, &number, add_answer, &sum);
	CHECK(troupe_await(&least.proxy) == 0 && sum == 62);
	CHECK(board->value[NOTED + 2] == 1);
	troupe_router_close(&turns);
	set_free(1);
	expect_each_once(21, 31);
	CHECK(troupe_group_join("staff", refs[1]) == 0);
	CHECK(troupe_router_members(&least, NULL, 0) == 2);
	troupe_router_close(&least);
	return 0;
}

Test(group, a_router_that_follows_a_group_has_its_members)
{
	stage_pass(follow_root);
}

/* ---- many ---------------------------------------------------------------- */

enum { CROWD = 300, ROUNDS = 20 };

static int crowd_root(int argc, char **argv)
{
	static troupe_ref refs[CROWD];

	for (int i = 0; i < CROWD; i++) {
		refs[i] = spawn_hand(&hand, i % 100);
		CHECK(troupe_group_join("crowd", refs[i]) == 0);
	}
	for (int64_t i = 1; i <= ROUNDS; i++)
		CHECK(publish("crowd", i) == CROWD);
	for (int64_t i = 1; i <= ROUNDS; i++)
		await_count(&board->value[i], CROWD);
	for (int i = 0; i < CROWD; i += 2)
		CHECK(troupe_kill(refs[i]) == 0);
	for (int i = 0; i < CROWD; i += 2)
		stage_end_of(refs[i]);
	CHECK(publish("crowd", 100) == CROWD / 2);
	await_count(&board->value[100], CROWD / 2);
	return 0;
}

Test(group, half_of_a_crowd_may_die)
{
	stage_pass(crowd_root);
}
