/* SPDX-License-Identifier: MIT */
#include "serialize/reflect.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/library.h"
#include "libraries.h"
#include "serialize/base64.h"
#include "serialize/field.h"
#include "serialize/json.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(json_, array) F(json_, array_append_new) F(json_, array_get) \
	F(json_, array_size) F(json_, delete) F(json_, integer_value) \
	F(json_, loadb) F(json_, number_value) F(json_, object_iter) \
	F(json_, object_iter_key) F(json_, object_iter_next) \
	F(json_, object_iter_value) F(json_, pack) F(json_, real_value) \
	F(json_, string_length) F(json_, string_value)
/* clang-format on */
TRP_LIBRARY(jansson, LIBRARY_JANSSON, FUNCTIONS);

/* ---- reading: places and errors ----------------------------------------- */

struct place {
	const struct place *up; /* NULL: the message itself */
	const char *name;	/* of the field; "" in a list */
	size_t index;		/* of the item, where the name is "" */
	unsigned depth;
};

struct reading {
	struct trp_scratch *scratch;
	struct trp_parse_error *parse_error;
};

static size_t write_place(const struct place *place, char *text, size_t size)
{
	size_t used;
	int n;

	if (!place->up)
		return 0;
	used = write_place(place->up, text, size);
	if (*place->name)
		n = snprintf(text + used, size - used, "%s%s", used ? "." : "",
			     place->name);
	else
		n = snprintf(text + used, size - used, "[%zu]", place->index);
	used += (size_t)n;
	return used < size ? used : size - 1;
}

static int fail(struct reading *reading, const struct place *place,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(struct reading *reading, const struct place *place,
		const char *format, ...)
{
	char at[64] = "", what[128];
	va_list arguments;

	write_place(place, at, sizeof(at));
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	trp_parse_error_at(reading->parse_error, SIZE_MAX, "%s%s%s", at,
			   *at ? ": " : "", what);
	return -EINVAL;
}

/* ---- reading: scalars ---------------------------------------------------- */

struct range {
	int64_t least;
	uint64_t most;
};

static struct range range_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return (struct range) { INT64_MIN, INT64_MAX };
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return (struct range) { 0, UINT64_MAX };
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return (struct range) { 0, UINT32_MAX };
	default:
		return (struct range) { INT32_MIN, INT32_MAX };
	}
}

/* The digits of an integer; as two's complement.  False: it is none. */
static bool parse_digits(const char *text, struct range range,
			 uint64_t *ret_bits)
{
	bool is_negative = *text == '-';
	const char *digits = text + is_negative;
	uint64_t bits;
	char *end;

	if (!*digits || strspn(digits, "0123456789") != strlen(digits))
		return false;
	errno = 0;
	bits = strtoull(digits, &end, 10);
	if (errno)
		return false;
	if (!is_negative) {
		*ret_bits = bits;
		return bits <= range.most;
	}
	*ret_bits = -bits;
	return bits == 0 || (range.least < 0 && bits <= -(uint64_t)range.least);
}

/* 1.0 and 1e3 are integers, too. */
static bool take_real(double real, struct range range, uint64_t *ret_bits)
{
	const double exact = 9007199254740992.0; /* 2^53 */

	if (!(real >= -exact && real <= exact) ||
	    real != (double)(int64_t)real || real < (double)range.least ||
	    real > (double)range.most)
		return false;
	*ret_bits = real < 0 ? (uint64_t)(int64_t)real : (uint64_t)real;
	return true;
}

static int read_integer(struct reading *reading, const struct place *place,
			ProtobufCType type, const json_t *json, void *item)
{
	struct range range = range_of(type);
	uint64_t bits = 0;
	bool is_taken = false;

	if (json_is_integer(json)) {
		json_int_t value = jansson.integer_value(json);

		bits = (uint64_t)value;
		is_taken = value >= range.least &&
			   (value < 0 || bits <= range.most);
	} else if (json_is_real(json)) {
		is_taken = take_real(jansson.real_value(json), range, &bits);
	} else if (json_is_string(json)) {
		is_taken =
			parse_digits(jansson.string_value(json), range, &bits);
	} else {
		return fail(reading, place, "wants an integer");
	}
	if (!is_taken)
		return fail(reading, place,
			    "wants an integer from %" PRId64 " to %" PRIu64,
			    range.least, range.most);
	if (trp_field_item_size(type) == sizeof(uint64_t))
		*(uint64_t *)item = bits;
	else
		*(uint32_t *)item = (uint32_t)bits;
	return 0;
}

static bool number_by_name(const char *text, double *ret_number)
{
	if (strcmp(text, "NaN") == 0)
		*ret_number = NAN;
	else if (strcmp(text, "Infinity") == 0)
		*ret_number = INFINITY;
	else if (strcmp(text, "-Infinity") == 0)
		*ret_number = -INFINITY;
	else
		return false;
	return true;
}

static int read_real(struct reading *reading, const struct place *place,
		     ProtobufCType type, const json_t *json, void *item)
{
	double number;

	if (json_is_number(json))
		number = jansson.number_value(json);
	else if (!json_is_string(json) ||
		 !number_by_name(jansson.string_value(json), &number))
		return fail(reading, place,
			    "wants a number, \"NaN\", \"Infinity\" or "
			    "\"-Infinity\"");
	if (type == PROTOBUF_C_TYPE_DOUBLE) {
		*(double *)item = number;
		return 0;
	}
	if (isfinite(number) && isinf((float)number))
		return fail(reading, place, "beyond what a float can hold");
	*(float *)item = (float)number;
	return 0;
}

static int no_value(struct reading *reading, const struct place *place,
		    const ProtobufCEnumDescriptor *type, const char *name)
{
	char names[96] = "";
	size_t used = 0;

	for (unsigned i = 0; i < type->n_value_names && used < sizeof(names);
	     i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "",
					 type->values_by_name[i].name);
	return fail(reading, place, "%s has no value %.40s; it has %s",
		    type->name, name, names);
}

static int read_enum(struct reading *reading, const struct place *place,
		     const ProtobufCEnumDescriptor *type, const json_t *json,
		     void *item)
{
	const ProtobufCEnumValue *value;

	if (!json_is_string(json))
		return read_integer(reading, place, PROTOBUF_C_TYPE_ENUM, json,
				    item);
	value = protobuf_c_enum_descriptor_get_value_by_name(
		type, jansson.string_value(json));
	if (!value)
		return no_value(reading, place, type,
				jansson.string_value(json));
	*(int32_t *)item = value->value;
	return 0;
}

static int read_string(struct reading *reading, const struct place *place,
		       const json_t *json, void *item)
{
	size_t size = jansson.string_length(json) + 1;
	char *text;

	if (!json_is_string(json))
		return fail(reading, place, "wants a string");
	text = trp_scratch_alloc(reading->scratch, size);
	if (!text)
		return -ENOMEM;
	memcpy(text, jansson.string_value(json), size);
	*(char **)item = text;
	return 0;
}

static int read_bytes(struct reading *reading, const struct place *place,
		      const json_t *json, void *item)
{
	ProtobufCBinaryData bytes;

	if (!json_is_string(json))
		return fail(reading, place, "wants a string of base64");
	bytes.data = trp_scratch_alloc(reading->scratch,
				       jansson.string_length(json) / 4 * 3 + 3);
	if (!bytes.data)
		return -ENOMEM;
	if (trp_base64_decode(jansson.string_value(json), bytes.data,
			      &bytes.len) < 0)
		return fail(reading, place, "is not base64");
	*(ProtobufCBinaryData *)item = bytes;
	return 0;
}

/* ---- reading: messages --------------------------------------------------- */

static int read_message(struct reading *reading, const struct place *place,
			const ProtobufCMessageDescriptor *type,
			const json_t *json, ProtobufCMessage **ret_message);

static int read_item(struct reading *reading, const struct place *place,
		     const ProtobufCFieldDescriptor *field, const json_t *json,
		     void *item)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_real(reading, place, field->type, json, item);
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(json))
			return fail(reading, place, "wants true or false");
		*(protobuf_c_boolean *)item = json_is_true(json);
		return 0;
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(reading, place, field->descriptor, json, item);
	case PROTOBUF_C_TYPE_STRING:
		return read_string(reading, place, json, item);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(reading, place, json, item);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(reading, place, field->descriptor, json,
				    item);
	default:
		return read_integer(reading, place, field->type, json, item);
	}
}

/* protoc's name and fields for the entry of a map<K, V>. */
static bool is_map(const ProtobufCFieldDescriptor *field)
{
	static const char suffix[] = "Entry";
	const ProtobufCMessageDescriptor *type = field->descriptor;
	size_t size, end = sizeof(suffix) - 1;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE || type->n_fields != 2)
		return false;
	size = strlen(type->short_name);
	return size > end &&
	       strcmp(type->short_name + size - end, suffix) == 0 &&
	       strcmp(type->fields[0].name, "key") == 0 &&
	       strcmp(type->fields[1].name, "value") == 0;
}

/* {"a": 1} as [{"key": "a", "value": 1}]; NULL: no memory. */
static json_t *entries_of(json_t *map)
{
	json_t *list = jansson.array();

	for (void *at = jansson.object_iter(map); at && list;
	     at = jansson.object_iter_next(map, at)) {
		json_t *entry = jansson.pack(
			"{s:s,s:O}", "key", jansson.object_iter_key(at),
			"value", jansson.object_iter_value(at));

		if (jansson.array_append_new(list, entry) == 0)
			continue;
		jansson.delete(list);
		list = NULL;
	}
	return list;
}

static int read_list(struct reading *reading, const struct place *place,
		     const ProtobufCFieldDescriptor *field, const json_t *json,
		     ProtobufCMessage *message);

static int read_map(struct reading *reading, const struct place *place,
		    const ProtobufCFieldDescriptor *field, const json_t *json,
		    ProtobufCMessage *message)
{
	json_t *list = entries_of((json_t *)json);
	int r;

	if (!list)
		return -ENOMEM;
	r = read_list(reading, place, field, list, message);
	jansson.delete(list);
	return r;
}

static int read_list(struct reading *reading, const struct place *place,
		     const ProtobufCFieldDescriptor *field, const json_t *json,
		     ProtobufCMessage *message)
{
	size_t size = trp_field_item_size(field->type);
	size_t count = jansson.array_size(json);
	char *items;
	int r = 0;

	if (json_is_object(json) && is_map(field))
		return read_map(reading, place, field, json, message);
	if (!json_is_array(json))
		return fail(reading, place, "wants a list");
	if (count == 0)
		return 0;
	items = trp_scratch_alloc(reading->scratch, count * size);
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct place at = { place, "", i, place->depth };

		r = read_item(reading, &at, field, jansson.array_get(json, i),
			      items + i * size);
	}
	*(void **)((char *)message + field->offset) = items;
	*(size_t *)((char *)message + field->quantifier_offset) = count;
	return r;
}

static int read_field(struct reading *reading, const struct place *place,
		      const ProtobufCFieldDescriptor *field, const json_t *json,
		      ProtobufCMessage *message)
{
	char *base = (char *)message;
	uint32_t *chosen = (uint32_t *)(base + field->quantifier_offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(reading, place, field, json, message);
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*chosen)
			return fail(reading, place,
				    "another of its oneof is given already");
		*chosen = field->id;
	} else if (field->label == PROTOBUF_C_LABEL_OPTIONAL &&
		   field->type != PROTOBUF_C_TYPE_STRING &&
		   field->type != PROTOBUF_C_TYPE_MESSAGE) {
		*(protobuf_c_boolean *)(base + field->quantifier_offset) = 1;
	}
	return read_item(reading, place, field, json, base + field->offset);
}

/* "someBytes" for "some_bytes". */
static bool is_camel_of(const char *key, const char *name)
{
	for (; *name; name++, key++) {
		char wanted = *name;

		if (wanted == '_' && name[1]) {
			wanted = *++name;
			if (wanted >= 'a' && wanted <= 'z')
				wanted = (char)(wanted - 'a' + 'A');
		}
		if (*key != wanted)
			return false;
	}
	return !*key;
}

static const ProtobufCFieldDescriptor *find_field(
	const ProtobufCMessageDescriptor *type, const char *key)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(type, key);

	for (unsigned i = 0; !field && i < type->n_fields; i++)
		if (is_camel_of(key, type->fields[i].name))
			field = &type->fields[i];
	return field;
}

static int no_field(struct reading *reading, const struct place *place,
		    const ProtobufCMessageDescriptor *type, const char *key)
{
	const struct place at = { place, key, 0, 0 };
	char names[96] = "";
	size_t used = 0;

	for (unsigned i = 0; i < type->n_fields && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "",
					 type->fields[i].name);
	return fail(reading, &at, "%.40s has no such field; it has %s",
		    type->name, type->n_fields ? names : "none");
}

static int read_fields(struct reading *reading, const struct place *place,
		       const ProtobufCMessageDescriptor *type,
		       const json_t *json, ProtobufCMessage *message,
		       unsigned char *given)
{
	/* jansson has no const iterators; nothing is changed. */
	json_t *object = (json_t *)json;
	int r = 0;

	for (void *item = jansson.object_iter(object); item;
	     item = jansson.object_iter_next(object, item)) {
		const json_t *value = jansson.object_iter_value(item);
		const char *key = jansson.object_iter_key(item);
		const ProtobufCFieldDescriptor *field = find_field(type, key);
		const struct place at = { place, key, 0, place->depth };

		if (!field)
			return no_field(reading, place, type, key);
		if (given[field - type->fields]++)
			return fail(reading, &at, "is given twice");
		if (!json_is_null(value))
			r = read_field(reading, &at, field, value, message);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_required(struct reading *reading, const struct place *place,
			  const ProtobufCMessageDescriptor *type,
			  const unsigned char *given)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const struct place at = { place, type->fields[i].name, 0, 0 };

		if (type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED &&
		    !given[i])
			return fail(reading, &at, "is required");
	}
	return 0;
}

static int read_message(struct reading *reading, const struct place *place,
			const ProtobufCMessageDescriptor *type,
			const json_t *json, ProtobufCMessage **ret_message)
{
	const struct place inner = { place->up, place->name, place->index,
				     place->depth + 1 };
	ProtobufCMessage *message;
	unsigned char *given;
	int r;

	if (!json_is_object(json))
		return fail(reading, place, "wants an object, a %.60s",
			    type->name);
	if (inner.depth > TRP_REFLECT_DEPTH)
		return fail(reading, place, "nested deeper than %d messages",
			    TRP_REFLECT_DEPTH);
	message = trp_scratch_alloc(reading->scratch, type->sizeof_message);
	given = trp_scratch_alloc(reading->scratch, type->n_fields + 1);
	if (!message || !given)
		return -ENOMEM;
	memset(given, 0, type->n_fields + 1);
	protobuf_c_message_init(type, message);
	r = read_fields(reading, &inner, type, json, message, given);
	if (r == 0)
		r = check_required(reading, &inner, type, given);
	if (r == 0)
		*ret_message = message;
	return r;
}

int trp_reflect_read(const ProtobufCMessageDescriptor *type, const char *text,
		     size_t size, struct trp_scratch *scratch,
		     ProtobufCMessage **ret_message,
		     struct trp_parse_error *parse_error)
{
	struct reading reading = { scratch, parse_error };
	const struct place top = { 0 };
	json_error_t error;
	json_t *json;
	int r = trp_library_load(&jansson_library);

	if (r < 0) {
		trp_parse_error_at(parse_error, SIZE_MAX, "%s cannot be loaded",
				   LIBRARY_JANSSON);
		return r;
	}
	json = jansson.loadb(text, size,
			     JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (!json) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return -ENOMEM;
		trp_parse_error_at(
			parse_error,
			error.position < 0 ? 0 : (size_t)error.position, "%.*s",
			(int)sizeof(parse_error->text) - 1, error.text);
		return -EINVAL;
	}
	r = read_message(&reading, &top, type, json, ret_message);
	jansson.delete(json);
	return r;
}
