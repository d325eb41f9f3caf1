/* SPDX-License-Identifier: MIT */
#pragma once

/* Messages and memory that the tests of this folder share. */

#include <stddef.h>

#include "tests/support/sample.pb-c.h"

/* A static message that has each kind of field, none at its default. */
const Sample__Everything *full_message(void);

/*
 * Maps `size` writable bytes that end where a page without access begins, so
 * that a read past the end is a SIGSEGV anywhere.
 */
unsigned char *guarded_new(size_t size);
void guarded_free(unsigned char *bytes, size_t size);

/* malloc() and free() calls of this process so far, from any library. */
size_t heap_calls(void);

/* TROUPE_SEED or else the clock; prints how to repeat the test. */
unsigned long seed_of(const char *test);
