/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A message as a pattern for others of its type.  Fields that are set in it
 * count, see field.h: a proto3 field without `optional` cannot be required to
 * be 0.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/*
 * Each field that is set in the example is set and equal in the message, nested
 * messages likewise; a list has as many items, and each matches.
 * Both have one type.  Recurses as deep as the example.
 */
bool trp_example_matches(const ProtobufCMessage *example,
			 const ProtobufCMessage *message);
