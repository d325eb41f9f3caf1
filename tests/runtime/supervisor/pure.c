/* SPDX-License-Identifier: MIT */
/* The parts of the runtime that know neither processes nor memory. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "runtime/supervisor/child.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/registry.h"
#include "runtime/supervisor/exit_history.h"
#include "runtime/node/timers.h"

/* ---- timers -------------------------------------------------------------- */

enum { TIMERS = 500 };

Test(timer_heap, random_starts_and_cancels_come_out_in_order)
{
	static struct troupe_timer timer[TIMERS];
	struct trp_timers timers = { 0 };
	struct troupe_timer *due;
	int64_t last = 0;
	int active = 0, i;
	unsigned seed = 12345;

	for (i = 0; i < 20000; i++) {
		struct troupe_timer *one = &timer[rand_r(&seed) % TIMERS];

		if (rand_r(&seed) % 3 == 0) {
			bool was_active = one->place != 0;

			cr_assert_eq(trp_timers_cancel(&timers, one),
				     was_active);
			active -= was_active;
		} else {
			active += one->place == 0;
			cr_assert_eq(trp_timers_start(
					     &timers, one,
					     (struct troupe_time) {
						     rand_r(&seed) % 1000 }),
				     0);
		}
		cr_assert_eq(timers.count, (size_t)active);
	}
	while ((due = trp_timers_due(&timers, TROUPE_NEVER))) {
		cr_assert_geq(due->at.ns, last);
		last = due->at.ns;
		active--;
	}
	cr_assert_eq(active, 0);
	cr_assert_eq(trp_timers_next(&timers).ns, INT64_MAX);
	trp_timers_fini(&timers);
}

Test(timer_heap, a_time_that_is_too_far_is_never_or_past)
{
	cr_assert_eq(trp_timers_after(5, 2), 2000005);
	cr_assert_eq(trp_timers_after(5000000, -2), 3000000);
	cr_assert_eq(trp_timers_after(5, INT64_MAX), INT64_MAX);
	cr_assert_eq(trp_timers_after(INT64_MAX, 1), INT64_MAX);
	cr_assert_eq(trp_timers_after(5, INT64_MIN), 0);
}

Test(timer_heap, a_periodic_one_that_is_late_does_not_fire_for_each_it_missed)
{
	struct trp_timers timers = { 0 };
	struct troupe_timer timer = { .period_ns = 10 };

	trp_timers_start(&timers, &timer, (struct troupe_time) { 100 });
	cr_assert_null(trp_timers_due(&timers, (struct troupe_time) { 99 }));
	cr_assert_eq(trp_timers_due(&timers, (struct troupe_time) { 157 }),
		     &timer);
	cr_assert_eq(timer.at.ns, 160);
	cr_assert_null(trp_timers_due(&timers, (struct troupe_time) { 159 }));
	trp_timers_fini(&timers);
}

/* ---- reasons ------------------------------------------------------------- */

Test(reason, a_signal_is_told_by_number_and_name)
{
	struct troupe_reason reason = { TROUPE_LIMIT, SIGXCPU, false, "" };
	char text[128];

	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "limit 24, CPU time limit exceeded");
	reason = (struct troupe_reason) { TROUPE_SIGNAL, SIGSEGV, true, "" };
	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "signal 11, Segmentation fault (core dumped)");
}

/* ---- names --------------------------------------------------------------- */

Test(registry, thousands_are_found_and_go_with_their_holder)
{
	struct trp_registry names = { 0 };
	struct trp_registered *holder[10] = { 0 };
	char name[TROUPE_NAME_SIZE];
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		cr_assert_eq(trp_registry_add(&names, name, (troupe_ref)i + 1,
					      &holder[i % 10]),
			     0);
		cr_assert_eq(trp_registry_add(&names, name, 1, &holder[0]),
			     -EEXIST);
	}
	trp_registry_remove_all(&names, &holder[3]);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		cr_assert_eq(trp_registry_find(&names, name),
			     i % 10 == 3 ? 0 : (troupe_ref)i + 1);
	}
	cr_assert_eq(trp_registry_remove(&names, "name-3"), -ENOENT);
	cr_assert_eq(trp_registry_remove(&names, "name-4"), 0);
	cr_assert_eq(names.count, 4499);
	trp_registry_fini(&names);
}

Test(registry, empty_long_and_unprintable_ones_are_refused)
{
	cr_assert(trp_registry_is_valid("a"));
	cr_assert(trp_registry_is_valid("1234567890123456789012345678901"));
	cr_assert_not(
		trp_registry_is_valid("12345678901234567890123456789012"));
	cr_assert_not(trp_registry_is_valid(""));
	cr_assert_not(trp_registry_is_valid("a/b"));
	cr_assert_not(trp_registry_is_valid("a\nb"));
}

/* ---- the table ----------------------------------------------------------- */

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

Test(child, random_births_and_deaths_keep_the_tree)
{
	enum { SLOTS = 64 };
	struct trp_child_table table;
	uint32_t alive = 0, slot, i;
	unsigned seed = 99;

	cr_assert_eq(trp_child_init(&table, SLOTS, 32768), 0);
	for (i = 0; i < 20000; i++) {
		uint32_t one = rand_r(&seed) % SLOTS;
		struct trp_child *child = &table.child[one];

		if (child->state == CHILD_RUNNING && one && rand_r(&seed) % 2) {
			trp_child_ended(&table, one);
			trp_child_free(&table, one);
			alive--;
		} else if (child->state == CHILD_RUNNING) {
			slot = trp_child_add(&table, one);
			cr_assert_eq(slot == 0, alive == SLOTS - 1);
			if (slot) {
				trp_child_born(&table, slot,
					       (pid_t)(1000 + slot));
				trp_child_watch(&table, one, slot, i);
				alive++;
			}
		}
		cr_assert_eq(table.alive, alive);
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

Test(child, a_slot_comes_back_with_another_generation)
{
	struct trp_child_table table;
	troupe_ref old;
	uint32_t slot;

	trp_child_init(&table, 2, 32768);
	slot = trp_child_add(&table, 0);
	old = trp_ref(slot, table.child[slot].generation);
	cr_assert_not_null(trp_child_find(&table, old));
	trp_child_ended(&table, slot);
	cr_assert_null(trp_child_find(&table, old));
	cr_assert_eq(trp_child_add(&table, 0), 0);
	trp_child_free(&table, slot);
	cr_assert_eq(trp_child_add(&table, 0), slot);
	cr_assert_null(trp_child_find(&table, old));
	trp_child_fini(&table);
}

Test(child, a_watch_ends_with_either_side)
{
	struct trp_child_table table;
	uint32_t a, b;

	trp_child_init(&table, 8, 32768);
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

/* ---- history ------------------------------------------------------------ */

Test(exit_history, the_latest_ends_are_found_and_older_ones_are_not)
{
	static struct trp_exit_history history;
	struct troupe_end end = { 0 };
	troupe_ref last = 3 * TRP_EXIT_HISTORY + 7;

	cr_assert_null(trp_exit_history_find(&history, 1));
	for (end.ref = 1; end.ref <= last; end.ref++) {
		end.pid = (pid_t)end.ref;
		trp_exit_history_add(&history, &end);
	}
	for (end.ref = 1; end.ref <= last; end.ref++) {
		const struct troupe_end *found =
			trp_exit_history_find(&history, end.ref);

		if (end.ref + TRP_EXIT_HISTORY <= last)
			cr_assert_null(found);
		else
			cr_assert_eq(found->pid, (pid_t)end.ref);
	}
}

Test(child, what_the_supervisor_has_started_is_found_at_two_slashes)
{
	struct trp_child_table table;
	uint32_t root, own, child, found = 99;
	char address[64];

	trp_child_init(&table, 8, 32768);
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
