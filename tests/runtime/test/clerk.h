/* SPDX-License-Identifier: MIT */
#pragma once

/* Actors under test, and the failures of the kit. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "tests/support/kit.h"

/*
 * Numbers are answered with the next, 0 with nothing; the text "die" is a
 * signal, "fail" an error, "parent" goes to the parent; Twice doubles, Refuse
 * fails, Silent never answers.  Its arguments, a Number, are added to answers.
 */
extern const struct troupe_class clerk;

/* The text and the line of the latest failure, which `noted` keeps. */
extern char failure[4096];
extern int failure_line;
void note_failure(const char *file, int line, const char *text);
extern const struct troupe_test_options noted;

/* That failure was told, and it contains `text`. */
#define ASSERT_FAILED(text) \
	cr_assert(strstr(failure, text), "told: \"%s\"", failure)
