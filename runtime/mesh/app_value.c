/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/app_value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/troupe_beacon.h"
#include "serialize/json.h"

/* ---- of troupe_value ---------------------------------------------------- */

int trp_mesh_app_value_of(const struct troupe_value *value,
			  Troupe__Mesh__Scalar *ret_scalar)
{
	Troupe__Mesh__Scalar scalar = TROUPE__MESH__SCALAR__INIT;
	const char *text = troupe_value_to_text(value, "");

	switch (troupe_value_kind(value)) {
	case TROUPE_NULL:
		scalar.type = TRP_SCALAR_NONE;
		break;
	case TROUPE_BOOL:
		scalar.type = TRP_SCALAR_BOOL;
		scalar.flag = troupe_value_to_bool(value, false);
		break;
	case TROUPE_INT:
		scalar.type = TRP_SCALAR_INT;
		scalar.integer = troupe_value_to_int(value, 0);
		break;
	case TROUPE_DOUBLE:
		scalar.type = TRP_SCALAR_REAL;
		scalar.real = troupe_value_to_double(value, 0);
		break;
	case TROUPE_TEXT:
		scalar.type = TRP_SCALAR_TEXT;
		scalar.span =
			(ProtobufCBinaryData) { strlen(text), (uint8_t *)text };
		if (scalar.span.len > TROUPE_BEACON_TEXT_MOST)
			return -EMSGSIZE;
		break;
	case TROUPE_BYTES:
	case TROUPE_LIST:
	case TROUPE_MAP:
		return -EINVAL;
	}
	*ret_scalar = scalar;
	return 0;
}

struct troupe_value *trp_mesh_app_value_make(const Troupe__Mesh__Scalar *from)
{
	struct troupe_value *value;
	char *text;

	switch (from->type) {
	case TRP_SCALAR_BOOL:
		return troupe_value_bool(from->flag);
	case TRP_SCALAR_INT:
		return troupe_value_int(from->integer);
	case TRP_SCALAR_REAL:
		return troupe_value_double(from->real);
	case TRP_SCALAR_TEXT:
		text = strndup((const char *)from->span.data, from->span.len);
		value = text ? troupe_value_text(text) : NULL;
		free(text);
		return value;
	case TRP_SCALAR_BYTES:
	case TRP_SCALAR_RAW:
		return troupe_value_bytes(from->span.data, from->span.len);
	default:
		return troupe_value_null();
	}
}

bool trp_mesh_app_value_is_valid(const struct trp_scalar *value)
{
	if (value->type == TRP_SCALAR_REAL)
		return isfinite(value->real);
	if (!trp_scalar_has_span(value))
		return true;
	if (value->type != TRP_SCALAR_TEXT ||
	    value->span.length > TROUPE_BEACON_TEXT_MOST)
		return false;
	for (size_t i = 0; i < value->span.length; i++)
		if ((unsigned char)value->span.data[i] < ' ' ||
		    value->span.data[i] == 127)
			return false;
	return true;
}

/* ---- words -------------------------------------------------------------- */

/* An int and a bool as in JSON; a real always with a point or an exponent. */
static void print_number(const struct trp_scalar *value, char *space,
			 size_t size)
{
	if (value->type == TRP_SCALAR_BOOL)
		snprintf(space, size, "%s", value->flag ? "true" : "false");
	else if (value->type == TRP_SCALAR_INT)
		snprintf(space, size, "%" PRId64, value->integer);
	else
		snprintf(space, size, "%.17g", value->real);
	if (value->type == TRP_SCALAR_REAL && !strpbrk(space, ".en"))
		strncat(space, ".0", size - strlen(space) - 1);
}

/* As texts, these are in the order of the numbers. */
static uint64_t order_of(const struct trp_scalar *value)
{
	double number = value->type == TRP_SCALAR_BOOL	? value->flag
			: value->type == TRP_SCALAR_INT ? (double)value->integer
							: value->real;
	uint64_t bits;

	number += 0.0; /* -0 is 0 */
	memcpy(&bits, &number, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

void trp_mesh_app_value_write(const struct trp_scalar *value,
			      char space[TRP_MESH_APP_VALUE_SIZE])
{
	char number[64];

	*space = '\0';
	if (value->type == TRP_SCALAR_TEXT) {
		snprintf(space, TRP_MESH_APP_VALUE_SIZE, "t%.*s",
			 (int)value->span.length, value->span.data);
	} else if (value->type != TRP_SCALAR_NONE) {
		print_number(value, number, sizeof(number));
		snprintf(space, TRP_MESH_APP_VALUE_SIZE, "n%016" PRIx64 "%s",
			 order_of(value), number);
	}
}

static int read_number(const char *text, struct trp_scalar *ret_value)
{
	bool is_true = strcmp(text, "true") == 0;
	struct trp_scalar value;
	char *end;

	if (is_true || strcmp(text, "false") == 0) {
		*ret_value = (struct trp_scalar) { TRP_SCALAR_BOOL,
						   { .flag = is_true } };
		return 0;
	}
	errno = 0;
	value.type = strpbrk(text, ".en") ? TRP_SCALAR_REAL : TRP_SCALAR_INT;
	if (value.type == TRP_SCALAR_INT)
		value.integer = strtoll(text, &end, 10);
	else
		value.real = strtod(text, &end);
	if (end == text || *end || errno == ERANGE ||
	    !trp_mesh_app_value_is_valid(&value))
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

int trp_mesh_app_value_read(const char *word, size_t length,
			    struct trp_scalar *ret_value)
{
	enum { LETTER = 1, DIGITS = 16 };
	struct trp_scalar value = { .type = TRP_SCALAR_TEXT };
	char number[64];

	if (length && word[0] == 't') {
		value.span.data = word + LETTER;
		value.span.length = length - LETTER;
		if (!trp_mesh_app_value_is_valid(&value))
			return -EBADMSG;
		*ret_value = value;
		return 0;
	}
	if (length <= LETTER + DIGITS || word[0] != 'n' ||
	    length - LETTER - DIGITS >= sizeof(number))
		return -EBADMSG;
	length -= LETTER + DIGITS;
	memcpy(number, word + LETTER + DIGITS, length);
	number[length] = '\0';
	return read_number(number, ret_value);
}

char *trp_mesh_app_value_json(const struct trp_scalar *value)
{
	char text[TROUPE_BEACON_TEXT_MOST + 1], *json = NULL;
	size_t size;
	FILE *out = open_memstream(&json, &size);

	if (!out)
		return NULL;
	if (value->type == TRP_SCALAR_NONE) {
		fputs("null", out);
	} else if (trp_scalar_has_span(value)) {
		snprintf(text, sizeof(text), "%.*s", (int)value->span.length,
			 value->span.data);
		trp_json_write_text(out, text);
	} else {
		print_number(value, text, sizeof(text));
		fputs(text, out);
	}
	if (fclose(out) == 0)
		return json;
	free(json);
	return NULL;
}
