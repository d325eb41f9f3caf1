/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A message without a schema: null, bool, int, double, text, bytes, list or map
 * (value.proto).  The troupe_ functions are public, and described in
 * troupe_value.h; this folder does not know runtime/, so it declares them
 * again.  Values made here are on the heap, for protobuf-c's own functions,
 * too; values unpacked into a scratch are read-only.
 *
 * As in protobuf, the last of duplicate keys in a map counts; and a value
 * without a field is null.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serialize/value.pb-c.h"

struct troupe_value {
	Troupe__Value message;
};

enum trp_value_kind {
	TRP_VALUE_NULL,
	TRP_VALUE_BOOL,
	TRP_VALUE_INT,
	TRP_VALUE_DOUBLE,
	TRP_VALUE_TEXT,
	TRP_VALUE_BYTES,
	TRP_VALUE_LIST,
	TRP_VALUE_MAP,
};

/*
 * Lists and maps in each other.  A level of map is three nested messages, and
 * trp_message_unpack() takes some 135 of those.
 */
enum { TRP_VALUE_DEPTH = 32 };

struct troupe_value *troupe_value_null(void);
struct troupe_value *troupe_value_bool(bool value);
struct troupe_value *troupe_value_int(int64_t value);
struct troupe_value *troupe_value_double(double value);
struct troupe_value *troupe_value_text(const char *text);
struct troupe_value *troupe_value_bytes(const void *bytes, size_t size);
struct troupe_value *troupe_value_list(void);
struct troupe_value *troupe_value_map(void);
struct troupe_value *troupe_value_copy(const struct troupe_value *value);
void troupe_value_free(struct troupe_value *value);

int troupe_value_append(struct troupe_value *list, struct troupe_value *item);
int troupe_value_put(struct troupe_value *map, const char *key,
		     struct troupe_value *item);
/* The same for a key that is known to be new, without a search. */
int trp_value_add(struct troupe_value *map, const char *key,
		  struct troupe_value *item);
int trp_value_add_int(struct troupe_value *map, const char *key,
		      int64_t number);
int trp_value_add_text(struct troupe_value *map, const char *key,
		       const char *text);

enum trp_value_kind trp_value_kind(const struct troupe_value *value);
size_t troupe_value_count(const struct troupe_value *value);
const struct troupe_value *troupe_value_at(const struct troupe_value *value,
					   size_t i);
const char *troupe_value_key_at(const struct troupe_value *map, size_t i);
const struct troupe_value *troupe_value_get(const struct troupe_value *map,
					    const char *key);

bool troupe_value_to_bool(const struct troupe_value *value, bool otherwise);
int64_t troupe_value_to_int(const struct troupe_value *value,
			    int64_t otherwise);
double troupe_value_to_double(const struct troupe_value *value,
			      double otherwise);
const char *troupe_value_to_text(const struct troupe_value *value,
				 const char *otherwise);
const void *troupe_value_to_bytes(const struct troupe_value *value,
				  size_t *ret_size);

/*
 * 1 is not 1.0, and NaN is not NaN; maps in a different order cost the product
 * of their sizes.
 */
bool troupe_value_equals(const struct troupe_value *a,
			 const struct troupe_value *b);

/* True: lists and maps in it are nested at most `levels` deep. */
bool trp_value_is_within(const struct troupe_value *value, unsigned levels);
