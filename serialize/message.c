/* SPDX-License-Identifier: MIT */
#include "serialize/message.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/flat.h"

bool trp_message_is_valid(const ProtobufCMessage *message)
{
	return message && message->descriptor &&
	       message->descriptor->magic ==
		       PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC;
}

static bool is_set(const ProtobufCMessage *message,
		   const ProtobufCFieldDescriptor *field)
{
	return !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
	       *(const uint32_t *)((const char *)message +
				   field->quantifier_offset) == field->id;
}

static bool is_field_within(const ProtobufCMessage *message,
			    const ProtobufCFieldDescriptor *field,
			    unsigned depth)
{
	const char *at = (const char *)message + field->offset;
	const ProtobufCMessage *const *inner = (const void *)at;
	size_t count = 1;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE || !is_set(message, field))
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		count = *(const size_t *)((const char *)message +
					  field->quantifier_offset);
		inner = *(const ProtobufCMessage *const *const *)at;
	}
	for (size_t i = 0; i < count; i++)
		if (inner[i] && !trp_message_is_within(inner[i], depth))
			return false;
	return true;
}

bool trp_message_is_within(const ProtobufCMessage *message, unsigned depth)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	if (depth == 0)
		return false;
	for (unsigned i = 0; i < type->n_fields; i++)
		if (!is_field_within(message, &type->fields[i], depth - 1))
			return false;
	return true;
}

size_t trp_message_size(const ProtobufCMessage *message)
{
	return protobuf_c_message_get_packed_size(message);
}

size_t trp_message_pack(const ProtobufCMessage *message, void *bytes)
{
	return protobuf_c_message_pack(message, bytes);
}

int trp_message_to_bytes(const ProtobufCMessage *message,
			 ProtobufCBinaryData *ret_bytes)
{
	size_t size = trp_message_size(message);
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return -ENOMEM;
	trp_message_pack(message, bytes);
	*ret_bytes = (ProtobufCBinaryData) { size, bytes };
	return 0;
}

ProtobufCMessage *trp_message_copy(const ProtobufCMessage *message)
{
	ProtobufCBinaryData bytes;
	ProtobufCMessage *copy;

	if (trp_message_to_bytes(message, &bytes) < 0)
		return NULL;
	copy = protobuf_c_message_unpack(message->descriptor, NULL, bytes.len,
					 bytes.data);
	free(bytes.data);
	return copy;
}

enum { SMALL = 256 }; /* bytes copied to the stack, 3 ns faster */

/* One unpacking, as its allocator sees it. */
struct unpacking {
	struct trp_scratch *scratch;
	uintptr_t stack; /* where it began */
	int error;	 /* of the allocation that was refused */
};

/*
 * protobuf-c allocates first at each level, and accepts NULL.  So the allocator
 * can see the depth of its recursion.
 */
static void *allocate(void *data, size_t size)
{
	struct unpacking *unpacking = data;
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
	void *bytes;

	if (unpacking->stack - stack > TRP_MESSAGE_STACK) {
		unpacking->error = -EBADMSG;
		return NULL;
	}
	bytes = trp_scratch_alloc(unpacking->scratch, size);
	if (!bytes)
		unpacking->error = -ENOMEM;
	return bytes;
}

static void keep(void *data, void *bytes)
{
}

static int unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
		  size_t size, struct trp_scratch *scratch,
		  ProtobufCMessage **ret_message)
{
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	struct unpacking unpacking = {
		.scratch = scratch,
		.stack = (uintptr_t)__builtin_frame_address(0),
		.error = -EBADMSG,
	};
	ProtobufCAllocator allocator = {
		.alloc = allocate,
		.free = keep,
		.allocator_data = &unpacking,
	};
	ProtobufCMessage *message;

	/* protobuf-c counts the elements of an array in 32 bits. */
	if (size > INT_MAX)
		return -EBADMSG;
	message = protobuf_c_message_unpack(type, &allocator, size, bytes);
	if (!message) {
		trp_scratch_release(scratch, mark);
		return unpacking.error;
	}
	*ret_message = message;
	return 0;
}

int trp_message_unpack_private(const ProtobufCMessageDescriptor *type,
			       const void *bytes, size_t size,
			       struct trp_scratch *scratch,
			       ProtobufCMessage **ret_message)
{
	int r;

	assert(type->magic == PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
	r = trp_flat_unpack(type, bytes, size, scratch, ret_message);
	return r == TRP_NOT_FLAT
		       ? unpack(type, bytes, size, scratch, ret_message)
		       : r;
}

static int unpack_large(const ProtobufCMessageDescriptor *type,
			const void *bytes, size_t size,
			struct trp_scratch *scratch,
			ProtobufCMessage **ret_message)
{
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	void *copy;
	int r;

	copy = trp_scratch_alloc(scratch, size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, size);
	r = unpack(type, copy, size, scratch, ret_message);
	if (r < 0)
		trp_scratch_release(scratch, mark);
	return r;
}

/*
 * A message that is not flat is parsed from a copy by protobuf-c.
 * A packed field of varints is counted in one pass, which allocates its array,
 * and stored in another: bytes changed in between would overflow it.
 */
int trp_message_unpack(const ProtobufCMessageDescriptor *type,
		       const void *bytes, size_t size,
		       struct trp_scratch *scratch,
		       ProtobufCMessage **ret_message)
{
	unsigned char copy[SMALL];
	int r;

	assert(type->magic == PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
	r = trp_flat_unpack(type, bytes, size, scratch, ret_message);
	if (r != TRP_NOT_FLAT)
		return r;
	if (size > sizeof(copy))
		return unpack_large(type, bytes, size, scratch, ret_message);
	if (size)
		memcpy(copy, bytes, size);
	return unpack(type, copy, size, scratch, ret_message);
}
