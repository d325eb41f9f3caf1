/* SPDX-License-Identifier: MIT */
#include "serialize/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "serialize/message.h"

static const struct troupe_value null_value = { TROUPE__VALUE__INIT };

/* ---- making -------------------------------------------------------------- */

static struct troupe_value *new_value(Troupe__Value__KindCase kind)
{
	struct troupe_value *value = malloc(sizeof(*value));

	if (!value)
		return NULL;
	troupe__value__init(&value->message);
	value->message.kind_case = kind;
	return value;
}

struct troupe_value *troupe_value_null(void)
{
	return new_value(TROUPE__VALUE__KIND_NULL_VALUE);
}

struct troupe_value *troupe_value_bool(bool boolean)
{
	struct troupe_value *value = new_value(TROUPE__VALUE__KIND_BOOL_VALUE);

	if (value)
		value->message.bool_value = boolean;
	return value;
}

struct troupe_value *troupe_value_int(int64_t number)
{
	struct troupe_value *value = new_value(TROUPE__VALUE__KIND_INT_VALUE);

	if (value)
		value->message.int_value = number;
	return value;
}

struct troupe_value *troupe_value_double(double number)
{
	struct troupe_value *value =
		new_value(TROUPE__VALUE__KIND_NUMBER_VALUE);

	if (value)
		value->message.number_value = number;
	return value;
}

struct troupe_value *troupe_value_text(const char *text)
{
	struct troupe_value *value =
		new_value(TROUPE__VALUE__KIND_STRING_VALUE);

	if (!value)
		return NULL;
	value->message.string_value = strdup(text ? text : "");
	if (!value->message.string_value) {
		free(value);
		return NULL;
	}
	return value;
}

struct troupe_value *troupe_value_bytes(const void *bytes, size_t size)
{
	struct troupe_value *value = new_value(TROUPE__VALUE__KIND_BYTES_VALUE);

	if (!value)
		return NULL;
	value->message.bytes_value.data = malloc(size ? size : 1);
	if (!value->message.bytes_value.data) {
		free(value);
		return NULL;
	}
	if (size)
		memcpy(value->message.bytes_value.data, bytes, size);
	value->message.bytes_value.len = size;
	return value;
}

struct troupe_value *troupe_value_list(void)
{
	struct troupe_value *value = new_value(TROUPE__VALUE__KIND_LIST_VALUE);

	if (!value)
		return NULL;
	value->message.list_value = malloc(sizeof(*value->message.list_value));
	if (!value->message.list_value) {
		free(value);
		return NULL;
	}
	troupe__list_value__init(value->message.list_value);
	return value;
}

struct troupe_value *troupe_value_map(void)
{
	struct troupe_value *value =
		new_value(TROUPE__VALUE__KIND_STRUCT_VALUE);

	if (!value)
		return NULL;
	value->message.struct_value =
		malloc(sizeof(*value->message.struct_value));
	if (!value->message.struct_value) {
		free(value);
		return NULL;
	}
	troupe__struct__init(value->message.struct_value);
	return value;
}

/*
 * Room for one more: by realloc() each time, as an array from protobuf-c has no
 * spare room and no record of it.
 */
static int grow(void **array, size_t count)
{
	void *larger = reallocarray(*array, count + 1, sizeof(void *));

	if (!larger)
		return -ENOMEM;
	*array = larger;
	return 0;
}

static int append(struct troupe_value *list, struct troupe_value *item)
{
	Troupe__ListValue *to;
	int r;

	if (!item)
		return -ENOMEM;
	if (trp_value_kind(list) != TRP_VALUE_LIST || !list->message.list_value)
		return -EINVAL;
	to = list->message.list_value;
	r = grow((void **)&to->values, to->n_values);
	if (r == 0)
		to->values[to->n_values++] = &item->message;
	return r;
}

int troupe_value_append(struct troupe_value *list, struct troupe_value *item)
{
	int r = append(list, item);

	if (r < 0)
		troupe_value_free(item);
	return r;
}

static Troupe__Struct__Entry *new_entry(const char *key)
{
	Troupe__Struct__Entry *entry = malloc(sizeof(*entry));

	if (!entry)
		return NULL;
	troupe__struct__entry__init(entry);
	entry->key = strdup(key);
	if (!entry->key) {
		free(entry);
		return NULL;
	}
	return entry;
}

static int add(struct troupe_value *map, const char *key,
	       struct troupe_value *item)
{
	Troupe__Struct__Entry *entry;
	Troupe__Struct *to;
	int r;

	if (!item)
		return -ENOMEM;
	if (trp_value_kind(map) != TRP_VALUE_MAP ||
	    !map->message.struct_value || !key)
		return -EINVAL;
	to = map->message.struct_value;
	r = grow((void **)&to->fields, to->n_fields);
	if (r < 0)
		return r;
	entry = new_entry(key);
	if (!entry)
		return -ENOMEM;
	entry->value = &item->message;
	to->fields[to->n_fields++] = entry;
	return 0;
}

int trp_value_add(struct troupe_value *map, const char *key,
		  struct troupe_value *item)
{
	int r = add(map, key, item);

	if (r < 0)
		troupe_value_free(item);
	return r;
}

int trp_value_add_int(struct troupe_value *map, const char *key, int64_t number)
{
	return trp_value_add(map, key, troupe_value_int(number));
}

int trp_value_add_text(struct troupe_value *map, const char *key,
		       const char *text)
{
	return trp_value_add(map, key, troupe_value_text(text));
}

/* The last with that key; NULL: there is none. */
static Troupe__Struct__Entry *find(const struct troupe_value *map,
				   const char *key)
{
	const Troupe__Struct *of;

	if (trp_value_kind(map) != TRP_VALUE_MAP ||
	    !map->message.struct_value || !key)
		return NULL;
	of = map->message.struct_value;
	for (size_t i = of->n_fields; i > 0; i--)
		if (strcmp(of->fields[i - 1]->key, key) == 0)
			return of->fields[i - 1];
	return NULL;
}

int troupe_value_put(struct troupe_value *map, const char *key,
		     struct troupe_value *item)
{
	Troupe__Struct__Entry *entry = item ? find(map, key) : NULL;

	if (!entry)
		return trp_value_add(map, key, item);
	troupe__value__free_unpacked(entry->value, NULL);
	entry->value = &item->message;
	return 0;
}

struct troupe_value *troupe_value_copy(const struct troupe_value *value)
{
	return value ? (struct troupe_value *)trp_message_copy(
			       &value->message.base)
		     : NULL;
}

void troupe_value_free(struct troupe_value *value)
{
	if (value)
		troupe__value__free_unpacked(&value->message, NULL);
}

/* ---- reading ------------------------------------------------------------- */

enum trp_value_kind trp_value_kind(const struct troupe_value *value)
{
	if (!value)
		return TRP_VALUE_NULL;
	switch (value->message.kind_case) {
	case TROUPE__VALUE__KIND_BOOL_VALUE:
		return TRP_VALUE_BOOL;
	case TROUPE__VALUE__KIND_INT_VALUE:
		return TRP_VALUE_INT;
	case TROUPE__VALUE__KIND_NUMBER_VALUE:
		return TRP_VALUE_DOUBLE;
	case TROUPE__VALUE__KIND_STRING_VALUE:
		return TRP_VALUE_TEXT;
	case TROUPE__VALUE__KIND_BYTES_VALUE:
		return TRP_VALUE_BYTES;
	case TROUPE__VALUE__KIND_LIST_VALUE:
		return TRP_VALUE_LIST;
	case TROUPE__VALUE__KIND_STRUCT_VALUE:
		return TRP_VALUE_MAP;
	case TROUPE__VALUE__KIND_NULL_VALUE:
	case TROUPE__VALUE__KIND__NOT_SET:
	case _TROUPE__VALUE__KIND__CASE_IS_INT_SIZE:
		break;
	}
	return TRP_VALUE_NULL;
}

size_t troupe_value_count(const struct troupe_value *value)
{
	switch (trp_value_kind(value)) {
	case TRP_VALUE_TEXT:
		return strlen(value->message.string_value);
	case TRP_VALUE_BYTES:
		return value->message.bytes_value.len;
	case TRP_VALUE_LIST:
		return value->message.list_value
			       ? value->message.list_value->n_values
			       : 0;
	case TRP_VALUE_MAP:
		return value->message.struct_value
			       ? value->message.struct_value->n_fields
			       : 0;
	case TRP_VALUE_NULL:
	case TRP_VALUE_BOOL:
	case TRP_VALUE_INT:
	case TRP_VALUE_DOUBLE:
		break;
	}
	return 0;
}

/* An entry came without a value: null. */
static const struct troupe_value *value_of(const Troupe__Struct__Entry *entry)
{
	return entry->value ? (const struct troupe_value *)entry->value
			    : &null_value;
}

const struct troupe_value *troupe_value_at(const struct troupe_value *value,
					   size_t i)
{
	enum trp_value_kind kind = trp_value_kind(value);

	if (kind == TRP_VALUE_LIST && i < troupe_value_count(value))
		return (const struct troupe_value *)
			value->message.list_value->values[i];
	if (kind == TRP_VALUE_MAP && i < troupe_value_count(value))
		return value_of(value->message.struct_value->fields[i]);
	return NULL;
}

const char *troupe_value_key_at(const struct troupe_value *map, size_t i)
{
	if (trp_value_kind(map) != TRP_VALUE_MAP ||
	    i >= troupe_value_count(map))
		return NULL;
	return map->message.struct_value->fields[i]->key;
}

const struct troupe_value *troupe_value_get(const struct troupe_value *map,
					    const char *key)
{
	const Troupe__Struct__Entry *entry = find(map, key);

	return entry ? value_of(entry) : NULL;
}

bool troupe_value_to_bool(const struct troupe_value *value, bool otherwise)
{
	return trp_value_kind(value) == TRP_VALUE_BOOL
		       ? value->message.bool_value
		       : otherwise;
}

int64_t troupe_value_to_int(const struct troupe_value *value, int64_t otherwise)
{
	double number;

	if (trp_value_kind(value) == TRP_VALUE_INT)
		return value->message.int_value;
	if (trp_value_kind(value) != TRP_VALUE_DOUBLE)
		return otherwise;
	number = value->message.number_value;
	/* 2^63 is a double, and the largest int64 is not. */
	if (!(number >= -0x1p63 && number < 0x1p63) ||
	    number != (double)(int64_t)number)
		return otherwise;
	return (int64_t)number;
}

double troupe_value_to_double(const struct troupe_value *value,
			      double otherwise)
{
	if (trp_value_kind(value) == TRP_VALUE_INT)
		return (double)value->message.int_value;
	return trp_value_kind(value) == TRP_VALUE_DOUBLE
		       ? value->message.number_value
		       : otherwise;
}

const char *troupe_value_to_text(const struct troupe_value *value,
				 const char *otherwise)
{
	return trp_value_kind(value) == TRP_VALUE_TEXT
		       ? value->message.string_value
		       : otherwise;
}

const void *troupe_value_to_bytes(const struct troupe_value *value,
				  size_t *ret_size)
{
	*ret_size = 0;
	if (trp_value_kind(value) != TRP_VALUE_BYTES)
		return NULL;
	*ret_size = value->message.bytes_value.len;
	return value->message.bytes_value.len
		       ? (void *)value->message.bytes_value.data
		       : "";
}

/* ---- comparing ----------------------------------------------------------- */

static bool is_same_bytes(const struct troupe_value *a,
			  const struct troupe_value *b)
{
	size_t size = a->message.bytes_value.len;

	return size == b->message.bytes_value.len &&
	       (size == 0 || memcmp(a->message.bytes_value.data,
				    b->message.bytes_value.data, size) == 0);
}

static bool is_same_list(const struct troupe_value *a,
			 const struct troupe_value *b)
{
	size_t i, count = troupe_value_count(a);

	if (count != troupe_value_count(b))
		return false;
	for (i = 0; i < count; i++)
		if (!troupe_value_equals(troupe_value_at(a, i),
					 troupe_value_at(b, i)))
			return false;
	return true;
}

static bool is_same_order(const struct troupe_value *a,
			  const struct troupe_value *b)
{
	size_t i, count = troupe_value_count(a);

	if (count != troupe_value_count(b))
		return false;
	for (i = 0; i < count; i++)
		if (strcmp(troupe_value_key_at(a, i),
			   troupe_value_key_at(b, i)) != 0)
			return false;
	return true;
}

/* Entry i is overruled by a later one with its key. */
static bool is_overruled(const struct troupe_value *map, size_t i)
{
	return find(map, troupe_value_key_at(map, i)) !=
	       map->message.struct_value->fields[i];
}

/* The usual case: linear. */
static bool is_same_in_order(const struct troupe_value *a,
			     const struct troupe_value *b)
{
	size_t i, count = troupe_value_count(a);

	for (i = 0; i < count; i++)
		if (!troupe_value_equals(troupe_value_at(a, i),
					 troupe_value_at(b, i)) &&
		    !is_overruled(a, i))
			return false;
	return true;
}

/*
 * No path through this file compares a pair of values twice: two comparisons at
 * each level would take for ever in a deep value.
 */
static bool is_same_map(const struct troupe_value *a,
			const struct troupe_value *b)
{
	if (is_same_order(a, b))
		return is_same_in_order(a, b);
	for (size_t i = 0; i < troupe_value_count(b); i++)
		if (!find(a, troupe_value_key_at(b, i)))
			return false;
	for (size_t i = 0; i < troupe_value_count(a); i++) {
		const struct troupe_value *other;

		if (is_overruled(a, i))
			continue;
		other = troupe_value_get(b, troupe_value_key_at(a, i));
		if (!other ||
		    !troupe_value_equals(troupe_value_at(a, i), other))
			return false;
	}
	return true;
}

bool troupe_value_equals(const struct troupe_value *a,
			 const struct troupe_value *b)
{
	if (trp_value_kind(a) != trp_value_kind(b))
		return false;
	switch (trp_value_kind(a)) {
	case TRP_VALUE_NULL:
		return true;
	case TRP_VALUE_BOOL:
		return !a->message.bool_value == !b->message.bool_value;
	case TRP_VALUE_INT:
		return a->message.int_value == b->message.int_value;
	case TRP_VALUE_DOUBLE:
		return a->message.number_value == b->message.number_value;
	case TRP_VALUE_TEXT:
		return strcmp(a->message.string_value,
			      b->message.string_value) == 0;
	case TRP_VALUE_BYTES:
		return is_same_bytes(a, b);
	case TRP_VALUE_LIST:
		return is_same_list(a, b);
	case TRP_VALUE_MAP:
		return is_same_map(a, b);
	}
	return false;
}

bool trp_value_is_within(const struct troupe_value *value, unsigned levels)
{
	enum trp_value_kind kind = trp_value_kind(value);
	size_t i, count = troupe_value_count(value);

	if (kind != TRP_VALUE_LIST && kind != TRP_VALUE_MAP)
		return true;
	if (levels == 0)
		return false;
	for (i = 0; i < count; i++)
		if (!trp_value_is_within(troupe_value_at(value, i), levels - 1))
			return false;
	return true;
}
