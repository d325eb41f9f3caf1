/* SPDX-License-Identifier: MIT */
/* Sending that waits for room. */
#include <errno.h>
#include "runtime/actor/away.h"
#include "runtime/actor/call.h"
#include "ipc/mailbox_receive.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/memory_policy.h"
#include "runtime/actor/post.h"
#include "runtime/actor/take.h"
#include "runtime/node/trace.h"
#include "serialize/message.h"

/*
 * Sleeps until the receiver has read half of its mail from us.  Its ring is the
 * wake-up, and taking the doorbell takes that ring with the others: so the
 * doorbell is taken before the check for room, and not again until after the
 * sleep, which a ring in between prevents.  A receiver that dies, or whose ring
 * was lost, rings nobody: so the sender checks again now and then.
 */
static int wait_for_room(troupe_ref to, const struct trp_envelope *envelope,
			 struct troupe_time deadline)
{
	const struct trp_wait_note note = { TROUPE_WAITS_ROOM, to,
					    envelope->type, envelope->created };
	const unsigned take = TRP_TAKE_CONTROL | TRP_TAKE_REPLY;
	struct troupe_time call, again;
	unsigned asked = 0;
	int r;

	for (;;) {
		r = trp_take(take);
		if (r < 0)
			return r;
		if (trp_self.is_stopping)
			return -ECANCELED;
		if (r != TRP_STEP_IDLE ||
		    !trp_mailbox_receive_is_empty(&trp_self.mailbox, take))
			continue;
		r = trp_ref_is_elsewhere(to)
			    ? trp_away_want_room(to, &asked)
			    : trp_mailbox_want_room(&trp_self.mailbox,
						    trp_ref_slot(to),
						    trp_ref_generation(to));
		if (r != 0)
			return r;
		if (trp_time_now().ns >= deadline.ns)
			return -EAGAIN;
		call = trp_call_next();
		again.ns = trp_time_now().ns + TRP_LOOK_NS;
		if (again.ns < call.ns)
			call = again;
		trp_status_wait(trp_self.status, &note);
		r = trp_wait_sleep(&trp_self.wait,
				   (struct trp_time) { call.ns < deadline.ns
							       ? call.ns
							       : deadline.ns });
		trp_status_go_on(trp_self.status);
		if (r < 0)
			return r;
		if (trp_time_now().ns >= again.ns)
			trp_mailbox_receive_look_again(&trp_self.mailbox,
						       trp_away_lane(to));
		trp_call_expire(troupe_now());
	}
}

int troupe_send_wait(troupe_ref to, const ProtobufCMessage *message,
		     struct troupe_time deadline)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_MESSAGE);
	int r;

	if (!trp_message_is_valid(message) || deadline.ns < 0)
		return -EINVAL;
	r = trp_memory_policy_check(to, message, &envelope);
	if (r < 0)
		return r;
	/* A sender that waits for room overrides the policy of the class. */
	for (;;) {
		r = trp_actor_post(to, TRP_MAIL, &envelope, message, NULL);
		if (r == 0)
			return 0;
		/* It would not read while it waits for itself. */
		if (r == -EAGAIN && to == trp_self.ref)
			return -EDEADLK;
		if (r == -EAGAIN) {
			int64_t begin = trp_trace_begin();

			r = wait_for_room(to, &envelope, deadline);
			trp_trace_span("wait", "room", begin);
			if (r >= 0) {
				envelope = trp_actor_post_envelope(TRP_MESSAGE);
				continue;
			}
		}
		trp_dead_letters_failed(r, to, &envelope, message);
		return r;
	}
}
