/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/node/watch.h"
#include "runtime/supervisor/child.h"
#include "runtime/supervisor/child_address.h"
#include "tests/support/aborts.h"

static uint32_t count_children(const struct trp_child_table *table,
			       uint32_t slot)
{
	uint32_t child = table->child[slot].first;
	uint32_t count = 0;

	for (; child; child = table->child[child].next) {
		cr_assert_eq(table->child[child].parent, slot);
		count++;
	}
	return count;
}

static void check(void *table)
{
	trp_child_check(table);
}

Test(child, its_check_sees_one_that_is_in_no_list)
{
	struct trp_child_table table;
	uint32_t slot;

	cr_assert_eq(trp_child_init(&table, 8), 0);
	slot = trp_child_add(&table, 0);
	trp_child_check(&table);
	table.child[0].first = 0;
	cr_assert(aborts(check, &table));
	table.child[0].first = slot;
	cr_assert_not(aborts(check, &table));
	trp_child_fini(&table);
}

Test(child, generations_begin_where_they_are_told)
{
	struct trp_child_table table;
	uint32_t slot;

	cr_assert_eq(trp_child_init(&table, 8), 0);
	trp_child_begin_at(&table, TRP_GENERATION_LAST);
	for (int i = 1; i < 8; i++) {
		slot = trp_child_add(&table, 0);
		cr_assert_eq(table.child[slot].generation, TRP_GENERATION_LAST);
	}
	cr_assert_eq(table.child[0].generation, 1);
	trp_child_check(&table);
	trp_child_fini(&table);
}

Test(child, random_births_and_deaths_keep_the_tree)
{
	enum { SLOTS = 64 };
	struct trp_child_table table;
	uint32_t alive = 0, slot, i;
	unsigned seed = 99;

	cr_assert_eq(trp_child_init(&table, SLOTS), 0);
	for (i = 0; i < 20000; i++) {
		uint32_t one = rand_r(&seed) % SLOTS;
		struct trp_child *child = &table.child[one];

		if (child->state == CHILD_RUNNING && one && rand_r(&seed) % 2) {
			trp_child_ended(&table, one);
			trp_child_free(&table, one);
			trp_child_offer(&table, one, troupe_now());
			alive--;
		} else if (child->state == CHILD_RUNNING) {
			slot = trp_child_add(&table, one);
			cr_assert_eq(slot == 0, alive == SLOTS - 1);
			if (slot) {
				trp_child_born(&table, slot,
					       (pid_t)(1000 + slot));
				trp_child_watch(
					&table, one, slot,
					trp_watch_id(TRP_WATCH_MONITOR, i));
				alive++;
			}
		}
		cr_assert_eq(table.alive, alive);
		trp_child_check(&table);
	}
	for (slot = 0; slot < SLOTS; slot++) {
		if (table.child[slot].state != CHILD_RUNNING)
			continue;
		cr_assert_eq(count_children(&table, slot),
			     table.child[slot].count);
		if (slot)
			cr_assert_eq(
				trp_child_by_pid(&table, (pid_t)(1000 + slot)),
				slot);
	}
	trp_child_fini(&table);
}

/* kernel.pid_max may be raised up to that while a node runs. */
Test(child, any_pid_of_the_kernel_has_its_place)
{
	enum { PID_MAX_LIMIT = 4194304 };
	struct trp_child_table table;
	uint32_t slot;

	cr_assert_eq(trp_child_init(&table, 8), 0);
	slot = trp_child_add(&table, 0);
	trp_child_born(&table, slot, PID_MAX_LIMIT);
	cr_expect_eq(trp_child_by_pid(&table, PID_MAX_LIMIT), slot);
	cr_expect_eq(trp_child_by_pid(&table, PID_MAX_LIMIT + 1), 0);
	trp_child_fini(&table);
}

Test(child, a_slot_comes_back_with_another_generation) /* C108 */
{
	struct trp_child_table table;
	troupe_ref old;
	uint32_t slot;

	trp_child_init(&table, 2);
	slot = trp_child_add(&table, 0);
	old = trp_ref(slot, table.child[slot].generation);
	cr_assert_not_null(trp_child_find(&table, old));
	trp_child_ended(&table, slot);
	cr_assert_null(trp_child_find(&table, old));
	cr_assert_eq(trp_child_add(&table, 0), 0);
	trp_child_free(&table, slot);
	trp_child_offer(&table, slot, troupe_now());
	cr_assert_eq(trp_child_add(&table, 0), slot);
	cr_assert_null(trp_child_find(&table, old));
	trp_child_fini(&table);
}

Test(child, a_watch_ends_with_either_side) /* C97 */
{
	struct trp_child_table table;
	uint32_t a, b;

	trp_child_init(&table, 8);
	a = trp_child_add(&table, 0);
	b = trp_child_add(&table, 0);
	cr_assert_eq(trp_child_watch(&table, a, b, 7), 0);
	cr_assert_eq(trp_child_watch(&table, a, b, 8), 0);
	cr_assert(trp_child_unwatch(&table, a, 7));
	cr_assert_not(trp_child_unwatch(&table, a, 7));
	cr_assert_eq(table.child[b].watchers->id, 8);
	trp_child_ended(&table, a);
	cr_assert_null(table.child[b].watchers);
	trp_child_fini(&table);
}

/*
 * Each in a number of steps that does not depend on the others; all of them
 * would be 10^11 otherwise.
 */
Test(child, watches_of_one_target_set_in_turn_end_in_linear_time, .timeout = 60)
{
	enum { WATCHES = 300000 };
	struct trp_child_table table;
	uint32_t a, b, target;

	trp_child_init(&table, 8);
	a = trp_child_add(&table, 0);
	b = trp_child_add(&table, 0);
	target = trp_child_add(&table, 0);
	for (uint64_t id = 1; id <= WATCHES; id++) {
		cr_assert_eq(
			trp_child_watch(&table, a, target,
					trp_watch_id(TRP_WATCH_MONITOR, id)),
			0);
		cr_assert_eq(
			trp_child_watch(&table, b, target,
					trp_watch_id(TRP_WATCH_MONITOR, id)),
			0);
	}
	for (uint64_t id = 1; id <= WATCHES; id++)
		cr_assert(trp_child_unwatch(
			&table, b, trp_watch_id(TRP_WATCH_MONITOR, id)));
	cr_assert_null(table.child[b].watching);
	for (uint64_t id = 1; id <= WATCHES; id++)
		cr_assert_eq(
			trp_child_watch(&table, b, target,
					trp_watch_id(TRP_WATCH_MONITOR, id)),
			0);
	trp_child_ended(&table, a);
	cr_assert_eq(table.watchers.count, WATCHES);
	trp_child_ended(&table, target);
	cr_assert_eq(table.watchers.count, 0);
	cr_assert_null(table.child[b].watching);
	cr_assert_not_null(table.child[target].watchers);
	trp_child_free(&table, target);
	trp_child_fini(&table);
}

/* Against a plain list of all that there are. */
Test(child, watches_at_random_are_those_that_were_set)
{
	enum { ACTORS = 6, IDS = 8 };
	static uint32_t target_of[ACTORS + 1][IDS];
	struct trp_child_table table;
	unsigned seed = 4;

	trp_child_init(&table, ACTORS + 1);
	for (uint32_t i = 1; i <= ACTORS; i++)
		trp_child_add(&table, 0);
	for (int i = 0; i < 100000; i++) {
		uint32_t by = 1 + rand_r(&seed) % ACTORS;
		uint32_t of = 1 + rand_r(&seed) % ACTORS;
		uint32_t id = rand_r(&seed) % IDS, count = 0;
		uint64_t watch = trp_watch_id(TRP_WATCH_MONITOR, id);

		if (rand_r(&seed) % 50 == 0) {
			trp_child_ended(&table, by);
			trp_child_free(&table, by);
			trp_child_offer(&table, by, troupe_now());
			cr_assert_eq(trp_child_add(&table, 0), by);
			memset(target_of[by], 0, sizeof(target_of[by]));
			for (uint32_t j = 1; j <= ACTORS; j++)
				for (uint32_t k = 0; k < IDS; k++)
					if (target_of[j][k] == by)
						target_of[j][k] = 0;
		} else if (target_of[by][id]) {
			cr_assert(trp_child_unwatch(&table, by, watch));
			target_of[by][id] = 0;
		} else {
			cr_assert_not(trp_child_unwatch(&table, by, watch));
			cr_assert_eq(trp_child_watch(&table, by, of, watch), 0);
			target_of[by][id] = of;
		}
		for (uint32_t j = 1; j <= ACTORS; j++)
			for (uint32_t k = 0; k < IDS; k++)
				count += target_of[j][k] != 0;
		cr_assert_eq(table.watchers.count, count);
	}
	trp_child_fini(&table);
}

/* C73, C97: against a matrix. */
Test(child, links_at_random_are_pairs_and_end_with_either_side)
{
	enum { ACTORS = 6 };
	static bool is_linked[ACTORS + 1][ACTORS + 1];
	struct trp_child_table table;
	unsigned seed = 5;

	trp_child_init(&table, ACTORS + 1);
	for (uint32_t i = 1; i <= ACTORS; i++)
		trp_child_add(&table, 0);
	for (int i = 0; i < 20000; i++) {
		uint32_t a = 1 + rand_r(&seed) % ACTORS;
		uint32_t b = 1 + rand_r(&seed) % ACTORS;
		size_t halves = 0;

		if (rand_r(&seed) % 20 == 0) {
			trp_child_ended(&table, a);
			trp_child_free(&table, a);
			trp_child_offer(&table, a, troupe_now());
			cr_assert_eq(trp_child_add(&table, 0), a);
			for (b = 1; b <= ACTORS; b++)
				is_linked[a][b] = is_linked[b][a] = false;
		} else if (rand_r(&seed) % 20 == 0) {
			trp_child_down(&table, a);
			trp_child_again(&table, a);
		} else if (rand_r(&seed) % 2) {
			trp_child_unlink(&table, trp_child_ref(&table, a),
					 trp_child_ref(&table, b));
			is_linked[a][b] = is_linked[b][a] = false;
		} else {
			cr_assert_eq(trp_child_link(&table, a, b), 0);
			is_linked[a][b] = is_linked[b][a] = a != b;
		}
		trp_watcher_check(&table.watchers);
		for (a = 1; a <= ACTORS; a++)
			for (b = 1; b <= ACTORS; b++)
				halves += is_linked[a][b];
		cr_assert_eq(table.watchers.count, halves);
	}
	trp_child_fini(&table);
}

static void check_watchers(void *table)
{
	trp_watcher_check(table);
}

Test(child, the_check_of_watchers_sees_a_link_that_has_one_side)
{
	struct trp_child_table table;
	uint32_t a, b;

	trp_child_init(&table, 8);
	a = trp_child_add(&table, 0);
	b = trp_child_add(&table, 0);
	cr_assert_eq(trp_child_link(&table, a, b), 0);
	cr_assert_not(aborts(check_watchers, &table.watchers));
	cr_assert(trp_child_unwatch(&table, a,
				    trp_watch_link(trp_child_ref(&table, b))));
	cr_assert(aborts(check_watchers, &table.watchers));
	trp_child_fini(&table);
}

Test(child, what_the_supervisor_has_started_is_found_at_two_slashes)
{
	struct trp_child_table table;
	uint32_t root, own, child, found = 99;
	char address[64];

	trp_child_init(&table, 8);
	root = trp_child_add(&table, 0);
	own = trp_child_add(&table, 0);
	child = trp_child_add(&table, own);
	cr_assert_eq(trp_child_address_list(&table, root, ""), 0);
	cr_assert_eq(trp_child_address_list(&table, own, "lamp"), 0);
	cr_assert_eq(trp_child_address_list(&table, child, "bulb"), 0);
	cr_assert(trp_child_address(&table, child, address, sizeof(address)));
	cr_assert_str_eq(address, "//lamp/bulb");
	cr_assert_eq(trp_child_address_walk(&table, root, address, &found), 0);
	cr_assert_eq(found, child);
	cr_assert_eq(trp_child_address_walk(&table, root, "//lamp", &found), 0);
	cr_assert_eq(found, own);
	cr_assert_eq(trp_child_address_walk(&table, root, "/", &found), 0);
	cr_assert_eq(found, root);
	cr_assert_eq(trp_child_address_walk(&table, root, "/lamp", &found),
		     -ENOENT);
	cr_assert_eq(trp_child_address_walk(&table, root, "//none", &found),
		     -ENOENT);
	cr_assert_eq(trp_child_address_walk(&table, root, "//..", &found),
		     -ENOENT);
	cr_assert_eq(trp_child_address_walk(&table, root, "//", &found),
		     -EINVAL);
	cr_assert_eq(trp_child_address_walk(&table, root, "///a", &found),
		     -EINVAL);
	cr_assert_eq(trp_child_address_walk(&table, root, "//lamp/", &found),
		     -EINVAL);
	trp_child_fini(&table);
}

static void begin_and_end(struct trp_child_table *table, int64_t now,
			  troupe_ref *ret_ref)
{
	uint32_t slot = trp_child_add(table, 0);

	cr_assert(slot);
	*ret_ref = trp_child_ref(table, slot);
	trp_child_ended(table, slot);
	trp_child_free(table, slot);
	trp_child_offer(table, slot, TROUPE_TIME(now));
}

/* In virtual time, with seven generations a slot. */
Test(child, a_reference_is_a_strangers_after_a_days_rest_and_all_others)
{
	enum { SLOTS = 5, GENERATIONS = 7, ALL = (SLOTS - 1) * GENERATIONS };
	struct trp_child_table table;
	troupe_ref first[ALL], again;
	int64_t now = 1;

	trp_child_init(&table, SLOTS);
	table.generations = GENERATIONS;
	for (int i = 0; i < ALL; i++, now++) {
		begin_and_end(&table, now, &first[i]);
		for (int j = 0; j < i; j++)
			cr_assert_neq(first[j], first[i]);
	}
	for (int i = 0; i < ALL; i++) {
		if (!table.free_count) {
			cr_assert_eq(trp_child_add(&table, 0), 0);
			now = table.child[table.rest_first].rests_until - 1;
			trp_child_end_rest(&table, TROUPE_TIME(now));
			cr_assert_eq(table.free_count, 0);
			trp_child_end_rest(&table, TROUPE_TIME(++now));
		}
		begin_and_end(&table, now, &again);
		cr_assert_eq(again, first[i]);
		cr_assert_geq(now, i + 1 + TRP_SLOT_REST);
		trp_child_check(&table);
	}
	trp_child_fini(&table);
}
