/* SPDX-License-Identifier: MIT */
#include "serialize/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "serialize/message.h"

static const Troupe__Value null_value = TROUPE__VALUE__INIT;

/* ---- making -------------------------------------------------------------- */

static Troupe__Value *new_value(Troupe__Value__KindCase kind)
{
	Troupe__Value *value = malloc(sizeof(*value));

	if (!value)
		return NULL;
	troupe__value__init(value);
	value->kind_case = kind;
	return value;
}

Troupe__Value *trp_value_null(void)
{
	return new_value(TROUPE__VALUE__KIND_NULL_VALUE);
}

Troupe__Value *trp_value_bool(bool boolean)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_BOOL_VALUE);

	if (value)
		value->bool_value = boolean;
	return value;
}

Troupe__Value *trp_value_int(int64_t number)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_INT_VALUE);

	if (value)
		value->int_value = number;
	return value;
}

Troupe__Value *trp_value_double(double number)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_NUMBER_VALUE);

	if (value)
		value->number_value = number;
	return value;
}

Troupe__Value *trp_value_text(const char *text)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_STRING_VALUE);

	if (!value)
		return NULL;
	value->string_value = strdup(text ? text : "");
	if (!value->string_value) {
		free(value);
		return NULL;
	}
	return value;
}

Troupe__Value *trp_value_bytes(const void *bytes, size_t size)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_BYTES_VALUE);

	if (!value)
		return NULL;
	value->bytes_value.data = malloc(size ? size : 1);
	if (!value->bytes_value.data) {
		free(value);
		return NULL;
	}
	if (size)
		memcpy(value->bytes_value.data, bytes, size);
	value->bytes_value.len = size;
	return value;
}

Troupe__Value *trp_value_list(void)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_LIST_VALUE);

	if (!value)
		return NULL;
	value->list_value = malloc(sizeof(*value->list_value));
	if (!value->list_value) {
		free(value);
		return NULL;
	}
	troupe__list_value__init(value->list_value);
	return value;
}

Troupe__Value *trp_value_map(void)
{
	Troupe__Value *value = new_value(TROUPE__VALUE__KIND_STRUCT_VALUE);

	if (!value)
		return NULL;
	value->struct_value = malloc(sizeof(*value->struct_value));
	if (!value->struct_value) {
		free(value);
		return NULL;
	}
	troupe__struct__init(value->struct_value);
	return value;
}

/*
 * Room for one more: by realloc() each time, as an array that protobuf-c has
 * unpacked has none to spare and does not say so.
 */
static int grow(void **array, size_t count)
{
	void *larger = reallocarray(*array, count + 1, sizeof(void *));

	if (!larger)
		return -ENOMEM;
	*array = larger;
	return 0;
}

static int append(Troupe__Value *list, Troupe__Value *item)
{
	Troupe__ListValue *to;
	int r;

	if (!item)
		return -ENOMEM;
	if (trp_value_kind(list) != TRP_VALUE_LIST || !list->list_value)
		return -EINVAL;
	to = list->list_value;
	r = grow((void **)&to->values, to->n_values);
	if (r == 0)
		to->values[to->n_values++] = item;
	return r;
}

int trp_value_append(Troupe__Value *list, Troupe__Value *item)
{
	int r = append(list, item);

	if (r < 0)
		trp_value_free(item);
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

static int add(Troupe__Value *map, const char *key, Troupe__Value *item)
{
	Troupe__Struct__Entry *entry;
	Troupe__Struct *to;
	int r;

	if (!item)
		return -ENOMEM;
	if (trp_value_kind(map) != TRP_VALUE_MAP || !map->struct_value || !key)
		return -EINVAL;
	to = map->struct_value;
	r = grow((void **)&to->fields, to->n_fields);
	if (r < 0)
		return r;
	entry = new_entry(key);
	if (!entry)
		return -ENOMEM;
	entry->value = item;
	to->fields[to->n_fields++] = entry;
	return 0;
}

int trp_value_add(Troupe__Value *map, const char *key, Troupe__Value *item)
{
	int r = add(map, key, item);

	if (r < 0)
		trp_value_free(item);
	return r;
}

/* The last with that key; NULL: there is none. */
static Troupe__Struct__Entry *find(const Troupe__Value *map, const char *key)
{
	const Troupe__Struct *of;

	if (trp_value_kind(map) != TRP_VALUE_MAP || !map->struct_value || !key)
		return NULL;
	of = map->struct_value;
	for (size_t i = of->n_fields; i > 0; i--)
		if (strcmp(of->fields[i - 1]->key, key) == 0)
			return of->fields[i - 1];
	return NULL;
}

int trp_value_put(Troupe__Value *map, const char *key, Troupe__Value *item)
{
	Troupe__Struct__Entry *entry = item ? find(map, key) : NULL;

	if (!entry)
		return trp_value_add(map, key, item);
	trp_value_free(entry->value);
	entry->value = item;
	return 0;
}

Troupe__Value *trp_value_copy(const Troupe__Value *value)
{
	return (Troupe__Value *)trp_message_copy(&value->base);
}

void trp_value_free(Troupe__Value *value)
{
	if (value)
		troupe__value__free_unpacked(value, NULL);
}

/* ---- reading ------------------------------------------------------------- */

enum trp_value_kind trp_value_kind(const Troupe__Value *value)
{
	if (!value)
		return TRP_VALUE_NULL;
	switch (value->kind_case) {
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

size_t trp_value_count(const Troupe__Value *value)
{
	switch (trp_value_kind(value)) {
	case TRP_VALUE_TEXT:
		return strlen(value->string_value);
	case TRP_VALUE_BYTES:
		return value->bytes_value.len;
	case TRP_VALUE_LIST:
		return value->list_value ? value->list_value->n_values : 0;
	case TRP_VALUE_MAP:
		return value->struct_value ? value->struct_value->n_fields : 0;
	case TRP_VALUE_NULL:
	case TRP_VALUE_BOOL:
	case TRP_VALUE_INT:
	case TRP_VALUE_DOUBLE:
		break;
	}
	return 0;
}

/* An entry came without a value: null. */
static const Troupe__Value *value_of(const Troupe__Struct__Entry *entry)
{
	return entry->value ? entry->value : &null_value;
}

const Troupe__Value *trp_value_at(const Troupe__Value *value, size_t i)
{
	enum trp_value_kind kind = trp_value_kind(value);

	if (kind == TRP_VALUE_LIST && i < trp_value_count(value))
		return value->list_value->values[i];
	if (kind == TRP_VALUE_MAP && i < trp_value_count(value))
		return value_of(value->struct_value->fields[i]);
	return NULL;
}

const char *trp_value_key_at(const Troupe__Value *map, size_t i)
{
	if (trp_value_kind(map) != TRP_VALUE_MAP || i >= trp_value_count(map))
		return NULL;
	return map->struct_value->fields[i]->key;
}

const Troupe__Value *trp_value_get(const Troupe__Value *map, const char *key)
{
	const Troupe__Struct__Entry *entry = find(map, key);

	return entry ? value_of(entry) : NULL;
}

bool trp_value_to_bool(const Troupe__Value *value, bool otherwise)
{
	return trp_value_kind(value) == TRP_VALUE_BOOL ? value->bool_value
						       : otherwise;
}

int64_t trp_value_to_int(const Troupe__Value *value, int64_t otherwise)
{
	double number;

	if (trp_value_kind(value) == TRP_VALUE_INT)
		return value->int_value;
	if (trp_value_kind(value) != TRP_VALUE_DOUBLE)
		return otherwise;
	number = value->number_value;
	/* 2^63 is a double, and the largest int64 is not. */
	if (!(number >= -0x1p63 && number < 0x1p63) ||
	    number != (double)(int64_t)number)
		return otherwise;
	return (int64_t)number;
}

double trp_value_to_double(const Troupe__Value *value, double otherwise)
{
	if (trp_value_kind(value) == TRP_VALUE_INT)
		return (double)value->int_value;
	return trp_value_kind(value) == TRP_VALUE_DOUBLE ? value->number_value
							 : otherwise;
}

const char *trp_value_to_text(const Troupe__Value *value, const char *otherwise)
{
	return trp_value_kind(value) == TRP_VALUE_TEXT ? value->string_value
						       : otherwise;
}

const void *trp_value_to_bytes(const Troupe__Value *value, size_t *ret_size)
{
	*ret_size = 0;
	if (trp_value_kind(value) != TRP_VALUE_BYTES)
		return NULL;
	*ret_size = value->bytes_value.len;
	return value->bytes_value.len ? (void *)value->bytes_value.data : "";
}

/* ---- comparing ----------------------------------------------------------- */

static bool is_same_bytes(const Troupe__Value *a, const Troupe__Value *b)
{
	size_t size = a->bytes_value.len;

	return size == b->bytes_value.len &&
	       (size == 0 ||
		memcmp(a->bytes_value.data, b->bytes_value.data, size) == 0);
}

static bool is_same_list(const Troupe__Value *a, const Troupe__Value *b)
{
	size_t i, count = trp_value_count(a);

	if (count != trp_value_count(b))
		return false;
	for (i = 0; i < count; i++)
		if (!trp_value_equals(trp_value_at(a, i), trp_value_at(b, i)))
			return false;
	return true;
}

static bool is_same_order(const Troupe__Value *a, const Troupe__Value *b)
{
	size_t i, count = trp_value_count(a);

	if (count != trp_value_count(b))
		return false;
	for (i = 0; i < count; i++)
		if (strcmp(trp_value_key_at(a, i), trp_value_key_at(b, i)) != 0)
			return false;
	return true;
}

/* Entry i is overruled by a later one with its key. */
static bool is_overruled(const Troupe__Value *map, size_t i)
{
	return find(map, trp_value_key_at(map, i)) !=
	       map->struct_value->fields[i];
}

/* The usual case: linear. */
static bool is_same_in_order(const Troupe__Value *a, const Troupe__Value *b)
{
	size_t i, count = trp_value_count(a);

	for (i = 0; i < count; i++)
		if (!trp_value_equals(trp_value_at(a, i), trp_value_at(b, i)) &&
		    !is_overruled(a, i))
			return false;
	return true;
}

/*
 * No pair of values is compared twice on any way through this file: what is
 * compared twice at each level takes for ever in a deep value.
 */
static bool is_same_map(const Troupe__Value *a, const Troupe__Value *b)
{
	if (is_same_order(a, b))
		return is_same_in_order(a, b);
	for (size_t i = 0; i < trp_value_count(b); i++)
		if (!find(a, trp_value_key_at(b, i)))
			return false;
	for (size_t i = 0; i < trp_value_count(a); i++) {
		const Troupe__Value *other;

		if (is_overruled(a, i))
			continue;
		other = trp_value_get(b, trp_value_key_at(a, i));
		if (!other || !trp_value_equals(trp_value_at(a, i), other))
			return false;
	}
	return true;
}

bool trp_value_equals(const Troupe__Value *a, const Troupe__Value *b)
{
	if (trp_value_kind(a) != trp_value_kind(b))
		return false;
	switch (trp_value_kind(a)) {
	case TRP_VALUE_NULL:
		return true;
	case TRP_VALUE_BOOL:
		return !a->bool_value == !b->bool_value;
	case TRP_VALUE_INT:
		return a->int_value == b->int_value;
	case TRP_VALUE_DOUBLE:
		return a->number_value == b->number_value;
	case TRP_VALUE_TEXT:
		return strcmp(a->string_value, b->string_value) == 0;
	case TRP_VALUE_BYTES:
		return is_same_bytes(a, b);
	case TRP_VALUE_LIST:
		return is_same_list(a, b);
	case TRP_VALUE_MAP:
		return is_same_map(a, b);
	}
	return false;
}

bool trp_value_is_within(const Troupe__Value *value, unsigned levels)
{
	enum trp_value_kind kind = trp_value_kind(value);
	size_t i, count = trp_value_count(value);

	if (kind != TRP_VALUE_LIST && kind != TRP_VALUE_MAP)
		return true;
	if (levels == 0)
		return false;
	for (i = 0; i < count; i++)
		if (!trp_value_is_within(trp_value_at(value, i), levels - 1))
			return false;
	return true;
}
