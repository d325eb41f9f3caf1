/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_VALUE_H
#define TROUPE_VALUE_H

/*
 * Values: messages without a schema; JSON for people; shapes that match them.
 * See troupe(7).  Errors and ownership as in troupe.h.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A message that is null, a bool, an int, a double, text, bytes, a list or a
 * map: google.protobuf.Value on the wire, see troupe(7).  A receiver knows it
 * by its type, and message->body is then a const struct troupe_value *.
 */
struct troupe_value;
extern TROUPE_API const ProtobufCMessageDescriptor troupe__value__descriptor;

enum troupe_kind {
	TROUPE_NULL,
	TROUPE_BOOL,
	TROUPE_INT,
	TROUPE_DOUBLE,
	TROUPE_TEXT,
	TROUPE_BYTES,
	TROUPE_LIST,
	TROUPE_MAP,
};

/* They copy their arguments; NULL: no memory. */
TROUPE_API struct troupe_value *troupe_value_null(void);
TROUPE_API struct troupe_value *troupe_value_bool(bool value);
TROUPE_API struct troupe_value *troupe_value_int(int64_t value);
TROUPE_API struct troupe_value *troupe_value_double(double value);
TROUPE_API struct troupe_value *troupe_value_text(const char *text);
TROUPE_API struct troupe_value *troupe_value_bytes(const void *bytes,
						   size_t size);
TROUPE_API struct troupe_value *troupe_value_list(void);
TROUPE_API struct troupe_value *troupe_value_map(void);
TROUPE_API void troupe_value_free(struct troupe_value *value);

/*
 * Consume the item, also on failure; put replaces.  0; -EINVAL: no list, no
 * map, no key; -ENOMEM, also for an item of NULL, so its creation needs no
 * check.
 */
TROUPE_API int troupe_value_append(struct troupe_value *list,
				   struct troupe_value *item);
TROUPE_API int troupe_value_put(struct troupe_value *map, const char *key,
				struct troupe_value *item);

/*
 * The value as a message: NULL, which no send takes, if it is NULL or nested
 * deeper than the 32 lists and maps that a receiver unpacks.
 */
TROUPE_API const ProtobufCMessage *troupe_value_message(
	const struct troupe_value *value);

/* A copy, such as of a received value, which is read-only. */
TROUPE_API struct troupe_value *troupe_value_copy(
	const struct troupe_value *value);

/*
 * Reading; NULL is an absent value.  count: items, entries or bytes.  at,
 * key_at, get: NULL if there is none.  to_: `otherwise` if it is of another
 * kind; an int counts as a double, and a double without fraction as an int.
 */
TROUPE_API enum troupe_kind troupe_value_kind(const struct troupe_value *value);
TROUPE_API size_t troupe_value_count(const struct troupe_value *value);
TROUPE_API const struct troupe_value *troupe_value_at(
	const struct troupe_value *value, size_t i);
TROUPE_API const char *troupe_value_key_at(const struct troupe_value *map,
					   size_t i);
TROUPE_API const struct troupe_value *troupe_value_get(
	const struct troupe_value *map, const char *key);
TROUPE_API bool troupe_value_to_bool(const struct troupe_value *value,
				     bool otherwise);
TROUPE_API int64_t troupe_value_to_int(const struct troupe_value *value,
				       int64_t otherwise);
TROUPE_API double troupe_value_to_double(const struct troupe_value *value,
					 double otherwise);
TROUPE_API const char *troupe_value_to_text(const struct troupe_value *value,
					    const char *otherwise);
TROUPE_API const void *troupe_value_to_bytes(const struct troupe_value *value,
					     size_t *ret_size);

/* Same kind and equal: 1 is not 1.0.  The order of keys does not count. */
TROUPE_API bool troupe_value_equals(const struct troupe_value *a,
				    const struct troupe_value *b);

/* The place of an error in a text, and what was expected there. */
struct troupe_mistake {
	size_t offset; /* in bytes; SIZE_MAX: the text says where */
	char text[TROUPE_TEXT_SIZE];
};

/* JSON.  ret_mistake may be NULL.  0; -EINVAL: the mistake; -ENOMEM. */
TROUPE_API int troupe_value_from_json(const char *json,
				      struct troupe_value **ret_value,
				      struct troupe_mistake *ret_mistake);
/* For free().  0; -EINVAL: nested too deep; -ENOMEM. */
TROUPE_API int troupe_value_to_json(const struct troupe_value *value,
				    char **ret_json);

/*
 * The shape of a value, compiled once: {"name": int}, ["data", str], [str],
 * {"event": str, "data": any}; see troupe(7).  A shape does not change.
 * new: 0; -EINVAL: the mistake, which may be NULL; -ENOMEM.  of: the shape of
 * a value as a text for free(); 0, -EINVAL (too deep), -EMSGSIZE, -ENOMEM.
 */
struct troupe_shape;
TROUPE_API int troupe_shape_new(const char *text,
				struct troupe_shape **ret_shape,
				struct troupe_mistake *ret_mistake);
TROUPE_API void troupe_shape_free(struct troupe_shape *shape);
TROUPE_API bool troupe_shape_matches(const struct troupe_shape *shape,
				     const struct troupe_value *value);
TROUPE_API int troupe_shape_of(const struct troupe_value *value,
			       char **ret_text);

#ifdef __cplusplus
}
#endif

#endif
