/* SPDX-License-Identifier: MIT */
/*
 * Checks that fail after a test has ended fail that test.  Criterion (2.4.1)
 * prints an assertion that fails in a .fini, or a crash there, and still counts
 * the test as passed; but the checks for leftovers of a test are there.  Every
 * test program links this file.
 */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/stats.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Criterion leaks 48 bytes in the process that starts the tests, where nothing
 * of ours runs.  In those that it starts LeakSanitizer looks, and in actors.
 */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return !getenv("BXFI_MAP");
}

/* The tests whose .fini came to its end. */
static const struct criterion_test **finished;
static size_t finished_count;

/* ReportHook() defines what no header declares. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

ReportHook(POST_FINI)(struct criterion_test_stats *test)
{
	finished =
		reallocarray(finished, finished_count + 1, sizeof(*finished));
	if (!finished)
		abort();
	finished[finished_count++] = test->test;
}

static bool has_finished(const struct criterion_test *test)
{
	for (size_t i = 0; i < finished_count; i++)
		if (finished[i] == test)
			return true;
	return false;
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
	const struct criterion_suite_stats *suite = stats->suites;

	for (; suite; suite = suite->next) {
		const struct criterion_test_stats *test = suite->tests;

		for (; test; test = test->next) {
			if (test->test_status != CR_STATUS_PASSED ||
			    test->crashed ||
			    (!test->failed_asserts && has_finished(test->test)))
				continue;
			fprintf(stderr, "[FAIL] %s::%s: after it had ended\n",
				test->test->category, test->test->name);
			stats->tests_passed--;
			stats->tests_failed++;
		}
	}
}
