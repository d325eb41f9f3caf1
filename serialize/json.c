/* SPDX-License-Identifier: MIT */
#include "serialize/json.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/library.h"
#include "libraries.h"
#include "serialize/base64.h"
#include "serialize/printable.h"
#include "serialize/text_buffer.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(json_, array_get) F(json_, array_size) F(json_, delete) \
	F(json_, dumpb) F(json_, integer_value) F(json_, loadb) \
	F(json_, object_get) F(json_, object_iter) F(json_, object_iter_key) \
	F(json_, object_iter_next) F(json_, object_iter_value) \
	F(json_, object_size) F(json_, real) F(json_, real_value) \
	F(json_, string_value)
/* clang-format on */
TRP_LIBRARY(jansson, LIBRARY_JANSSON, FUNCTIONS);

/* A receiver unpacks 67 levels of lists at most. */
enum { WRITTEN_DEPTH = 100 };

/* A key `$...$` and this: a map with one such key is escaped. */
static bool is_special(const char *key)
{
	const char *name = key + strspn(key, "$");

	return name > key &&
	       (strcmp(name, "bytes") == 0 || strcmp(name, "double") == 0);
}

/* ---- reading ------------------------------------------------------------- */

struct reading {
	struct trp_parse_error *parse_error;
	int error;
};

static struct troupe_value *fail(struct reading *reading, const char *text)
{
	trp_parse_error_at(reading->parse_error, SIZE_MAX, "%s", text);
	reading->error = -EINVAL;
	return NULL;
}

static struct troupe_value *read_bytes(struct reading *reading,
				       const json_t *item)
{
	const char *text = jansson.string_value(item);
	struct troupe_value *value;
	unsigned char *bytes;
	size_t size;

	if (!text)
		return fail(reading, "\"$bytes\" wants base64 text");
	bytes = malloc(strlen(text) / 4 * 3 + 3);
	if (!bytes)
		return NULL;
	if (trp_base64_decode(text, bytes, &size) < 0) {
		free(bytes);
		return fail(reading, "\"$bytes\" wants base64 text");
	}
	value = troupe_value_bytes(bytes, size);
	free(bytes);
	return value;
}

static struct troupe_value *read_double(struct reading *reading,
					const json_t *item)
{
	const char *text = jansson.string_value(item);

	if (text && strcmp(text, "NaN") == 0)
		return troupe_value_double(NAN);
	if (text && strcmp(text, "Infinity") == 0)
		return troupe_value_double(INFINITY);
	if (text && strcmp(text, "-Infinity") == 0)
		return troupe_value_double(-INFINITY);
	return fail(reading, "\"$double\" wants \"NaN\", \"Infinity\" or "
			     "\"-Infinity\"");
}

static struct troupe_value *read_any(struct reading *reading,
				     const json_t *json);

static struct troupe_value *read_map(struct reading *reading,
				     const json_t *json)
{
	/* jansson has no const iterators; nothing is changed. */
	json_t *object = (json_t *)json;
	struct troupe_value *map = troupe_value_map();

	for (void *at = jansson.object_iter(object); at;
	     at = jansson.object_iter_next(object, at)) {
		const json_t *item = jansson.object_iter_value(at);
		const char *key = jansson.object_iter_key(at);
		bool is_escaped =
			jansson.object_size(json) == 1 && is_special(key);

		if (trp_value_add(map, key + is_escaped,
				  read_any(reading, item)) < 0) {
			troupe_value_free(map);
			return NULL;
		}
	}
	return map;
}

static struct troupe_value *read_object(struct reading *reading,
					const json_t *json)
{
	const json_t *item;

	if (jansson.object_size(json) == 1) {
		item = jansson.object_get(json, "$bytes");
		if (item)
			return read_bytes(reading, item);
		item = jansson.object_get(json, "$double");
		if (item)
			return read_double(reading, item);
	}
	return read_map(reading, json);
}

static struct troupe_value *read_list(struct reading *reading,
				      const json_t *json)
{
	struct troupe_value *list = troupe_value_list();

	for (size_t i = 0; i < jansson.array_size(json); i++) {
		const json_t *item = jansson.array_get(json, i);

		if (troupe_value_append(list, read_any(reading, item)) < 0) {
			troupe_value_free(list);
			return NULL;
		}
	}
	return list;
}

static struct troupe_value *read_any(struct reading *reading,
				     const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return read_object(reading, json);
	case JSON_ARRAY:
		return read_list(reading, json);
	case JSON_STRING:
		return troupe_value_text(jansson.string_value(json));
	case JSON_INTEGER:
		return troupe_value_int(jansson.integer_value(json));
	case JSON_REAL:
		return troupe_value_double(jansson.real_value(json));
	case JSON_TRUE:
	case JSON_FALSE:
		return troupe_value_bool(json_typeof(json) == JSON_TRUE);
	case JSON_NULL:
		break;
	}
	return troupe_value_null();
}

/* jansson's own limit is 2,048 levels, and it would not report the place. */
static int check_depth(const char *text, size_t size,
		       struct trp_parse_error *parse_error)
{
	bool is_quoted = false;
	unsigned depth = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && text[i] == '\\')
			i++;
		else if (!is_quoted && (text[i] == '[' || text[i] == '{'))
			depth++;
		else if (!is_quoted && (text[i] == ']' || text[i] == '}'))
			depth -= depth > 0;
		if (depth > TRP_VALUE_DEPTH) {
			trp_parse_error_at(parse_error, i,
					   "nested deeper than %d levels",
					   TRP_VALUE_DEPTH);
			return -EINVAL;
		}
	}
	return 0;
}

static int explain(const json_error_t *error,
		   struct trp_parse_error *parse_error)
{
	size_t offset = error->position < 0 ? 0 : (size_t)error->position;

	switch (json_error_code(error)) {
	case json_error_out_of_memory:
		return -ENOMEM;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		trp_parse_error_at(parse_error, offset, "text without \\u0000");
		return -EINVAL;
	default:
		trp_parse_error_at(parse_error, offset, "%s", error->text);
		return -EINVAL;
	}
}

static int read_text(const char *text, size_t size, size_t flags,
		     struct troupe_value **ret_value, size_t *ret_used,
		     struct trp_parse_error *parse_error)
{
	struct reading reading = { .parse_error = parse_error };
	json_error_t error;
	struct troupe_value *value;
	json_t *json;
	int r = trp_library_load(&jansson_library);

	if (r < 0) {
		trp_parse_error_at(parse_error, SIZE_MAX, "%s cannot be loaded",
				   LIBRARY_JANSSON);
		return r;
	}
	if (size > INT_MAX) {
		trp_parse_error_at(parse_error, INT_MAX, "larger than 2 GiB");
		return -EINVAL;
	}
	json = jansson.loadb(text, size, JSON_DECODE_ANY | flags, &error);
	if (!json)
		return explain(&error, parse_error);
	value = read_any(&reading, json);
	jansson.delete(json);
	if (!value)
		return reading.error < 0 ? reading.error : -ENOMEM;
	*ret_value = value;
	*ret_used = (size_t)error.position;
	return 0;
}

int trp_json_read(const char *text, size_t size,
		  struct troupe_value **ret_value,
		  struct trp_parse_error *parse_error)
{
	size_t used;
	int r = check_depth(text, size, parse_error);

	if (r < 0)
		return r;
	return read_text(text, size, JSON_REJECT_DUPLICATES, ret_value, &used,
			 parse_error);
}

int trp_json_read_first(const char *text, size_t size,
			struct troupe_value **ret_value, size_t *ret_used,
			struct trp_parse_error *parse_error)
{
	return read_text(text, size,
			 JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK,
			 ret_value, ret_used, parse_error);
}

/* ---- writing ------------------------------------------------------------- */

/* \uXXXX; two of them for one beyond that. */
static void write_escape(FILE *out, uint32_t code)
{
	if (code > 0xffff)
		fprintf(out, "\\u%04x", 0xd7c0 + (code >> 10));
	fprintf(out, "\\u%04x", code > 0xffff ? 0xdc00 | (code & 0x3ff) : code);
}

void trp_json_write_text(FILE *out, const char *text)
{
	const char *at = text;

	putc('"', out);
	while (*at) {
		uint32_t code;
		size_t size = trp_printable_decode(at, &code);

		if (size == 0)
			fputs("\\ufffd", out);
		else if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else if (*at == '\n')
			fputs("\\n", out);
		else if (!trp_printable_may_show(code))
			write_escape(out, code);
		else
			fwrite(at, 1, size, out);
		at += size ? size : 1;
	}
	putc('"', out);
}

static int write_bytes(FILE *out, const struct troupe_value *value)
{
	size_t size;
	const void *bytes = troupe_value_to_bytes(value, &size);
	char *text = malloc(trp_base64_size(size) + 1);

	if (!text)
		return -ENOMEM;
	trp_base64_encode(bytes, size, text);
	fprintf(out, "{\"$bytes\": \"%s\"}", text);
	free(text);
	return 0;
}

static const char *name_of(double number)
{
	return isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
}

/*
 * The fewest digits that read back equal, with a point or exponent and without
 * a locale: jansson's own writer does both.
 */
int trp_json_write_number(FILE *out, double number)
{
	char text[64];
	json_t *json;
	size_t size;
	int digits, r;

	if (!isfinite(number)) {
		fprintf(out, "\"%s\"", name_of(number));
		return 0;
	}
	r = trp_library_load(&jansson_library);
	if (r < 0)
		return r;
	for (digits = 15; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	json = jansson.real(number);
	if (!json)
		return -ENOMEM;
	size = jansson.dumpb(json, text, sizeof(text),
			     JSON_ENCODE_ANY |
				     JSON_REAL_PRECISION((size_t)digits));
	jansson.delete(json);
	fwrite(text, 1, size, out);
	return 0;
}

static int write_double(FILE *out, double number)
{
	bool is_special_number = !isfinite(number);
	int r;

	fputs(is_special_number ? "{\"$double\": " : "", out);
	r = trp_json_write_number(out, number);
	fputs(is_special_number ? "}" : "", out);
	return r;
}

static int write_any(FILE *out, const struct troupe_value *value,
		     unsigned levels);

static int write_list(FILE *out, const struct troupe_value *list,
		      unsigned levels)
{
	int r;

	putc('[', out);
	for (size_t i = 0; i < troupe_value_count(list); i++) {
		fputs(i ? ", " : "", out);
		r = write_any(out, troupe_value_at(list, i), levels);
		if (r < 0)
			return r;
	}
	putc(']', out);
	return 0;
}

static int write_map(FILE *out, const struct troupe_value *map, unsigned levels)
{
	int r;

	putc('{', out);
	for (size_t i = 0; i < troupe_value_count(map); i++) {
		const char *key = troupe_value_key_at(map, i);

		fputs(i ? ", " : "", out);
		if (troupe_value_count(map) == 1 && is_special(key)) {
			char *escaped;

			if (asprintf(&escaped, "$%s", key) < 0)
				return -ENOMEM;
			trp_json_write_text(out, escaped);
			free(escaped);
		} else {
			trp_json_write_text(out, key);
		}
		fputs(": ", out);
		r = write_any(out, troupe_value_at(map, i), levels);
		if (r < 0)
			return r;
	}
	putc('}', out);
	return 0;
}

static int write_any(FILE *out, const struct troupe_value *value,
		     unsigned levels)
{
	if (levels == 0)
		return -EINVAL;
	switch (trp_value_kind(value)) {
	case TRP_VALUE_NULL:
		fputs("null", out);
		return 0;
	case TRP_VALUE_BOOL:
		fputs(value->message.bool_value ? "true" : "false", out);
		return 0;
	case TRP_VALUE_INT:
		fprintf(out, "%lld", (long long)value->message.int_value);
		return 0;
	case TRP_VALUE_DOUBLE:
		return write_double(out, value->message.number_value);
	case TRP_VALUE_TEXT:
		trp_json_write_text(out, value->message.string_value);
		return 0;
	case TRP_VALUE_BYTES:
		return write_bytes(out, value);
	case TRP_VALUE_LIST:
		return write_list(out, value, levels - 1);
	case TRP_VALUE_MAP:
		return write_map(out, value, levels - 1);
	}
	return -EINVAL;
}

int trp_json_write(const struct troupe_value *value, char **ret_text)
{
	struct trp_text_buffer text;
	int r = trp_text_buffer_open(&text);

	if (r < 0)
		return r;
	r = write_any(text.out, value, WRITTEN_DEPTH);
	return trp_text_buffer_close(&text, r, ret_text);
}
