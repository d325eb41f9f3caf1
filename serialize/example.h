/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A message as a pattern for others of its type.  Fields that are set in it
 * count, see field.h: a proto3 field without `optional` cannot be asked to be
 * 0.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/*
 * Each field that is set in the example is set and equal in the message; one
 * that is a message likewise; a list has as many items, and each matches.
 * Both are of one type.  As deep as the example is.
 */
bool trp_example_matches(const ProtobufCMessage *example,
			 const ProtobufCMessage *message);
