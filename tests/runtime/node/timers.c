/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "runtime/node/timers.h"
#include "tests/support/aborts.h"

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
		trp_timers_check(&timers);
	}
	while ((due = trp_timers_due(&timers, TROUPE_NEVER))) {
		cr_assert_geq(due->at.ns, last);
		last = due->at.ns;
		active--;
		trp_timers_check(&timers);
	}
	cr_assert_eq(active, 0);
	cr_assert_eq(trp_timers_next(&timers).ns, INT64_MAX);
	trp_timers_fini(&timers);
}

static void check(void *timers)
{
	trp_timers_check(timers);
}

Test(timer_heap, its_check_sees_two_that_have_changed_places)
{
	struct troupe_timer timer[2] = { 0 };
	struct trp_timers timers = { 0 };

	for (int i = 0; i < 2; i++)
		trp_timers_start(&timers, &timer[i],
				 (struct troupe_time) { i });
	cr_assert_not(aborts(check, &timers));
	timers.at[0] = &timer[1];
	timers.at[1] = &timer[0];
	cr_assert(aborts(check, &timers));
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
