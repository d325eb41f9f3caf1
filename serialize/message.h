/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * protobuf-c messages to bytes and back.  Packing writes straight into the
 * caller's memory; unpacking takes all of its own from a scratch.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "serialize/scratch.h"

enum {
	/*
	 * Stack that unpacking may take, in bytes.  protobuf-c recurses for
	 * each nested message; this allows at least 100 levels; deeper messages
	 * are refused.
	 */
	TRP_MESSAGE_STACK = 128 << 10,

	/*
	 * The limits of a send: packed bytes, 64 MiB of content and what is
	 * around it; messages within messages.
	 */
	TRP_MESSAGE_MAX = (64 << 20) + (4 << 10),
	TRP_MESSAGE_DEPTH = 100,
};

/*
 * For arguments from users: not NULL, and initialised by generated code.  It
 * does not follow nested messages.
 */
bool trp_message_is_valid(const ProtobufCMessage *message);

/* No more than `depth` messages within each other, this one counted. */
bool trp_message_is_within(const ProtobufCMessage *message, unsigned depth);

/* Bytes that trp_message_pack() will write; 0 is legal. */
size_t trp_message_size(const ProtobufCMessage *message);

/*
 * Writes trp_message_size() bytes and returns that number.  The message may
 * not change in between.  A NULL string is packed as "" and a NULL message not
 * at all; in a repeated field, neither may be NULL.
 */
size_t trp_message_pack(const ProtobufCMessage *message, void *bytes);

/* Packs into memory for free().  0 or -ENOMEM. */
int trp_message_to_bytes(const ProtobufCMessage *message,
			 ProtobufCBinaryData *ret_bytes);
/* For protobuf_c_message_free_unpacked(); NULL: no memory. */
ProtobufCMessage *trp_message_copy(const ProtobufCMessage *message);

/*
 * The message in `bytes`, which a peer may be changing: it is parsed from a
 * copy.  ret_message lives in the scratch until the release of a mark taken
 * before; protobuf_c_message_free_unpacked() is not for it.  Unknown fields
 * are kept in its unknown_fields.
 * Returns 0; -EBADMSG: truncated, malformed, nested too deep or lacking a
 * required field; -ENOMEM: the scratch has no room for it.
 */
int trp_message_unpack(const ProtobufCMessageDescriptor *type,
		       const void *bytes, size_t size,
		       struct trp_scratch *scratch,
		       ProtobufCMessage **ret_message);

/* The same without the copy, for bytes that no other process can write. */
int trp_message_unpack_private(const ProtobufCMessageDescriptor *type,
			       const void *bytes, size_t size,
			       struct trp_scratch *scratch,
			       ProtobufCMessage **ret_message);
