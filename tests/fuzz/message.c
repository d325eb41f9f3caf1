/* SPDX-License-Identifier: MIT */
#include "serialize/message.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/support/needed.pb-c.h"
#include "tests/support/sample.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
	&sample__everything__descriptor, &sample__lists__descriptor,
	&sample__choice__descriptor,	 &sample__tree__descriptor,
	&sample__entry__descriptor,	 &sample__needed__descriptor,
	&sample__empty__descriptor,
};

/*
 * A message packs into its computed size.  The bytes may be refused: an unknown
 * field numbered 0 is accepted in two bytes, but not in one.
 */
static void send_on(const ProtobufCMessage *message,
		    struct trp_scratch *scratch)
{
	size_t size = trp_message_size(message);
	unsigned char *bytes = malloc(size + 1);
	ProtobufCMessage *again;
	int r;

	assert(bytes);
	assert(trp_message_pack(message, bytes) == size);
	r = trp_message_unpack(message->descriptor, bytes, size, scratch,
			       &again);
	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	free(bytes);
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
	trp_scratch_release(&scratch, mark);
	assert(scratch.held <= TRP_SCRATCH_KEPT);
	return 0;
}
