/* SPDX-License-Identifier: MIT */
#include "runtime/actor/away_news.h"

#include "runtime/actor/away.h"
#include "runtime/actor/away_watch.h"
#include "runtime/actor/call.h"
#include "runtime/actor/dead_letters.h"
#include "runtime/actor/question.h"
#include "serialize/type.h"

void (*trp_away_news_departs)(const struct trp_mail *mail,
			      const struct trp_envelope *envelope);

static void lost(ProtobufCMessage *message)
{
	const Troupe__Away__Lost *news = (const Troupe__Away__Lost *)message;

	if (!news->is_after) {
		trp_question_lost(news->node);
		trp_call_lost(news->node);
	}
	trp_away_watch_lost(news);
}

static void ended(ProtobufCMessage *message)
{
	trp_away_watch_ended((Troupe__Control__Ended *)message);
}

static void linked(ProtobufCMessage *message)
{
	trp_away_watch_linked(((const Troupe__Away__Linked *)message)->ref);
}

static void unlinked(ProtobufCMessage *message)
{
	trp_away_watch_unlinked(((const Troupe__Away__Unlinked *)message)->ref);
}

static void has_room(ProtobufCMessage *message)
{
	trp_away_has_room();
}

static const struct {
	const ProtobufCMessageDescriptor *type;
	void (*take)(ProtobufCMessage *message);
} news[] = {
	{ &troupe__away__lost__descriptor, lost },
	{ &troupe__control__ended__descriptor, ended },
	{ &troupe__away__linked__descriptor, linked },
	{ &troupe__away__unlinked__descriptor, unlinked },
	{ &troupe__away__room__descriptor, has_room },
};

void trp_away_news_take(const struct trp_mail *mail,
			const struct trp_envelope *envelope)
{
	enum { KINDS = sizeof(news) / sizeof(news[0]) };
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *message;
	int i = 0;

	if (trp_away_news_departs) {
		trp_away_news_departs(mail, envelope);
		return;
	}
	while (i < KINDS && envelope->type != trp_type_of(news[i].type))
		i++;
	if (mail->sender != trp_ref_slot(trp_away_mail()) || i == KINDS ||
	    trp_self_unpack(mail, news[i].type, &message) < 0) {
		trp_dead_letters_drop(TROUPE_DEAD_UNREADABLE, mail, envelope);
		return;
	}
	news[i].take(message);
	trp_scratch_release(&trp_self.scratch, mark);
}
