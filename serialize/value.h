/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A message without a schema: null, bool, int, double, text, bytes, list or
 * map (value.proto).  Values made here are the heap's, and protobuf-c's own
 * functions may be used on it; what was unpacked into a scratch is only read.
 *
 * As protobuf does, a map that came with a key twice has the last of them; and
 * a value of which no field is set is null.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serialize/value.pb-c.h"

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

/* ---- making; NULL: no memory --------------------------------------------- */

Troupe__Value *trp_value_null(void);
Troupe__Value *trp_value_bool(bool value);
Troupe__Value *trp_value_int(int64_t value);
Troupe__Value *trp_value_double(double value);
Troupe__Value *trp_value_text(const char *text);
Troupe__Value *trp_value_bytes(const void *bytes, size_t size);
Troupe__Value *trp_value_list(void);
Troupe__Value *trp_value_map(void);

/*
 * The item is consumed, also on failure.  put replaces what the key had, which
 * it must look for; add is for keys that are known to be new.
 * Return 0; -EINVAL: no list, no map, or no key; -ENOMEM, also for an item of
 * NULL, so that how it was made need not be checked.
 */
int trp_value_append(Troupe__Value *list, Troupe__Value *item);
int trp_value_put(Troupe__Value *map, const char *key, Troupe__Value *item);
int trp_value_add(Troupe__Value *map, const char *key, Troupe__Value *item);

/* Of one that may be anybody's.  NULL: no memory. */
Troupe__Value *trp_value_copy(const Troupe__Value *value);
void trp_value_free(Troupe__Value *value);

/* ---- reading; NULL is read as what is absent ----------------------------- */

enum trp_value_kind trp_value_kind(const Troupe__Value *value);

/* Items of a list, entries of a map, bytes of text or bytes; else 0. */
size_t trp_value_count(const Troupe__Value *value);

/* Item or entry i in the order of the wire; NULL: there is none. */
const Troupe__Value *trp_value_at(const Troupe__Value *value, size_t i);
const char *trp_value_key_at(const Troupe__Value *map, size_t i);
/* NULL: no such key, or no map. */
const Troupe__Value *trp_value_get(const Troupe__Value *map, const char *key);

/* `otherwise` where it is not of that kind; an int is a double, and a double
 * without fraction an int where it fits. */
bool trp_value_to_bool(const Troupe__Value *value, bool otherwise);
int64_t trp_value_to_int(const Troupe__Value *value, int64_t otherwise);
double trp_value_to_double(const Troupe__Value *value, double otherwise);
const char *trp_value_to_text(const Troupe__Value *value,
			      const char *otherwise);
/* NULL and size 0 where it is not bytes. */
const void *trp_value_to_bytes(const Troupe__Value *value, size_t *ret_size);

/*
 * Same kind and equal: 1 is not 1.0, and NaN is not NaN.  The order of a map
 * does not count; maps in a different order cost the product of their sizes.
 */
bool trp_value_equals(const Troupe__Value *a, const Troupe__Value *b);

/* Lists and maps in it are nested at most `levels` deep. */
bool trp_value_is_within(const Troupe__Value *value, unsigned levels);
