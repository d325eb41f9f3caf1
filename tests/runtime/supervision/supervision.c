/* SPDX-License-Identifier: MIT */

/* Numbers such as C39 are those of the cases in tests/README.md. */

#include "tests/runtime/supervision/world.h"

TestSuite(supervision, .fini = world_fini);

/* ---- starting ------------------------------------------------------------ */

Test(supervision, without_children_it_is_ready_at_once_and_ends_when_told)
{
	world_make_up(TRP_ONE_FOR_ONE, 3, 0); /* C1 */
	trp_supervision_shut_down(&world.all);
	world_settle();
	cr_assert(world.has_ended);
	cr_assert_eq(world.why, TRP_ENDED_BY_ORDER);
}

Test(supervision, children_start_in_order_each_when_the_one_before_is_ready)
{
	world_make(&(struct trp_supervision_options) { .period_ms = 1 });
	for (int i = 0; i < 3; i++) {
		world_add(i, TRP_PERMANENT, false);
		world.is_slow[i] = true;
	}
	world_begin(); /* C38 */
	world_log_is("+a");
	trp_supervision_ready(&world.all, &world.child[0]);
	world_settle();
	world_log_is("+b");
	trp_supervision_ready(&world.all, &world.child[1]);
	world_settle();
	cr_assert_not(world.is_ready);
	trp_supervision_ready(&world.all, &world.child[2]);
	world_settle();
	cr_assert(world.is_ready);
}

Test(supervision, a_first_start_that_fails_stops_those_before_it_and_ends_all)
{
	world_make(&(struct trp_supervision_options) { .intensity = 9,
						       .period_ms = 1 });
	for (int i = 0; i < 4; i++)
		world_add(i, TRP_PERMANENT, false);
	world.bad_starts[2] = 1; /* C9 */
	world_begin();
	world_log_is("+a+b+c-b-a");
	cr_assert(world.has_ended && !world.is_ready);
	cr_assert_eq(world.why, TRP_ENDED_BY_START);
	cr_assert_eq(world.cause, 2);
}

Test(supervision, a_child_that_ends_normally_instead_of_starting_is_left_out)
{
	world_make(&(struct trp_supervision_options) { .period_ms = 1 });
	world_add(0, TRP_PERMANENT, false); /* C4 */
	world_add(1, TRP_PERMANENT, false);
	world.is_slow[0] = true;
	world_begin();
	world_end(0, TRP_END_NORMAL);
	world_log_is("+a+b");
	cr_assert(world.is_ready);
	cr_assert_eq(trp_supervision_start(&world.all, &world.child[0]), 0);
	world_settle();
	world_log_is("+a");
}

Test(supervision, wrong_options_and_children_are_refused)
{
	struct trp_supervision all = { 0 };
	struct trp_supervised child = { .restart = TRP_PERMANENT,
					.is_significant = true };
	struct trp_supervision_options options = { .period_ms = 1,
						   .intensity = -2 };

	cr_assert_eq(trp_supervision_init(&all, &options), -EINVAL); /* C11 */
	options.intensity = 10001;
	cr_assert_eq(trp_supervision_init(&all, &options), -EINVAL);
	options = (struct trp_supervision_options) { 0 };
	cr_assert_eq(trp_supervision_init(&all, &options), -EINVAL);
	world_make(&(struct trp_supervision_options) {
		.period_ms = 1, .auto_shutdown = TRP_ANY_SIGNIFICANT });
	cr_assert_eq(trp_supervision_add(&world.all, &child),
		     -EINVAL); /* C65 */
	child.restart = TRP_TRANSIENT;
	world.all.options.auto_shutdown = TRP_STAY;
	cr_assert_eq(trp_supervision_add(&world.all, &child), -EINVAL);
	trp_supervision_shut_down(&world.all);
	world_settle();
	child.is_significant = false;
	cr_assert_eq(trp_supervision_add(&world.all, &child), -ESHUTDOWN);
}

/* ---- restart types ------------------------------------------------------- */

static int starts_after(enum trp_restart_type restart,
			enum trp_supervised_end how)
{
	world_make(&(struct trp_supervision_options) {
		.intensity = 3, .period_ms = 5000, .has_above = true });
	world_add(0, restart, false);
	world_begin();
	world_end(0, how);
	world_pass(PAUSE_MS);
	cr_assert_not(world.has_ended);
	cr_assert_eq(world.is_forgotten[0], restart == TRP_TEMPORARY);
	trp_supervision_fini(&world.all);
	return world.starts[0];
}

Test(supervision, each_restart_type_restarts_after_the_ends_that_it_names)
{
	static const int expected[3][3] = {
		[TRP_PERMANENT] = { 2, 2, 2 }, /* C26, C27, C28 */
		[TRP_TRANSIENT] = { 1, 1, 2 }, /* C29, C30, C31 */
		[TRP_TEMPORARY] = { 1, 1, 1 }, /* C32 */
	};

	for (int type = 0; type < 3; type++) {
		for (int how = 0; how < 3; how++)
			cr_assert_eq(starts_after((enum trp_restart_type)type,
						  (enum trp_supervised_end)how),
				     expected[type][how]);
	}
}

/* ---- strategies ---------------------------------------------------------- */

Test(supervision, one_for_one_restarts_the_child_alone)
{
	world_make_up(TRP_ONE_FOR_ONE, 3, 3); /* C34 */
	world_crash(1);
	world_log_is("");
	world_pass(PAUSE_MS);
	world_log_is("+b");
}

Test(supervision, one_for_all_stops_in_reverse_order_and_starts_in_order)
{
	world_make_up(TRP_ONE_FOR_ALL, 3, 4); /* C35, C38 */
	world_crash(1);
	world_log_is("-d-c-a");
	world_pass(PAUSE_MS - 1);
	world_log_is("");
	world_pass(1);
	world_log_is("+a+b+c+d");
}

Test(supervision, rest_for_one_leaves_those_before_it_alone)
{
	world_make_up(TRP_REST_FOR_ONE, 3, 4); /* C36 */
	world_crash(1);
	world_pass(PAUSE_MS);
	world_log_is("-d-c+b+c+d");
}

Test(supervision, siblings_that_are_slow_to_stop_are_waited_for_one_by_one)
{
	world_make_up(TRP_ONE_FOR_ALL, 3, 3);
	world.is_slow[1] = world.is_slow[2] = true;
	world_crash(0);
	world_pass(10 * PAUSE_MS);
	world_log_is("-c");
	world_end(2, TRP_END_SHUTDOWN);
	world_log_is("-b");
	world_end(1, TRP_END_SHUTDOWN);
	world_log_is("+a+b");
}

Test(supervision, a_start_that_fails_in_one_for_all_stops_those_started_again)
{
	world_make_up(TRP_ONE_FOR_ALL, 3, 2); /* C39 */
	world.bad_starts[1] = 1;
	world_crash(0);
	world_pass(2 * PAUSE_MS);
	world_log_is("-b+a+b-a+a+b");
	cr_assert_eq(world.all.restarts, 2);
}

Test(supervision, a_start_that_fails_in_rest_for_one_is_tried_again_alone)
{
	world_make_up(TRP_REST_FOR_ONE, 3, 2); /* C40 */
	world.bad_starts[1] = 1;
	world_crash(0);
	world_pass(2 * PAUSE_MS);
	world_log_is("-b+a+b+b");
}

Test(supervision, a_temporary_sibling_is_stopped_and_forgotten)
{
	for (int s = TRP_ONE_FOR_ALL; s <= TRP_REST_FOR_ONE; s++) {
		world_make(&(struct trp_supervision_options) {
			.strategy = (enum trp_strategy)s,
			.intensity = 1,
			.period_ms = 1 });
		world_add(0, TRP_PERMANENT, false); /* C33 */
		world_add(1, TRP_TEMPORARY, false);
		world_begin();
		world_crash(0);
		world_pass(PAUSE_MS);
		world_log_is("+a+b-b+a");
		cr_assert(world.is_forgotten[1] && !world.has_ended);
		trp_supervision_fini(&world.all);
	}
}

Test(supervision, none_for_one_ends_all_when_one_fails)
{
	world_make_up(TRP_NONE_FOR_ONE, 3, 3);
	world_crash(1);
	world_log_is("-c-a");
	cr_assert(world.has_ended);
	cr_assert_eq(world.why, TRP_ENDED_BY_FAILURE);
	cr_assert_eq(world.cause, 1);
}

/* ---- intensity ----------------------------------------------------------- */

Test(supervision, one_restart_beyond_its_intensity_ends_it)
{
	world_make_up(TRP_ONE_FOR_ONE, 2, 3); /* C45 */
	for (int i = 0; i < 2; i++) {
		world_crash(0);
		world_pass(PAUSE_MS);
	}
	cr_assert_not(world.has_ended);
	world_crash(1);
	cr_assert(world.has_ended);
	cr_assert_eq(world.why, TRP_ENDED_BY_INTENSITY);
	world_log_is("+a+a-c-a");
}

Test(supervision, intensity_zero_allows_no_restart_and_minus_one_any_number)
{
	world_make_up(TRP_ONE_FOR_ONE, 0, 1); /* C46 */
	world_crash(0);
	cr_assert(world.has_ended);
	trp_supervision_fini(&world.all);
	world_make_up(TRP_ONE_FOR_ONE, -1, 1);
	for (int i = 0; i < 1000; i++) {
		world_crash(0);
		world_pass(PAUSE_MS);
	}
	cr_assert_not(world.has_ended);
}

Test(supervision, the_period_is_a_sliding_window)
{
	world_make_up(TRP_ONE_FOR_ONE, 1, 1); /* C47 */
	for (int i = 0; i < 4; i++) {
		world_crash(0);
		world_pass(5000);
	}
	cr_assert_not(world.has_ended);
	world_crash(0);
	world_pass(4999);
	world_crash(0);
	cr_assert(world.has_ended);
}

Test(supervision, starts_that_keep_failing_use_up_the_intensity)
{
	for (int s = TRP_ONE_FOR_ONE; s <= TRP_REST_FOR_ONE; s++) {
		world_make_up((enum trp_strategy)s, 4, 2); /* C48 */
		world.bad_starts[1] = 100;
		world_crash(1);
		world_pass(10 * PAUSE_MS);
		cr_assert(world.has_ended);
		cr_assert_eq(world.starts[1], 5);
		cr_assert_not(world.is_alive[0]);
		trp_supervision_fini(&world.all);
	}
}

Test(supervision, without_one_above_all_stay_down_until_they_are_started_again)
{
	world_make_up(TRP_ONE_FOR_ALL, 1, 3);
	world.all.options.has_above = false;
	world_crash(1);
	world_pass(PAUSE_MS);
	world.log[0] = '\0';
	world_crash(1);
	world_log_is("-c-a");
	cr_assert(world.gave_up && !world.has_ended);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(world.child[i].intent, TRP_WANT_GIVEN_UP);
	world_pass(100000);
	world_log_is("");
	cr_assert_eq(trp_supervision_start_again(&world.all), 0);
	cr_assert_eq(trp_supervision_start_again(&world.all), -EALREADY);
	world_settle();
	world_log_is("+a+b+c");
	world_crash(2);
	cr_assert_eq(world.child[2].state, TRP_WAITING);
}

Test(supervision, no_child_is_added_while_all_are_given_up)
{
	world_make_up(TRP_ONE_FOR_ONE, 0, 2);
	world.all.options.has_above = false;
	world.is_slow[1] = true;
	world_crash(0);
	cr_assert_eq(trp_supervision_add(&world.all, &world.child[5]), -EBUSY);
	world_end(1, TRP_END_SHUTDOWN);
	cr_assert(world.gave_up);
	world_add(5, TRP_PERMANENT, false);
	world_settle();
	cr_assert_eq(world.starts[5], 1);
}

/* ---- asleep -------------------------------------------------------------- */

Test(supervision, one_asleep_that_finds_no_process_is_asked_again_alone)
{
	for (int s = TRP_ONE_FOR_ONE; s <= TRP_NONE_FOR_ONE; s++) {
		struct trp_supervised *child = &world.child[1];

		world_make(&(struct trp_supervision_options) {
			.strategy = (enum trp_strategy)s,
			.intensity = 2,
			.period_ms = 1000,
			.has_above = true });
		for (int i = 0; i < 3; i++)
			world_add(i, i == 1 ? TRP_TEMPORARY : TRP_PERMANENT,
				  false);
		world_begin();
		world.is_alive[1] = false;
		trp_supervision_slept(&world.all, child);
		world_settle();
		world.log[0] = '\0';
		world.is_slow[1] = true;
		cr_assert_eq(trp_supervision_start(&world.all, child), 0);
		world_settle();
		for (int i = 0; i < 2; i++) {
			world_end(1, TRP_END_UNBORN);
			world_pass(PAUSE_MS);
		}
		world_log_is("+b+b+b");
		trp_supervision_ready(&world.all, child);
		world_settle();
		cr_assert_eq(child->state, TRP_UP);
		/* From now on its end is that of any. */
		world_end(1, TRP_END_UNBORN);
		cr_assert(world.is_forgotten[1] ||
			  world.why == TRP_ENDED_BY_FAILURE);
		world_fini();
	}
}
