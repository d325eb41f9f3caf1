/* SPDX-License-Identifier: MIT */
#include "runtime/mail/inward.h"

#include <errno.h>
#include "runtime/actor/overflow.h"
#include "runtime/actor/self.h"
#include "runtime/mail/held.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/watch.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* An end for which the actor waits: it may take no mail until it knows. */
static bool is_awaited(const struct trp_mail_parcel *parcel)
{
	const ProtobufCMessageDescriptor *type =
		&troupe__control__ended__descriptor;
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	ProtobufCMessage *ended;
	bool is = false;

	if (parcel->envelope.kind == TRP_CONTROL &&
	    parcel->envelope.type == trp_type_of(type) &&
	    trp_message_unpack(type, parcel->body, parcel->length,
			       &trp_self.scratch, &ended) == 0)
		is = trp_watch_is_awaited(
			((const Troupe__Control__Ended *)ended)->watch);
	trp_scratch_release(&trp_self.scratch, mark);
	return is;
}

static void take(uint32_t number, const struct trp_mail_parcel *parcel,
		 const void *attachment, size_t size)
{
	const struct trp_envelope *envelope = &parcel->envelope;
	const struct trp_mail_content content = { parcel->body, attachment,
						  parcel->length, size };
	int r = -EAGAIN;

	if (!trp_mail_held_has(parcel->to) ||
	    trp_mail_deliver_is_reply(parcel->to, envelope) ||
	    is_awaited(parcel))
		r = trp_mail_deliver(parcel->to, envelope, &content);
	if (r == -EAGAIN && !trp_overflow_is_dropped(parcel->to, envelope))
		r = trp_mail_held_keep(number, parcel->to, envelope, &content);
	if (r < 0)
		trp_mail_deliver_refuse(parcel->to, envelope, parcel->body,
					parcel->length, r);
}

/* 0, or -EBADMSG. */
static int take_piece(uint32_t number, const uint8_t *piece, size_t length,
		      struct trp_time now)
{
	struct trp_mail_peer *peer = trp_mail_post_peer(number);
	struct trp_mail_parcel parcel;
	const void *attachment;
	size_t size;
	int r;

	if (!peer)
		return -EBADMSG;
	r = trp_mail_bulk_take(&peer->assembly, piece, length, now, &parcel,
			       &attachment, &size);
	if (r == 1)
		take(number, &parcel, attachment, size);
	if (r != 0)
		trp_mail_bulk_clear(&peer->assembly);
	return r < 0 ? r : 0;
}

/* Takes the first: its length, or -EBADMSG. */
static ssize_t take_next(uint32_t number, const uint8_t *bytes, size_t length,
			 struct trp_time now)
{
	size_t piece = trp_mail_bulk_look(bytes, length);
	struct trp_mail_parcel parcel;
	ssize_t taken;

	if (piece) {
		taken = take_piece(number, bytes, piece, now);
		return taken < 0 ? taken : (ssize_t)piece;
	}
	taken = trp_mail_parcel_read(bytes, length, now, &parcel);
	if (taken > 0)
		take(number, &parcel, NULL, 0);
	return taken;
}

bool trp_mail_inward_take(uint32_t number, const uint8_t *payload,
			  size_t length)
{
	struct trp_mail_peer *peer =
		trp_mail_peers_find(&trp_mail_post.peers, number);
	struct trp_time now = trp_time_now();
	ssize_t taken;
	size_t at = 0;

	if (peer && trp_mail_held_is_much(peer)) {
		peer->is_refused = true;
		return false;
	}
	while (at < length) {
		taken = take_next(number, payload + at, length - at, now);
		if (taken < 0) {
			trp_status_count(&trp_self.status->dropped);
			troupe_log(TROUPE_WARNING,
				   "run %u of a node sends mail that cannot "
				   "be read: %zu bytes are dropped",
				   number, length - at);
			return true;
		}
		at += (size_t)taken;
	}
	return true;
}
