/* SPDX-License-Identifier: MIT */
#pragma once

/* Code that the tests of all examples share. */

#include "tests/support/program.h"

enum { PATIENCE_MS = 240000 };

/* Starts `troupe run build/examples/NAME.so ...`; the arguments end in NULL. */
void start_example(struct program *p, const char *name, ...)
	__attribute__((sentinel));
void start_example_on_terminal(struct program *p, const char *name, ...)
	__attribute__((sentinel));

/*
 * Waits for its end and checks the exit status, and that no process, no
 * zombie and no file is left of it.  The output stays for the test to look at.
 */
void expect_end(struct program *p, int status);

/* It says how it is used, and nothing else. */
void expect_usage(const char *name, const char *argument);

/* How many lines of `text` the extended regular expression matches. */
unsigned count_lines(const char *text, const char *pattern);

/* The number after the `nth` (from 0) occurrence of `before`, or -1. */
long number_after(const char *text, const char *before, unsigned nth);
