/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A test that cannot be done here ends as skipped, and the log says so: by
 * itself Criterion mentions neither it nor why.  run-tests counts these lines.
 */

#include <criterion/criterion.h>
#include <stdio.h>

#define SKIP(...)                                            \
	do {                                                 \
		char why_[256];                              \
		snprintf(why_, sizeof(why_), __VA_ARGS__);   \
		fprintf(stderr, "SKIPPED: %s/%s: %s\n",      \
			criterion_current_test->category,    \
			criterion_current_test->name, why_); \
		fflush(stderr);                              \
		cr_skip_test("%s", why_);                    \
	} while (0)
