/* SPDX-License-Identifier: MIT */
#include "runtime/actor/away.h"

#include <errno.h>
#include "runtime/node/post.h"

troupe_ref trp_away_mail(void)
{
	uint64_t bits = trp_status_mail(&trp_self.node->arena);

	return bits ? trp_ref_of_node(bits) : 0;
}

uint32_t trp_away_lane(troupe_ref ref)
{
	return trp_ref_slot(trp_ref_is_elsewhere(ref) ? trp_away_mail() : ref);
}

/* An alias takes messages alone, as resolve() of post.c says. */
static int check(troupe_ref to, const struct trp_envelope *envelope)
{
	if (to & TRP_ALIAS && envelope->kind != TRP_MESSAGE)
		return -EINVAL;
	if (!trp_away_mail())
		return -EHOSTUNREACH;
	/* Before it goes out: who asks is told when that node is lost. */
	if (envelope->correlation)
		trp_store_release(&trp_self.status->asks_away, 1);
	return 0;
}

int trp_away_post(troupe_ref to, enum trp_stream stream,
		  struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment)
{
	int r = check(to, envelope);

	if (r < 0)
		return r;
	return trp_node_post_away(&trp_self.mailbox, trp_away_mail(), stream,
				  envelope, message, attachment, to,
				  &trp_self.posted);
}

int trp_away_post_packed(troupe_ref to, enum trp_stream stream,
			 const struct trp_envelope *envelope, const void *body,
			 size_t size)
{
	const struct trp_tail tail = { to, envelope->kind };
	struct trp_envelope away = *envelope;
	int r = check(to, envelope);

	if (r < 0)
		return r;
	away.kind = TRP_AWAY;
	return trp_node_post_packed(&trp_self.mailbox, trp_away_mail(), stream,
				    &away, body, size, &tail, &trp_self.posted);
}
