/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The fields of any message by its descriptor, each as a row of items: a
 * repeated field has its items; any other field has 1 if protobuf would write
 * it, and 0 if it is absent or, without presence, zero or empty.
 */

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Bytes of an item in memory. */
size_t trp_field_item_size(ProtobufCType type);

size_t trp_field_count(const ProtobufCMessage *message,
		       const ProtobufCFieldDescriptor *field);

/* i < count. */
const void *trp_field_item(const ProtobufCMessage *message,
			   const ProtobufCFieldDescriptor *field, size_t i);
