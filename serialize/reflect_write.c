/* SPDX-License-Identifier: MIT */
#include "serialize/reflect_write.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "serialize/base64.h"
#include "serialize/field.h"
#include "serialize/json.h"
#include "serialize/text_buffer.h"

static int write_message(FILE *out, const ProtobufCMessage *message,
			 unsigned depth);

/* The fewest digits that read back equal. */
static int write_float(FILE *out, float number)
{
	double same = number;
	char text[32];

	for (int digits = 6; isfinite(number) && digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)number);
		if (strtof(text, NULL) != number)
			continue;
		same = strtod(text, NULL);
		break;
	}
	return trp_json_write_number(out, same);
}

static int write_bytes(FILE *out, const ProtobufCBinaryData *bytes)
{
	char *text = malloc(trp_base64_size(bytes->len) + 1);

	if (!text)
		return -ENOMEM;
	trp_base64_encode(bytes->data, bytes->len, text);
	fprintf(out, "\"%s\"", text);
	free(text);
	return 0;
}

static void write_enum(FILE *out, const ProtobufCEnumDescriptor *type,
		       int32_t number)
{
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value(type, number);

	if (value)
		fprintf(out, "\"%s\"", value->name);
	else
		fprintf(out, "%" PRId32, number);
}

static int write_item(FILE *out, const ProtobufCFieldDescriptor *field,
		      const void *item, unsigned depth)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		fprintf(out, "%" PRId32, *(const int32_t *)item);
		return 0;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		fprintf(out, "%" PRIu32, *(const uint32_t *)item);
		return 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		fprintf(out, "\"%" PRId64 "\"", *(const int64_t *)item);
		return 0;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		fprintf(out, "\"%" PRIu64 "\"", *(const uint64_t *)item);
		return 0;
	case PROTOBUF_C_TYPE_FLOAT:
		return write_float(out, *(const float *)item);
	case PROTOBUF_C_TYPE_DOUBLE:
		return trp_json_write_number(out, *(const double *)item);
	case PROTOBUF_C_TYPE_BOOL:
		fputs(*(const protobuf_c_boolean *)item ? "true" : "false",
		      out);
		return 0;
	case PROTOBUF_C_TYPE_ENUM:
		write_enum(out, field->descriptor, *(const int32_t *)item);
		return 0;
	case PROTOBUF_C_TYPE_STRING:
		trp_json_write_text(out, *(const char *const *)item
						 ? *(const char *const *)item
						 : "");
		return 0;
	case PROTOBUF_C_TYPE_BYTES:
		return write_bytes(out, item);
	case PROTOBUF_C_TYPE_MESSAGE:
		return write_message(out, *(ProtobufCMessage *const *)item,
				     depth);
	}
	return -EINVAL;
}

static int write_field(FILE *out, const ProtobufCMessage *message,
		       const ProtobufCFieldDescriptor *field, size_t count,
		       unsigned depth)
{
	bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
	int r = 0;

	fprintf(out, "\"%s\": %s", field->name, is_list ? "[" : "");
	for (size_t i = 0; r == 0 && i < count; i++) {
		fputs(i ? ", " : "", out);
		r = write_item(out, field, trp_field_item(message, field, i),
			       depth);
	}
	fputs(is_list ? "]" : "", out);
	return r;
}

static int write_message(FILE *out, const ProtobufCMessage *message,
			 unsigned depth)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	const char *comma = "";
	int r = 0;

	if (depth == TRP_REFLECT_DEPTH)
		return -EINVAL;
	putc('{', out);
	for (unsigned i = 0; r == 0 && i < type->n_fields; i++) {
		size_t count = trp_field_count(message, &type->fields[i]);

		if (count == 0)
			continue;
		fputs(comma, out);
		comma = ", ";
		r = write_field(out, message, &type->fields[i], count,
				depth + 1);
	}
	putc('}', out);
	return r;
}

int trp_reflect_write(const ProtobufCMessage *message, char **ret_text)
{
	struct trp_text_buffer text;
	int r = trp_text_buffer_open(&text);

	if (r < 0)
		return r;
	r = write_message(text.out, message, 0);
	return trp_text_buffer_close(&text, r, ret_text);
}
