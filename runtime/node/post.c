/* SPDX-License-Identifier: MIT */
#include "runtime/node/post.h"

#include <errno.h>
#include <string.h>
#include "ipc/hot.h"
#include "serialize/flat.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* Control carries the arguments of a spawn, which have that limit. */
#define TRP_POST_MAX (sizeof(struct trp_envelope) + TRP_MESSAGE_MAX)

/* Mostly the type of the message before. */
static uint64_t type_of(const ProtobufCMessageDescriptor *type)
{
	static TRP_HOT struct {
		const ProtobufCMessageDescriptor *type;
		uint64_t id;
	} last;

	if (last.type != type) {
		last.id = trp_type_of(type);
		last.type = type;
	}
	return last.id;
}

/* tail: bytes behind the message; NULL: none.  In line, so that mail within the
 * node does not ask for it. */
static inline __attribute__((always_inline)) int post(
	struct trp_mailbox *mailbox, troupe_ref to, enum trp_stream stream,
	struct trp_envelope *envelope, const ProtobufCMessage *message,
	const struct trp_extent *attachment, const struct trp_tail *tail,
	uint64_t *ret_position)
{
	struct trp_flat flat;
	bool is_flat = trp_flat_measure(message, &flat);
	uint64_t position;
	size_t size;
	void *bytes, *body;
	int r;

	/* First, as the computation of its size recurses as deep as it is
	 * nested. */
	if (!is_flat && !trp_message_is_within(message, TRP_MESSAGE_DEPTH))
		return -EMSGSIZE;
	size = sizeof(*envelope) +
	       (is_flat ? flat.size : trp_message_size(message));
	if (size > (envelope->kind == TRP_CONTROL ? (size_t)TRP_LIMIT_MAX
						  : TRP_POST_MAX))
		return -EMSGSIZE;
	if (tail)
		size += sizeof(*tail);
	r = trp_mailbox_reserve(mailbox, trp_ref_slot(to),
				trp_ref_generation(to), stream, (uint32_t)size,
				attachment, &bytes);
	if (r < 0)
		return r;
	envelope->type = type_of(message->descriptor);
	trp_envelope_write(envelope, bytes);
	body = (char *)bytes + sizeof(*envelope);
	if (is_flat)
		trp_flat_pack(message, &flat, body);
	else
		trp_message_pack(message, body);
	if (tail)
		memcpy((char *)bytes + size - sizeof(*tail), tail,
		       sizeof(*tail));
	position = trp_mailbox_commit(mailbox, (uint32_t)size);
	if (ret_position)
		*ret_position = position;
	trp_mailbox_check(mailbox, envelope->created);
	return 0;
}

int trp_node_post(struct trp_mailbox *mailbox, troupe_ref to,
		  enum trp_stream stream, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment, uint64_t *ret_position)
{
	return post(mailbox, to, stream, envelope, message, attachment, NULL,
		    ret_position);
}

int trp_node_post_away(struct trp_mailbox *mailbox, troupe_ref mail,
		       enum trp_stream stream, struct trp_envelope *envelope,
		       const ProtobufCMessage *message,
		       const struct trp_extent *attachment, troupe_ref to,
		       uint64_t *ret_position)
{
	const struct trp_tail tail = { to, envelope->kind };
	int r;

	envelope->kind = TRP_AWAY;
	r = post(mailbox, mail, stream, envelope, message, attachment, &tail,
		 ret_position);
	envelope->kind = (uint8_t)tail.kind;
	return r;
}

int trp_node_post_packed(struct trp_mailbox *mailbox, troupe_ref to,
			 enum trp_stream stream,
			 const struct trp_envelope *envelope, const void *body,
			 size_t size, const struct trp_tail *tail,
			 uint64_t *ret_position)
{
	size_t all = sizeof(*envelope) + size + (tail ? sizeof(*tail) : 0);
	void *bytes;
	int r;

	if (sizeof(*envelope) + size > TRP_POST_MAX)
		return -EMSGSIZE;
	r = trp_mailbox_reserve(mailbox, trp_ref_slot(to),
				trp_ref_generation(to), stream, (uint32_t)all,
				NULL, &bytes);
	if (r < 0)
		return r;
	trp_envelope_write(envelope, bytes);
	if (size)
		memcpy((char *)bytes + sizeof(*envelope), body, size);
	if (tail)
		memcpy((char *)bytes + all - sizeof(*tail), tail,
		       sizeof(*tail));
	*ret_position = trp_mailbox_commit(mailbox, (uint32_t)all);
	trp_mailbox_check(mailbox, envelope->created);
	return 0;
}
