/* SPDX-License-Identifier: MIT */
#pragma once

/* Actors under test, and the failures of the kit. */

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/troupe_test.h"
#include "tests/support/play.pb-c.h"

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

/* For tests that must not fail. */
void fail_test(const char *file, int line, const char *text);
extern const struct troupe_test_options strict;

/* A number, valid until the next one. */
const ProtobufCMessage *number(int64_t value);
const ProtobufCMessage *word(const char *text);

/* That failure was told, and it contains `text`. */
#define ASSERT_FAILED(text) \
	cr_assert(strstr(failure, text), "told: \"%s\"", failure)
