/* SPDX-License-Identifier: MIT */
#pragma once

/* For tests with libtroupe-test: its options, and messages. */

#include <criterion/criterion.h>
#include <errno.h>
#include "runtime/troupe_test.h"
#include "tests/support/play.pb-c.h"

/* A failure of the kit is one of the test; the clock stands or goes. */
void fail_test(const char *file, int line, const char *text);
extern const struct troupe_test_options strict, standing;

/* A message, valid until the next of its type. */
const ProtobufCMessage *number(int64_t value);
const ProtobufCMessage *word(const char *text);
