/* SPDX-License-Identifier: MIT */
#include "runtime/node/post.h"

#include <errno.h>
#include <string.h>
#include "serialize/message.h"
#include "serialize/type.h"

int trp_node_post(struct trp_mailbox *mailbox, troupe_ref to,
		  enum trp_stream stream, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment)
{
	size_t size = sizeof(*envelope) + trp_message_size(message);
	void *bytes;
	int r;

	if (size > TRP_LIMIT_MAX)
		return -EMSGSIZE;
	r = trp_mailbox_reserve(mailbox, trp_ref_slot(to),
				trp_ref_generation(to), stream, (uint32_t)size,
				attachment, &bytes);
	if (r < 0)
		return r;
	envelope->type = trp_type_of(message->descriptor);
	memcpy(bytes, envelope, sizeof(*envelope));
	trp_message_pack(message, (char *)bytes + sizeof(*envelope));
	trp_mailbox_commit(mailbox, (uint32_t)size);
	trp_mailbox_check(mailbox, envelope->created);
	return 0;
}
