/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <string.h>

#include "tests/support/exchange.h"
#include "tests/support/ipc_kit.h"

TestSuite(threads, .timeout = 600);

/* Under ThreadSanitizer, where Criterion cannot run: make race. */
Test(threads, two_exchange_records_and_none_is_torn_or_late)
{
	int r = exchange(kit_seed("threads/*"));

	cr_assert_eq(r, 0, "%s", strerror(-r));
}
