/* SPDX-License-Identifier: MIT */
#include "serialize/envelope.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* An accepted envelope keeps the promises of the header. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct trp_envelope envelope;
	const void *body;
	size_t body_size;

	if (trp_envelope_read(bytes, size, &envelope, &body, &body_size) < 0)
		return 0;
	assert(memcmp(&envelope, bytes, sizeof(envelope)) == 0);
	assert((const uint8_t *)body + body_size == bytes + size);
	assert(envelope.kind >= TRP_MESSAGE && envelope.kind <= TRP_AWAY);
	assert(envelope.type != 0 || envelope.kind == TRP_FAILURE ||
	       envelope.kind == TRP_AWAY);
	assert((envelope.service != 0) == (envelope.kind == TRP_CALL) ||
	       envelope.kind == TRP_AWAY);
	assert(envelope.deadline >= 0 && envelope.created >= 0);
	return 0;
}
