/* SPDX-License-Identifier: MIT */
/* Sending: troupe_send() and its kin. */
#include <errno.h>
#include <string.h>
#include "runtime/actor/actor.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/memory_policy.h"
#include "runtime/node/trace.h"
#include "serialize/message.h"

static int send_message(troupe_ref to, const ProtobufCMessage *message,
			const struct trp_extent *attachment)
{
	struct trp_envelope envelope;

	if (!trp_message_is_valid(message))
		return -EINVAL;
	envelope = trp_actor_envelope(TRP_MESSAGE);
	return trp_overflow_post(to, &envelope, message, attachment);
}

int troupe_send(troupe_ref to, const ProtobufCMessage *message)
{
	return send_message(to, message, NULL);
}

/*
 * Sleeps until the receiver has read half of its mail from us.  Its ring is
 * the wake-up, and whoever takes the bell takes that ring with the others: so
 * the bell is taken before the look at the room, and not again until after the
 * sleep, which a ring that comes in between prevents.  A receiver that dies
 * rings nobody: so it is looked at again now and then.
 */
static int wait_for_room(troupe_ref to, struct troupe_time deadline)
{
	enum { LOOK_AGAIN_MS = 100 };
	const unsigned take = TRP_TAKE_CONTROL | TRP_TAKE_REPLY;
	struct troupe_time call, again;
	int r;

	for (;;) {
		r = trp_actor_take(take);
		if (r < 0)
			return r;
		if (trp_actor.is_stopping)
			return -ECANCELED;
		if (r > 0 || !trp_mailbox_is_empty(&trp_actor.box, take))
			continue;
		r = trp_mailbox_want_room(&trp_actor.box, trp_ref_slot(to),
					  trp_ref_generation(to));
		if (r != 0)
			return r;
		if (trp_now().ns >= deadline.ns)
			return -EAGAIN;
		call = trp_call_next();
		again = troupe_in_ms(LOOK_AGAIN_MS);
		if (again.ns < call.ns)
			call = again;
		r = trp_wait_sleep(&trp_actor.wait,
				   (struct trp_time) { call.ns < deadline.ns
							       ? call.ns
							       : deadline.ns });
		if (r < 0)
			return r;
		trp_call_expire((struct troupe_time) { trp_now().ns });
	}
}

/* Who waits for room wants that and no policy. */
int troupe_send_wait(troupe_ref to, const ProtobufCMessage *message,
		     struct troupe_time deadline)
{
	struct trp_envelope envelope;
	int r;

	if (!trp_message_is_valid(message))
		return -EINVAL;
	envelope = trp_actor_envelope(TRP_MESSAGE);
	r = trp_memory_policy_check(to, message, &envelope);
	if (r < 0)
		return r;
	/* Who waits for room wants that and no policy of a full mailbox. */
	for (;;) {
		r = trp_actor_post(to, TRP_MAIL, &envelope, message, NULL);
		/* Nobody reads while it waits for itself. */
		if (r == -EAGAIN && to == trp_actor.self)
			return -EDEADLK;
		if (r == -EAGAIN) {
			int64_t begin = trp_trace_begin();

			r = wait_for_room(to, deadline);
			trp_trace_span("wait", "room", begin);
			if (r >= 0) {
				envelope = trp_actor_envelope(TRP_MESSAGE);
				continue;
			}
		}
		if (r == -ESRCH || r == -EAGAIN)
			trp_dead_letters_sent(r, to, &envelope, message);
		return r;
	}
}

int troupe_loan(size_t size, struct troupe_loan *ret_loan)
{
	struct trp_extent extent;
	void *bytes;
	int r;

	if (!trp_actor.self)
		return -ESHUTDOWN;
	if (size == 0)
		return -EINVAL;
	r = trp_memory_policy_has_policy
		    ? trp_memory_policy_ask(0, size, trp_now().ns)
		    : 0;
	if (r < 0)
		return r;
	r = trp_mailbox_loan(&trp_actor.box, size, &extent, &bytes);
	if (r < 0)
		return r;
	*ret_loan = (struct troupe_loan) { bytes, size, extent.offset };
	return 0;
}

void troupe_unloan(struct troupe_loan *loan)
{
	struct trp_extent extent = { loan->private_offset, loan->size };

	if (loan->bytes && trp_actor.self)
		trp_mailbox_unloan(&trp_actor.box, extent);
	*loan = (struct troupe_loan) { 0 };
}

int troupe_send_loan(troupe_ref to, const ProtobufCMessage *message,
		     struct troupe_loan *loan)
{
	struct trp_extent extent = { loan->private_offset, loan->size };
	int r;

	if (!loan->bytes)
		return -EINVAL;
	r = send_message(to, message, &extent);
	if (r == 0)
		*loan = (struct troupe_loan) { 0 };
	return r;
}

int troupe_send_attached(troupe_ref to, const ProtobufCMessage *message,
			 const void *bytes, size_t size)
{
	struct troupe_loan loan;
	int r = troupe_loan(size, &loan);

	if (r < 0)
		return r;
	memcpy(loan.bytes, bytes, size);
	r = troupe_send_loan(to, message, &loan);
	if (r < 0)
		troupe_unloan(&loan);
	return r;
}
