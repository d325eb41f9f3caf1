/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The shape of a value, as a text that is compiled once:
 *
 *	any                         everything, null too
 *	null bool int double str bytes list map
 *	number                      int or double
 *	true 1 1.5 "data"           this constant: same kind and equal
 *	{"name": int, "age": any}   a map with these keys; it may have others
 *	{}                          any map
 *	[int]                       a list of any length, each item matches
 *	[int, str], (int, str)      a list of that length, item by item
 *	(int), ()                   a list of one, the empty list
 *	[]                          the empty list, too
 *
 * A key of letters, digits and '_' may stand without quotes.  Blanks are those
 * of JSON.  A compiled shape does not change and may be read by many threads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serialize/parse_error.h"
#include "serialize/value.h"

struct troupe_shape;

enum { TRP_SHAPE_MAX = 64 << 10 }; /* bytes of text */

/*
 * Returns 0; -EINVAL with the error (which may be NULL): offset, and what was
 * expected there; -ENOMEM.
 */
int trp_shape_new(const char *text, size_t size,
		  struct troupe_shape **ret_shape,
		  struct trp_parse_error *error);
void troupe_shape_free(struct troupe_shape *shape);
void trp_shape_check(const struct troupe_shape *shape);

/*
 * NULL is null.  Every part of the value is visited at most once, except the
 * keys of a map: once for each key of the shape.
 */
bool troupe_shape_matches(const struct troupe_shape *shape,
			  const struct troupe_value *value);

/* A unique number of this shape in this process, never reused; not 0. */
uint64_t trp_shape_id(const struct troupe_shape *shape);
