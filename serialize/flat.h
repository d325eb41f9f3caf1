/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Flat messages: what is set in them are numbers, strings and bytes, once each.
 * They are packed and unpacked by one walk here, in half of the time that
 * protobuf-c takes.  All others, and all that is malformed or unusual on the
 * wire, are left to protobuf-c, so there is one judge of what is valid.
 *
 *	trp_flat_measure(m)	==> both pack the same bytes
 *	trp_flat_unpack() == 0	==> protobuf-c unpacks an equal message
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serialize/scratch.h"

/* trp_flat_unpack(): protobuf-c is to judge. */
enum { TRP_NOT_FLAT = 1 };

struct trp_flat {
	size_t size;	  /* bytes that trp_flat_pack() will write */
	uint64_t written; /* fields, by their index */
};

/* False: the message is not flat. */
bool trp_flat_measure(const ProtobufCMessage *message,
		      struct trp_flat *ret_flat);

/* A flat message, unchanged since it was measured.  Returns flat->size. */
size_t trp_flat_pack(const ProtobufCMessage *message,
		     const struct trp_flat *flat, void *bytes);

/*
 * As trp_message_unpack(), from bytes that a peer may be changing: each is read
 * once.  0, TRP_NOT_FLAT or -ENOMEM.
 */
int trp_flat_unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
		    size_t size, struct trp_scratch *scratch,
		    ProtobufCMessage **ret_message);
