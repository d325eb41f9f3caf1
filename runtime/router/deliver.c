/* SPDX-License-Identifier: MIT */
#include "runtime/router/deliver.h"

#include <errno.h>
#include "runtime/actor/post.h"
#include "runtime/node/types.h"
#include "runtime/router/choice.h"
#include "serialize/message.h"

/* The mail of one that dies on another node stays there. */
static void mark(const struct trp_router *router, troupe_ref to,
		 struct trp_envelope *envelope)
{
	unsigned number = trp_ref_is_elsewhere(to) ? 0 : router->number;

	envelope->flags = (uint8_t)((envelope->flags & TRP_TRACED) |
				    number << TRP_ROUTER_SHIFT);
}

static int post(const struct trp_router *router, troupe_ref to,
		const struct trp_delivery *parcel)
{
	mark(router, to, parcel->envelope);
	return parcel->message
		       ? trp_actor_post(to, TRP_MAIL, parcel->envelope,
					parcel->message, NULL)
		       : trp_actor_post_packed(to, parcel->envelope,
					       parcel->body, parcel->size);
}

/* Of a packed one that cannot be unpacked: 0. */
static uint64_t key_of(const struct trp_router *router,
		       const struct trp_delivery *parcel)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message;
	uint64_t key = 0;

	if (router->user->by != TROUPE_BY_KEY)
		return 0;
	if (parcel->message)
		return router->user->key(parcel->message);
	type = trp_types_find(parcel->envelope->type);
	if (type && trp_message_unpack(type, parcel->body, parcel->size,
				       &trp_self.scratch, &message) == 0)
		key = router->user->key(message);
	trp_scratch_release(&trp_self.scratch, mark);
	return key;
}

int trp_deliver(struct trp_router *router, const struct trp_delivery *parcel,
		troupe_ref *ret_to)
{
	struct trp_choice choice = trp_choice_begin(
		router, key_of(router, parcel), parcel->envelope->created);
	struct trp_router_member *member;
	int r, result = -ESRCH;

	while ((member = trp_choice_next(&choice))) {
		r = post(router, member->ref, parcel);
		if (r == 0) {
			*ret_to = member->ref;
			trp_choice_end(&choice, member);
			return 0;
		}
		if (r == -ESRCH || r == -EHOSTUNREACH) {
			trp_router_table_leave(router, member->ref);
			continue;
		}
		if (r != -EAGAIN && r != -EMSGSIZE)
			return r;
		/* One that is full may have room later, but a limit stays. */
		if (r == -EAGAIN && result != -EAGAIN)
			*ret_to = member->ref;
		if (result != -EAGAIN)
			result = r;
	}
	if (result == -EAGAIN)
		mark(router, *ret_to, parcel->envelope);
	return result;
}
