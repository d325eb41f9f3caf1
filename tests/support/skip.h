/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A test that cannot run here is skipped, with a line in the log: Criterion
 * itself mentions neither the test nor the reason.  run-tests counts these
 * lines.  `needs` is the missing requirement, a word.  If TROUPE_EXPECT, words
 * between blanks, has that word, the machine should meet it, and the test
 * fails.
 */

#include <criterion/criterion.h>
#include <stdio.h>

bool is_expected(const char *what);

#define SKIP(needs, ...)                                                    \
	do {                                                                \
		char why_[256];                                             \
		snprintf(why_, sizeof(why_), __VA_ARGS__);                  \
		cr_assert(!is_expected(needs),                              \
			  "%s is expected here (TROUPE_EXPECT): %s", needs, \
			  why_);                                            \
		fprintf(stderr, "SKIPPED: %s/%s: %s\n",                     \
			criterion_current_test->category,                   \
			criterion_current_test->name, why_);                \
		fflush(stderr);                                             \
		cr_skip_test("%s", why_);                                   \
	} while (0)
