/* SPDX-License-Identifier: MIT */
#pragma once

/* How the failure of an expectation reaches the framework of the test. */

/* NULL: it is printed, and the process aborts. */
void trp_failure_begin(void (*failed)(const char *file, int line,
				      const char *text));

/* May not return: it is the last that a function of the kit does. */
void trp_failure_tell(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
