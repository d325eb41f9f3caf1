/* SPDX-License-Identifier: MIT */
#include "serialize/example.h"

#include <assert.h>
#include <string.h>

#include "serialize/field.h"

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_same_bytes(const ProtobufCBinaryData *a,
			  const ProtobufCBinaryData *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool item_matches(ProtobufCType type, const void *a, const void *b)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FLOAT:
		return *(const float *)a == *(const float *)b;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)a == *(const double *)b;
	case PROTOBUF_C_TYPE_BOOL:
		return !*(const protobuf_c_boolean *)a ==
		       !*(const protobuf_c_boolean *)b;
	case PROTOBUF_C_TYPE_STRING:
		return is_same_text(*(const char *const *)a,
				    *(const char *const *)b);
	case PROTOBUF_C_TYPE_BYTES:
		return is_same_bytes(a, b);
	case PROTOBUF_C_TYPE_MESSAGE:
		return trp_example_matches(*(ProtobufCMessage *const *)a,
					   *(ProtobufCMessage *const *)b);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_ENUM:
		break;
	}
	return memcmp(a, b, trp_field_item_size(type)) == 0;
}

static bool field_matches(const ProtobufCFieldDescriptor *field,
			  const ProtobufCMessage *example,
			  const ProtobufCMessage *message)
{
	size_t i, count = trp_field_count(example, field);

	if (count == 0)
		return true;
	if (count != trp_field_count(message, field))
		return false;
	for (i = 0; i < count; i++)
		if (!item_matches(field->type,
				  trp_field_item(example, field, i),
				  trp_field_item(message, field, i)))
			return false;
	return true;
}

bool trp_example_matches(const ProtobufCMessage *example,
			 const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = example->descriptor;

	assert(type == message->descriptor);
	for (unsigned i = 0; i < type->n_fields; i++)
		if (!field_matches(&type->fields[i], example, message))
			return false;
	return true;
}
