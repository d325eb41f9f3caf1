/* SPDX-License-Identifier: MIT */
#pragma once

/* A program run to its end, and its output. */

#include <criterion/criterion.h>
#include <string.h>

/* Its last output, on standard output and standard error. */
extern char said[1 << 20];

/* Runs a line of shell.  Its exit status. */
int run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* troupe-bench with these arguments. */
int bench(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A separate path for each test: "/tmp/troupe-bench-PID.<ending>"; static, and
 * removed by forget(). */
const char *scratch(const char *ending);
void forget(void);

#define SAYS(text) cr_assert(strstr(said, text), "no '%s' in: %s", text, said)
#define SAYS_NOT(text) \
	cr_assert(!strstr(said, text), "there is '%s' in: %s", text, said)
