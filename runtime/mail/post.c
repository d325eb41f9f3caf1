/* SPDX-License-Identifier: MIT */
#include "runtime/mail/post.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "runtime/actor/self.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/post.h"
#include "serialize/type.h"

struct trp_mail_post trp_mail_post;

struct trp_mail_peer *trp_mail_post_peer(uint32_t number)
{
	return trp_mail_peers_make(&trp_mail_post.peers, number);
}

void trp_mail_post_soon(void)
{
	if (trp_mail_post.is_dirty)
		return;
	trp_mail_post.is_dirty = true;
	trp_mail_post.put_off = 0;
	troupe_timer_start(&trp_mail_post.flush, TROUPE_POLL, 0);
}

void trp_mail_post_random(void *user, void *bytes, size_t length)
{
	if (getrandom(bytes, length, 0) != (ssize_t)length)
		trp_self_exit(TROUPE_ERROR, -EIO, "no random numbers");
}

void trp_mail_post_tell(troupe_ref to, const ProtobufCMessage *news)
{
	struct trp_envelope envelope = {
		.sender = trp_self.ref,
		.deadline = INT64_MAX,
		.created = trp_time_now().ns,
		.kind = TRP_AWAY,
	};

	if (trp_ref_is_here(to))
		trp_node_post(&trp_self.mailbox, to, TRP_REPLY, &envelope, news,
			      NULL, NULL);
}

void trp_mail_post_dead(enum troupe_dead_cause cause, troupe_ref to,
			const struct trp_envelope *envelope, const void *body,
			size_t size)
{
	const struct trp_dead dead = {
		.cause = cause,
		.sender = envelope->sender,
		.target = to,
		.type = envelope->type,
		.created = envelope->created,
		.flow = envelope->flow,
		.hop = envelope->hop,
		.size = size,
		.body = body,
	};

	trp_status_count(&trp_self.status->dropped);
	trp_dead_letter_notice(&dead);
}

bool trp_mail_post_failure(const struct trp_envelope *asked, troupe_ref from,
			   int error, struct trp_envelope *ret_envelope,
			   Troupe__Control__Failure *ret_failure)
{
	bool is_question = asked->kind == TRP_MESSAGE &&
			   asked->sender & TRP_ALIAS &&
			   asked->sender & TRP_ALIAS_IS_QUESTION;

	if (!is_question && (asked->kind != TRP_CALL || !asked->correlation))
		return false;
	*ret_envelope = (struct trp_envelope) {
		.type = trp_type_of(&troupe__control__failure__descriptor),
		.sender = from,
		.correlation = asked->correlation,
		.deadline = INT64_MAX,
		.created = trp_time_now().ns,
		.flow = asked->flow,
		.hop = trp_envelope_next_hop(asked->hop),
		.kind = is_question ? TRP_MESSAGE : TRP_FAILURE,
	};
	troupe__control__failure__init(ret_failure);
	ret_failure->code = error;
	ret_failure->text = strerror(-error);
	return true;
}
