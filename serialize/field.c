/* SPDX-License-Identifier: MIT */
#include "serialize/field.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

static const void *at(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

size_t trp_field_item_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return sizeof(int32_t);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(int64_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(char *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(ProtobufCMessage *);
	}
	return 0;
}

/* Without has_: protobuf-c writes the field unless it has this value. */
static bool is_empty(ProtobufCType type, const void *item)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(const char *const *)item;

		return !text || !*text;
	}
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)item)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(ProtobufCMessage *const *)item;
	case PROTOBUF_C_TYPE_FLOAT:
		return *(const float *)item == 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)item == 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return *(const int64_t *)item == 0;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
		break;
	}
	static_assert(sizeof(protobuf_c_boolean) == sizeof(int32_t), "read as");
	return *(const int32_t *)item == 0;
}

static bool is_pointer(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_STRING ||
	       type == PROTOBUF_C_TYPE_MESSAGE;
}

/* Of an optional field or one of a oneof. */
static bool has(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, const void *item)
{
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
	    *(const uint32_t *)at(message, field->quantifier_offset) !=
		    field->id)
		return false;
	if (is_pointer(field->type)) {
		const void *pointer = *(const void *const *)item;

		return pointer && pointer != field->default_value;
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return true;
	return *(const protobuf_c_boolean *)at(message,
					       field->quantifier_offset);
}

size_t trp_field_count(const ProtobufCMessage *message,
		       const ProtobufCFieldDescriptor *field)
{
	const void *item = at(message, field->offset);

	switch (field->label) {
	case PROTOBUF_C_LABEL_REPEATED:
		return *(const size_t *)at(message, field->quantifier_offset);
	case PROTOBUF_C_LABEL_OPTIONAL:
		return has(message, field, item);
	case PROTOBUF_C_LABEL_NONE:
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			return has(message, field, item);
		break;
	case PROTOBUF_C_LABEL_REQUIRED:
		break;
	}
	return !is_empty(field->type, item);
}

const void *trp_field_item(const ProtobufCMessage *message,
			   const ProtobufCFieldDescriptor *field, size_t i)
{
	const void *item = at(message, field->offset);

	assert(i < trp_field_count(message, field));
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return item;
	return *(const char *const *)item +
	       i * trp_field_item_size(field->type);
}
