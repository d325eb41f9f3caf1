/* SPDX-License-Identifier: MIT */
#include "runtime/actor/away_news.h"

#include "runtime/actor/away.h"
#include "runtime/actor/call.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/question.h"
#include "runtime/node/away.pb-c.h"
#include "serialize/type.h"

void (*trp_away_news_departs)(const struct trp_mail *mail,
			      const struct trp_envelope *envelope);

/* 0: all other nodes. */
static void take_lost(const Troupe__Away__Lost *lost)
{
	trp_question_lost(lost->node);
	trp_call_lost(lost->node);
}

void trp_away_news_take(const struct trp_mail *mail,
			const struct trp_envelope *envelope)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	const ProtobufCMessageDescriptor *type =
		&troupe__away__lost__descriptor;
	ProtobufCMessage *message;

	if (trp_away_news_departs) {
		trp_away_news_departs(mail, envelope);
		return;
	}
	if (mail->sender != trp_ref_slot(trp_away_mail()) ||
	    envelope->type != trp_type_of(type) ||
	    trp_self_unpack(mail, type, &message) < 0) {
		trp_dead_letters_drop(TROUPE_DEAD_UNREADABLE, mail, envelope);
		return;
	}
	take_lost((const Troupe__Away__Lost *)message);
	trp_scratch_release(&trp_self.scratch, mark);
}
