/* SPDX-License-Identifier: MIT */
#include "runtime/actor/post.h"

#include <errno.h>
#include <sched.h>
#include "runtime/actor/away.h"
#include "runtime/node/post.h"
#include "runtime/node/trace.h"

struct trp_envelope trp_actor_post_envelope(enum trp_envelope_kind kind)
{
	struct trp_envelope envelope = {
		.sender = trp_self.ref,
		.deadline = INT64_MAX,
		.created = trp_time_now().ns,
		.flow = trp_self.handled.flow,
		.hop = trp_envelope_next_hop(trp_self.handled.hop),
		.kind = (uint8_t)kind,
		.cpu = (uint16_t)sched_getcpu(),
	};

	if (!envelope.flow) {
		envelope.flow = trp_ref_in_node(trp_self.ref) << 24 |
				(trp_self_id() & 0xffffff);
		envelope.hop = 0;
	}
	if (trp_trace_is_on && kind != TRP_CONTROL &&
	    (trp_self.handled.is_traced || !trp_self.handled.flow) &&
	    trp_trace_may(envelope.created))
		envelope.flags = TRP_TRACED;
	return envelope;
}

troupe_ref trp_actor_post_owner(troupe_ref alias)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	uint32_t slot = trp_ref_slot(alias);
	uint64_t life;

	if (!trp_ref_is_alias(alias) || slot >= arena->slots)
		return 0;
	life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);
	return trp_life_state(life) == TRP_LIVE
		       ? trp_ref(slot, trp_life_generation(life))
		       : 0;
}

/* The owner knows the number. */
int trp_actor_post_resolve(troupe_ref *to, enum trp_stream *stream,
			   struct trp_envelope *envelope)
{
	uint32_t number = trp_ref_generation(*to);
	troupe_ref owner;

	if (trp_ref_is_here(*to))
		return 0;
	if (!trp_ref_is_alias(*to))
		return *to ? -ESRCH : -EINVAL;
	if (envelope->kind != TRP_MESSAGE && envelope->kind != TRP_ALIASED)
		return -EINVAL;
	owner = trp_actor_post_owner(*to);
	if (!owner)
		return -ESRCH;
	*to = owner;
	if (number & TRP_ALIAS_IS_QUESTION)
		*stream = TRP_REPLY;
	envelope->kind = TRP_ALIASED;
	envelope->correlation = number;
	return 0;
}

/* 0; or as it says. */
static int may_post(troupe_ref to)
{
	int r = trp_self.ref ? 0 : -ESHUTDOWN;

	if (r == 0 && trp_self.routes->may_send)
		r = trp_self.routes->may_send(to);
	return r;
}

static int posted(int r, const struct trp_envelope *envelope)
{
	if (r < 0) {
		trp_status_count(&trp_self.status->refused);
		return r;
	}
	trp_status_count(&trp_self.status->sent);
	if (envelope->flags & TRP_TRACED)
		trp_trace_sent(envelope);
	return 0;
}

int trp_actor_post(troupe_ref to, enum trp_stream stream,
		   struct trp_envelope *envelope,
		   const ProtobufCMessage *message,
		   const struct trp_extent *attachment)
{
	int r = may_post(to);

	if (r == 0 && !trp_ref_is_here(to)) {
		if (trp_ref_is_elsewhere(to))
			return posted(trp_away_post(to, stream, envelope,
						    message, attachment),
				      envelope);
		r = trp_actor_post_resolve(&to, &stream, envelope);
	}
	if (r < 0)
		return r;
	r = trp_node_post(&trp_self.mailbox, to, stream, envelope, message,
			  attachment, &trp_self.posted);
	return posted(r, envelope);
}

int trp_actor_post_packed(troupe_ref to, const struct trp_envelope *envelope,
			  const void *body, size_t size)
{
	int r = may_post(to);

	if (r == 0 && trp_ref_is_elsewhere(to))
		return posted(trp_away_post_packed(to, TRP_MAIL, envelope, body,
						   size),
			      envelope);
	if (r == 0 && !trp_ref_is_here(to))
		r = -ESRCH;
	if (r < 0)
		return r;
	r = trp_node_post_packed(&trp_self.mailbox, to, TRP_MAIL, envelope,
				 body, size, NULL, &trp_self.posted);
	return posted(r, envelope);
}
