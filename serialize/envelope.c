/* SPDX-License-Identifier: MIT */
#include "serialize/envelope.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

static bool is_valid(const struct trp_envelope *envelope)
{
	if (envelope->flags & TRP_FLAGS_NONE)
		return false;
	/* The mail actor gets messages of each kind. */
	if (envelope->kind < TRP_MESSAGE || envelope->kind > TRP_ALIASED)
		return envelope->kind == TRP_AWAY && envelope->deadline >= 0 &&
		       envelope->created >= 0;
	if ((envelope->kind == TRP_CALL) != (envelope->service != 0))
		return false;
	if (envelope->type == 0 && envelope->kind != TRP_FAILURE)
		return false;
	return envelope->deadline >= 0 && envelope->created >= 0;
}

int trp_envelope_read(const void *bytes, size_t size,
		      struct trp_envelope *ret_envelope, const void **ret_body,
		      size_t *ret_body_size)
{
	if (size < sizeof(*ret_envelope))
		return -EBADMSG;
	memcpy(ret_envelope, bytes, sizeof(*ret_envelope));
	/* Otherwise the compiler could check one read and return another. */
	atomic_signal_fence(memory_order_seq_cst);
	if (!is_valid(ret_envelope))
		return -EBADMSG;
	*ret_body = (const unsigned char *)bytes + sizeof(*ret_envelope);
	*ret_body_size = size - sizeof(*ret_envelope);
	return 0;
}
