/* SPDX-License-Identifier: MIT */

/* Ends, and orders by hand; numbers such as C39 are those of the cases in
 * tests/README.md. */

#include "tests/runtime/supervision/world.h"

TestSuite(supervision_by_hand, .fini = world_fini);

/* ---- the end ------------------------------------------------------------- */

Test(supervision_by_hand, it_ends_in_reverse_order_also_amid_a_loop_of_restarts)
{
	world_make_up(TRP_ONE_FOR_ONE, -1, 3); /* C38, C53 */
	world.bad_starts[1] = 1000000;
	world_crash(1);
	world_pass(7 * PAUSE_MS);
	world.log[0] = '\0';
	trp_supervision_shut_down(&world.all);
	world_settle();
	world_log_is("-c-a");
	cr_assert(world.has_ended);
	trp_supervision_shut_down(&world.all);
	world_settle();
	world_pass(100 * PAUSE_MS);
	world_log_is("");
}

Test(supervision_by_hand, children_that_stop_in_parallel_are_all_told_at_once)
{
	world_make_up(TRP_ONE_FOR_ONE, 1, 3); /* C58 */
	world.all.options.is_parallel = true;
	for (int i = 0; i < 3; i++)
		world.is_slow[i] = true;
	trp_supervision_shut_down(&world.all);
	world_settle();
	world_log_is("-c-b-a");
	for (int i = 0; i < 3; i++) {
		cr_assert_not(world.has_ended);
		world_end(i, TRP_END_SHUTDOWN);
	}
	cr_assert(world.has_ended);
}

static bool ends_when(enum trp_auto_shutdown automatic,
		      enum trp_restart_type restart,
		      enum trp_supervised_end how, int count)
{
	bool has_ended;

	world_make(&(struct trp_supervision_options) {
		.auto_shutdown = automatic, .intensity = 5, .period_ms = 1 });
	world_add(0, TRP_PERMANENT, false);
	world_add(1, restart, true);
	world_add(2, restart, true);
	world_begin();
	for (int i = 1; i <= count; i++)
		world_end(i, how);
	has_ended = world.has_ended;
	cr_assert(!has_ended || !world.is_alive[0]);
	trp_supervision_fini(&world.all);
	return has_ended;
}

Test(supervision_by_hand, the_end_of_significant_children_ends_it)
{
	/* C67 */
	cr_assert(ends_when(TRP_ANY_SIGNIFICANT, TRP_TEMPORARY, TRP_END_FAILURE,
			    1));
	cr_assert(ends_when(TRP_ANY_SIGNIFICANT, TRP_TEMPORARY, TRP_END_NORMAL,
			    1));
	/* C68 */
	cr_assert(ends_when(TRP_ANY_SIGNIFICANT, TRP_TRANSIENT, TRP_END_NORMAL,
			    1));
	cr_assert_not(ends_when(TRP_ANY_SIGNIFICANT, TRP_TRANSIENT,
				TRP_END_FAILURE, 1));
	/* C70 */
	cr_assert_not(ends_when(TRP_ALL_SIGNIFICANT, TRP_TEMPORARY,
				TRP_END_NORMAL, 1));
	cr_assert(ends_when(TRP_ALL_SIGNIFICANT, TRP_TEMPORARY, TRP_END_NORMAL,
			    2));
	cr_assert_not(ends_when(TRP_ALL_SIGNIFICANT, TRP_TRANSIENT,
				TRP_END_FAILURE, 2));
}

Test(supervision_by_hand, others_and_those_stopped_by_hand_do_not_end_it)
{
	world_make(&(struct trp_supervision_options) {
		.auto_shutdown = TRP_ANY_SIGNIFICANT, .period_ms = 1 });
	world_add(0, TRP_TEMPORARY, false); /* C66 */
	world_add(1, TRP_TRANSIENT, true);
	world_begin();
	world_end(0, TRP_END_NORMAL);
	cr_assert_not(world.has_ended);
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[1]), 0);
	world_settle(); /* C69 */
	cr_assert(!world.has_ended && !world.is_alive[1]);
}

Test(supervision_by_hand, no_child_is_deleted_while_all_are_given_up)
{
	world_make_up(TRP_ONE_FOR_ONE, 0, 2);
	world.all.options.has_above = false;
	world.is_slow[1] = true;
	world_crash(0);
	cr_assert_eq(trp_supervision_delete(&world.all, &world.child[0]),
		     -EBUSY);
	world_end(1, TRP_END_SHUTDOWN);
	cr_assert(world.gave_up);
	cr_assert_eq(trp_supervision_delete(&world.all, &world.child[0]), 0);
	world_settle();
}

/* ---- by hand ------------------------------------------------------------- */

Test(supervision_by_hand,
     what_was_stopped_by_hand_stays_down_until_started_by_hand)
{
	world_make_up(TRP_ONE_FOR_ALL, 9, 3); /* C15 */
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[1]), 0);
	world_settle();
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[1]), 0);
	world_settle();
	world_log_is("-b");
	world_crash(0);
	world_pass(PAUSE_MS);
	world_log_is("-c+a+c");
	cr_assert_eq(trp_supervision_start(&world.all, &world.child[1]), 0);
	world_settle();
	world_log_is("+b");
	cr_assert_eq(world.all.restarts, 1);
}

Test(supervision_by_hand,
     by_hand_a_running_child_is_neither_started_nor_deleted)
{
	world_make_up(TRP_ONE_FOR_ONE, 9, 2); /* C14, C17 */
	cr_assert_eq(trp_supervision_start(&world.all, &world.child[0]),
		     -EALREADY);
	cr_assert_eq(trp_supervision_delete(&world.all, &world.child[0]),
		     -EBUSY);
	cr_assert_eq(trp_supervision_restart(&world.all, &world.child[0]), 0);
	world_settle();
	world_log_is("-a+a");
	world.is_slow[0] = true;
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[0]), 0);
	world_settle();
	cr_assert_eq(trp_supervision_start(&world.all, &world.child[0]),
		     -EBUSY);
	world_end(0, TRP_END_SHUTDOWN);
	cr_assert_eq(trp_supervision_delete(&world.all, &world.child[0]), 0);
	world_settle();
	cr_assert(world.is_forgotten[0]);
}

Test(supervision_by_hand,
     a_child_in_its_pause_can_be_stopped_and_started_by_hand)
{
	world_make_up(TRP_ONE_FOR_ONE, -1, 1); /* C52 */
	world_crash(0);
	cr_assert_eq(trp_supervision_delete(&world.all, &world.child[0]),
		     -EBUSY);
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[0]), 0);
	world_pass(10 * PAUSE_MS);
	world_log_is("");
	cr_assert_eq(trp_supervision_start(&world.all, &world.child[0]), 0);
	world_settle();
	world_crash(0);
	cr_assert_eq(trp_supervision_start(&world.all, &world.child[0]), 0);
	world_settle();
	world_pass(10 * PAUSE_MS);
	world_log_is("+a+a");
}

Test(supervision_by_hand,
     a_temporary_child_that_is_stopped_by_hand_is_forgotten)
{
	world_make(&(struct trp_supervision_options) { .period_ms = 1 });
	world_begin(); /* C19 */
	world_add(0, TRP_TEMPORARY, false);
	world_settle();
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[0]), 0);
	world_settle();
	cr_assert(world.is_forgotten[0]);
	world_add(0, TRP_TEMPORARY, false);
	world_settle();
	world_log_is("+a-a+a");
}

Test(supervision_by_hand,
     stopping_by_hand_the_child_that_all_wait_for_lets_them_start)
{
	world_make_up(TRP_ONE_FOR_ALL, 9, 3);
	world_crash(1);
	cr_assert_eq(trp_supervision_stop(&world.all, &world.child[1]), 0);
	world_settle();
	world_log_is("-c-a+a+c");
}
