/* SPDX-License-Identifier: MIT */
/* troupe_send() and its variants. */
#include "runtime/actor/send.h"

#include <errno.h>
#include <string.h>
#include "ipc/time.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/memory_policy.h"
#include "runtime/actor/overflow.h"
#include "runtime/actor/post.h"
#include "serialize/message.h"

int trp_send_mail(troupe_ref to, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment)
{
	int r = trp_memory_policy_check(to, message, envelope);

	if (r < 0)
		goto out;
	r = trp_actor_post(to, TRP_MAIL, envelope, message, attachment);
	if (r == 0)
		return 0;
	if (r == -EAGAIN && trp_overflow_is_dropped(to, envelope)) {
		if (attachment)
			trp_mailbox_unloan(&trp_self.mailbox, *attachment);
		trp_dead_letters_sent(TROUPE_DEAD_DROPPED, to, envelope,
				      message);
		return 0;
	}
out:
	trp_dead_letters_failed(r, to, envelope, message);
	return r;
}

static int send_message(troupe_ref to, const ProtobufCMessage *message,
			const struct trp_extent *attachment)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_MESSAGE);

	if (!trp_message_is_valid(message))
		return -EINVAL;
	return trp_send_mail(to, &envelope, message, attachment);
}

int troupe_send(troupe_ref to, const ProtobufCMessage *message)
{
	return send_message(to, message, NULL);
}

int troupe_loan(size_t size, struct troupe_loan *ret_loan)
{
	struct trp_extent extent;
	void *bytes;
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	if (size == 0)
		return -EINVAL;
	r = trp_memory_policy_has_policy
		    ? trp_memory_policy_ask(0, size, trp_time_now().ns)
		    : 0;
	if (r < 0)
		return r;
	r = trp_mailbox_loan(&trp_self.mailbox, size, &extent, &bytes);
	if (r < 0)
		return r;
	*ret_loan = (struct troupe_loan) { bytes, size, extent.offset };
	return 0;
}

void troupe_unloan(struct troupe_loan *loan)
{
	struct trp_extent extent = { loan->private_offset, loan->size };

	if (loan->bytes && trp_self.ref)
		trp_mailbox_unloan(&trp_self.mailbox, extent);
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
