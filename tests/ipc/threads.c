/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/ipc_kit.h"

TestSuite(threads, .timeout = 600);

/* Under ThreadSanitizer, where Criterion cannot run: make race. */
Test(threads, two_exchange_records_and_none_is_torn_or_late)
{
	int r = exchange(kit_seed("threads/two_exchange_*"), 0);

	cr_assert_eq(r, 0, "%s", strerror(-r));
}

Test(threads, two_that_die_and_go_on_lose_and_repeat_nothing)
{
	int r = exchange(kit_seed("threads/two_that_*"), 300);

	cr_assert_eq(r, 0, "%s", strerror(-r));
}
