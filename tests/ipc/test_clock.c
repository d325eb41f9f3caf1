/* SPDX-License-Identifier: MIT */
/* The clock that a test moves, on a made-up machine. */
#include "ipc/test_clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SLOTS = 3 };

static struct trp_test_clock *made;

static void set_up(void)
{
	made = calloc(1, sizeof(*made) + SLOTS * sizeof(made->until[0]));
	made->slots = SLOTS;
	cr_assert_not(trp_test_clock_is_used());
	trp_test_clock_use(made);
	cr_assert(trp_test_clock_is_used());
}

static void tear_down(void)
{
	trp_test_clock_use(NULL);
	cr_assert_not(trp_test_clock_is_used());
	free(made);
}

TestSuite(test_clock, .init = set_up, .fini = tear_down, .timeout = 600);

Test(test_clock, that_stands_shows_its_time_and_else_is_ahead_of_the_machine)
{
	made->ahead = 50;
	cr_assert_eq(trp_test_clock_at(1000), 1050);
	made->stands_at = 7;
	cr_assert_eq(trp_test_clock_at(1000), 7);
	cr_assert_eq(trp_test_clock_at(2000), 7);
	made->stands_at = 0;
	cr_assert_eq(trp_test_clock_at(2000), 2050);
}

Test(test_clock, ends_a_sleep_when_the_machine_is_there_and_never_as_it_stands)
{
	made->ahead = 50;
	cr_assert_eq(trp_test_clock_sleep(1, 1050), 1000);
	cr_assert_eq(made->until[1], 1050);
	cr_assert_eq(trp_test_clock_sleep(1, INT64_MAX), INT64_MAX);
	cr_assert_eq(made->until[1], INT64_MAX);
	made->stands_at = 7;
	cr_assert_eq(trp_test_clock_sleep(2, 9), INT64_MAX);
	cr_assert_eq(made->until[2], 9);
	cr_assert_eq(made->until[0], 0);
}

/* The memory behind its slots is not its own. */
Test(test_clock, knows_the_sleeps_of_its_slots_alone)
{
	struct trp_test_clock *small =
		calloc(1, sizeof(*small) + sizeof(small->until[0]));

	trp_test_clock_use(small);
	small->ahead = 50;
	cr_assert_eq(trp_test_clock_sleep(0, 1050), 1000);
	cr_assert_eq(small->until[0], 0);
	small->slots = 1;
	trp_test_clock_sleep(0, 1050);
	cr_assert_eq(small->until[0], 1050);
	free(small);
}

Test(test_clock, lets_no_sleep_outlast_the_alarm_of_the_process)
{
	made->ahead = 50;
	trp_test_clock_alarm(500);
	cr_assert_eq(trp_test_clock_sleep(0, 549), 499);
	cr_assert_eq(trp_test_clock_sleep(0, 1050), 500);
	cr_assert_eq(trp_test_clock_sleep(0, INT64_MAX), 500);
	made->stands_at = 7;
	cr_assert_eq(trp_test_clock_sleep(0, 9), 500);
	trp_test_clock_alarm(INT64_MAX);
	cr_assert_eq(trp_test_clock_sleep(0, 9), INT64_MAX);
}
