/* SPDX-License-Identifier: MIT */
#include "runtime/actor/dead_letters.h"

#include <errno.h>
#include "runtime/actor/mail.h"
#include "runtime/node/dead_letter.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* It continues the flow of the current message; a stopping actor reports
 * nothing. */
static void notice(struct trp_dead *dead)
{
	dead->flow = trp_self.handled.flow;
	dead->hop = trp_self.handled.hop;
	dead->is_quiet |= trp_self.is_stopping;
	trp_dead_letter_notice(dead);
}

void trp_dead_letters_sent(enum troupe_dead_cause cause, troupe_ref to,
			   const struct trp_envelope *envelope,
			   const ProtobufCMessage *message)
{
	struct trp_dead dead = {
		.cause = cause,
		.sender = trp_self.ref,
		.target = to,
		.type = trp_type_of(message->descriptor),
		.created = envelope->created,
		.size = trp_message_size(message),
		.message = message,
	};

	notice(&dead);
}

void trp_dead_letters_failed(int r, troupe_ref to,
			     const struct trp_envelope *envelope,
			     const ProtobufCMessage *message)
{
	if (r == -ESRCH)
		trp_dead_letters_sent(TROUPE_DEAD_TARGET, to, envelope,
				      message);
	else if (r == -EAGAIN)
		trp_dead_letters_sent(TROUPE_DEAD_REFUSED, to, envelope,
				      message);
	else if (r == -EHOSTUNREACH)
		trp_dead_letters_sent(TROUPE_DEAD_UNREACHABLE, to, envelope,
				      message);
}

void trp_dead_letters_received(enum troupe_dead_cause cause,
			       const struct trp_mail *mail,
			       const struct trp_envelope *envelope)
{
	struct trp_dead dead = {
		.cause = cause,
		.sender = envelope->sender,
		.target = trp_self.ref,
		.type = envelope->type,
		.created = envelope->created,
		.size = trp_mail_body_size(mail),
		.body = trp_mail_body(mail),
		/* Of an alias, which is there to end. */
		.is_quiet = envelope->kind == TRP_ALIASED &&
			    mail->stream == TRP_MAIL,
	};

	notice(&dead);
}

int trp_dead_letters_drop(enum troupe_dead_cause cause,
			  const struct trp_mail *mail,
			  const struct trp_envelope *envelope)
{
	trp_status_count(&trp_self.status->dropped);
	trp_dead_letters_received(cause, mail, envelope);
	return TRP_STEP_DONE;
}

int trp_dead_letters_drop_packed(int r, const struct trp_mail *mail,
				 const struct trp_envelope *envelope)
{
	return trp_dead_letters_drop(r == -ENOMEM ? TROUPE_DEAD_DROPPED
						  : TROUPE_DEAD_UNREADABLE,
				     mail, envelope);
}

int trp_dead_letters_drop_unknown(const struct trp_mail *mail)
{
	struct trp_dead dead = {
		.cause = TROUPE_DEAD_UNREADABLE,
		.sender = trp_ref(mail->sender, mail->generation),
		.target = trp_self.ref,
		.size = mail->size,
		.body = mail->bytes,
	};

	trp_status_count(&trp_self.status->dropped);
	notice(&dead);
	return TRP_STEP_DONE;
}
