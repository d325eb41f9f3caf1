/* SPDX-License-Identifier: MIT */
#include "runtime/actor/dead_letters.h"

#include <errno.h>
#include "runtime/actor/actor.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/system.pb-c.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* It goes on with the flow of what is handled; one that stops says nothing. */
static void notice(struct trp_dead *dead)
{
	dead->flow = trp_actor.handled.flow;
	dead->hop = trp_actor.handled.hop;
	dead->is_quiet = trp_actor.is_stopping;
	trp_dead_letter_notice(dead);
}

void trp_dead_letters_sent(int r, troupe_ref to,
			   const struct trp_envelope *envelope,
			   const ProtobufCMessage *message)
{
	struct trp_dead dead = {
		.cause = r == -ESRCH	? TROUPE_DEAD_TARGET
			 : r == -EAGAIN ? TROUPE_DEAD_REFUSED
					: TROUPE_DEAD_DROPPED,
		.sender = trp_actor.self,
		.target = to,
		.type = trp_type_of(message->descriptor),
		.created = envelope->created,
		.size = trp_message_size(message),
		.message = message,
	};

	notice(&dead);
}

void trp_dead_letters_received(enum troupe_dead_cause cause,
			       const struct trp_envelope *envelope,
			       const void *body, size_t size)
{
	struct trp_dead dead = {
		.cause = cause,
		.sender = envelope->sender,
		.target = trp_actor.self,
		.type = envelope->type,
		.created = envelope->created,
		.size = size,
		.body = body,
	};

	notice(&dead);
}

static int want(bool wanted)
{
	Troupe__Control__DeadLetters request =
		TROUPE__CONTROL__DEAD_LETTERS__INIT;

	request.wanted = wanted;
	return trp_actor_request(&request.base, NULL);
}

int troupe_dead_letters_subscribe(void)
{
	return want(true);
}

int troupe_dead_letters_unsubscribe(void)
{
	return want(false);
}
