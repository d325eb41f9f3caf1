/* SPDX-License-Identifier: MIT */
#include "runtime/actor/away.h"

#include <errno.h>
#include "runtime/node/away.pb-c.h"
#include "runtime/node/choke.h"
#include "runtime/node/post.h"

troupe_ref trp_away_mail(void)
{
	uint64_t bits = trp_status_mail(&trp_self.node->arena);

	return bits ? trp_ref_of_node(bits) : 0;
}

bool trp_away_has(troupe_ref ref)
{
	return trp_ref_is_elsewhere(ref) && trp_away_mail();
}

uint32_t trp_away_lane(troupe_ref ref)
{
	return trp_ref_slot(trp_away_has(ref) ? trp_away_mail() : ref);
}

/* An alias takes messages alone, as resolve() of post.c says. */
static int check(troupe_ref to, enum trp_stream stream,
		 const struct trp_envelope *envelope)
{
	int r;

	if (to & TRP_ALIAS && envelope->kind != TRP_MESSAGE)
		return -EINVAL;
	if (!trp_away_mail())
		return -EHOSTUNREACH;
	r = trp_choke_look(&trp_self.node->arena, to);
	/* Answers and orders are never refused for room. */
	if (r < 0 && (stream == TRP_MAIL || r != -EAGAIN))
		return r;
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
	int r = check(to, stream, envelope);

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
	int r = check(to, stream, envelope);

	if (r < 0)
		return r;
	away.kind = TRP_AWAY;
	return trp_node_post_packed(&trp_self.mailbox, trp_away_mail(), stream,
				    &away, body, size, &tail, &trp_self.posted);
}

static unsigned heard; /* news of room */

int trp_away_want_room(troupe_ref to, unsigned *asked)
{
	Troupe__Away__Room room = TROUPE__AWAY__ROOM__INIT;
	struct trp_envelope envelope = { .sender = trp_self.ref,
					 .deadline = INT64_MAX,
					 .created = trp_time_now().ns,
					 .kind = TRP_MESSAGE };
	troupe_ref mail = trp_away_mail();
	int r = mail ? trp_choke_look(&trp_self.node->arena, to)
		     : -EHOSTUNREACH;

	if (r == 0)
		return trp_mailbox_want_room(&trp_self.mailbox,
					     trp_ref_slot(mail),
					     trp_ref_generation(mail));
	if (r != -EAGAIN)
		return r;
	if (*asked == heard + 1)
		return 0;
	*asked = heard + 1;
	room.ref = to;
	trp_node_post(&trp_self.mailbox, mail, TRP_MAIL, &envelope, &room.base,
		      NULL, NULL);
	return 0;
}

void trp_away_has_room(void)
{
	heard++;
}
