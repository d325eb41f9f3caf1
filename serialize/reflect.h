/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Any message as JSON and back, by its descriptor alone: the JSON mapping of
 * protobuf's proto3, as far as protobuf-c's descriptors tell.
 *
 *	int32, uint32, ...	number; or a string of digits
 *	int64, uint64, ...	string of digits; or a number (up to 2^63 - 1)
 *	float, double		number; or "NaN", "Infinity", "-Infinity"
 *	bytes			base64, either alphabet, padded or not
 *	enum			the value's name; or a number
 *	repeated, message	list, object
 *	null			the field is absent
 *
 * Fields have their names of the .proto file; when read, lowerCamelCase is
 * taken as well.  Two rules differ: protobuf-c has no maps, so a map is written
 * as a list of {"key", "value"}, and read as that or as an object; and the
 * well-known types (Timestamp, Any, ...) are ordinary messages.
 */

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include "serialize/parse_error.h"
#include "serialize/scratch.h"

enum { TRP_REFLECT_DEPTH = 64 }; /* messages within messages */

/*
 * The message of a text, in the scratch.  Returns 0; -EINVAL with the
 * parse_error (which may be NULL): an offset if the text is no JSON, else
 * SIZE_MAX and a text that starts with the place, "name.sub[2]: ...";
 * -ELIBACC with a text: libjansson is not here; -ENOMEM.
 */
int trp_reflect_read(const ProtobufCMessageDescriptor *type, const char *text,
		     size_t size, struct trp_scratch *scratch,
		     ProtobufCMessage **ret_message,
		     struct trp_parse_error *parse_error);
