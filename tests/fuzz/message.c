/* SPDX-License-Identifier: MIT */
#include "serialize/message.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/flat.h"
#include "tests/support/needed.pb-c.h"
#include "tests/support/sample.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
	&sample__everything__descriptor, &sample__lists__descriptor,
	&sample__choice__descriptor,	 &sample__tree__descriptor,
	&sample__entry__descriptor,	 &sample__needed__descriptor,
	&sample__empty__descriptor,	 &sample__scalars__descriptor,
	&sample__older__descriptor,	 &sample__bytes__descriptor,
};

/*
 * A message packs into its computed size.  The bytes may be refused: an unknown
 * field numbered 0 is accepted in two bytes, but not in one.
 */
static void send_on(const ProtobufCMessage *message,
		    struct trp_scratch *scratch)
{
	size_t size = trp_message_size(message);
	unsigned char *bytes = malloc(size + 1), *flat = malloc(size + 1);
	ProtobufCMessage *again;
	struct trp_flat measured;
	int r;

	assert(bytes && flat);
	assert(trp_message_pack(message, bytes) == size);
	if (trp_flat_measure(message, &measured)) {
		assert(measured.size == size);
		assert(trp_flat_pack(message, &measured, flat) == size);
		assert(memcmp(bytes, flat, size) == 0);
	}
	free(flat);
	r = trp_message_unpack(message->descriptor, bytes, size, scratch,
			       &again);
	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	free(bytes);
}

/* A flat message is the one that protobuf-c reads. */
static void compare(const ProtobufCMessageDescriptor *type,
		    const uint8_t *bytes, size_t size,
		    struct trp_scratch *scratch)
{
	ProtobufCMessage *mine, *theirs;
	unsigned char *packed[2];
	size_t both;

	if (trp_flat_unpack(type, bytes, size, scratch, &mine) != 0)
		return;
	theirs = protobuf_c_message_unpack(type, NULL, size, bytes);
	assert(theirs);
	both = trp_message_size(theirs);
	assert(trp_message_size(mine) == both);
	packed[0] = malloc(both + 1);
	packed[1] = malloc(both + 1);
	assert(packed[0] && packed[1]);
	trp_message_pack(mine, packed[0]);
	trp_message_pack(theirs, packed[1]);
	assert(memcmp(packed[0], packed[1], both) == 0);
	free(packed[0]);
	free(packed[1]);
	protobuf_c_message_free_unpacked(theirs, NULL);
}

/* The first byte chooses the type. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct trp_scratch scratch;
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message = NULL;
	struct trp_scratch_mark mark;
	int r;

	if (size == 0)
		return 0;
	if (scratch.max == 0)
		trp_scratch_init(&scratch, 8 << 20);
	type = types[bytes[0] % (sizeof(types) / sizeof(types[0]))];
	mark = trp_scratch_mark(&scratch);
	r = trp_message_unpack(type, bytes + 1, size - 1, &scratch, &message);
	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	assert((r == 0) == (message != NULL));
	if (r == 0)
		send_on(message, &scratch);
	compare(type, bytes + 1, size - 1, &scratch);
	trp_scratch_release(&scratch, mark);
	trp_scratch_check(&scratch);
	assert(!scratch.current);
	return 0;
}
