/* SPDX-License-Identifier: MIT */
#include "runtime/mail/outward.h"

#include <errno.h>
#include <string.h>
#include "runtime/actor/away.h"
#include "runtime/actor/post.h"
#include "runtime/mail/chokes.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/choke.h"
#include "runtime/node/post.h"
#include "serialize/message.h"
#include "serialize/type.h"

/* Bytes that wait for a session: its senders are refused. */
enum { CHOKED = 512 << 10, BULK_CHOKED = 4 << 20 };

/* ---- what is lost -------------------------------------------------------- */

static void note_dead(troupe_ref to, const struct trp_envelope *envelope,
		      const void *body, size_t size)
{
	trp_mail_post_dead(TROUPE_DEAD_UNREACHABLE, to, envelope, body, size);
}

void trp_mail_outward_lost(uint32_t number, const uint8_t *bytes, size_t length)
{
	struct trp_mail_parcel parcel;
	ssize_t taken;
	size_t at = 0;

	if (trp_mail_bulk_look(bytes, length)) {
		/* The others of its message were before it. */
		if (trp_mail_bulk_head(bytes, length, trp_time_now(), &parcel))
			note_dead((troupe_ref)number << TRP_REF_NODE |
					  trp_ref_in_node(parcel.to),
				  &parcel.envelope, NULL, 0);
		return;
	}
	while (at < length) {
		taken = trp_mail_parcel_read(bytes + at, length - at,
					     trp_time_now(), &parcel);
		if (taken < 0)
			return;
		note_dead((troupe_ref)number << TRP_REF_NODE |
				  trp_ref_in_node(parcel.to),
			  &parcel.envelope, parcel.body, parcel.length);
		at += (size_t)taken;
	}
}

/* ---- from lanes ---------------------------------------------------------- */

/* Its sender is of this node. */
static void refuse(const struct trp_mail_parcel *parcel, int error)
{
	Troupe__Control__Failure failure;
	struct trp_envelope envelope;

	note_dead(parcel->to, &parcel->envelope, parcel->body, parcel->length);
	if (trp_mail_post_failure(&parcel->envelope, parcel->to, error,
				  &envelope, &failure))
		trp_actor_post(parcel->envelope.sender, TRP_REPLY, &envelope,
			       &failure.base, NULL);
}

/* Large ones, and those with an attachment; and mail of the same sender to the
 * same receiver that follows them. */
static bool is_bulk(const struct trp_mail_peer *peer,
		    const struct trp_mail_parcel *parcel,
		    const void *attachment)
{
	return attachment ||
	       parcel->length > TRP_SESSION_ROOM_LEAST - TRP_PARCEL_HEAD ||
	       (peer->bulks.first &&
		trp_mail_bulk_has(&peer->bulks, parcel->envelope.sender,
				  parcel->to));
}

/* Senders to this receiver wait, or to all of the node. */
static void choke(struct trp_mail_peer *peer, troupe_ref to)
{
	if (peer->bulks.bytes > BULK_CHOKED && peer->bulks.last->to == to)
		trp_mail_chokes_set(to);
	if (peer->is_choked || peer->tail - peer->head <= CHOKED)
		return;
	peer->is_choked = true;
	trp_mail_chokes_set(trp_choke_of_node(peer->number));
}

static void append(const struct trp_mail_parcel *parcel, const void *attachment,
		   size_t size)
{
	uint32_t number = trp_ref_node(parcel->to);
	struct trp_mail_peer *peer =
		trp_frame_is_number(number) ? trp_mail_post_peer(number) : NULL;
	int r = -ENOMEM;

	if (peer && is_bulk(peer, parcel, attachment))
		r = trp_mail_bulk_append(&peer->bulks, parcel, attachment, size,
					 trp_time_now());
	else if (peer)
		r = trp_mail_peers_append(peer, parcel, trp_time_now());
	if (r < 0) {
		refuse(parcel, r);
		return;
	}
	choke(peer, parcel->to);
	trp_mail_post.appended++;
	trp_mail_post_soon();
}

troupe_ref trp_mail_outward_take(const struct trp_mail *mail,
				 const struct trp_envelope *envelope)
{
	struct trp_mail_parcel parcel = { .envelope = *envelope };
	size_t size = trp_mail_body_size(mail);
	struct trp_tail tail;

	if (size < sizeof(tail))
		return 0;
	parcel.body = trp_mail_body(mail);
	parcel.length = size - sizeof(tail);
	memcpy(&tail, (const char *)parcel.body + parcel.length, sizeof(tail));
	parcel.to = tail.to;
	parcel.envelope.kind = (uint8_t)tail.kind;
	parcel.envelope.flags = 0; /* of routers and traces here */
	append(&parcel, mail->attachment, mail->attachment_size);
	return tail.to;
}

void trp_mail_outward_say(troupe_ref to, const struct trp_envelope *envelope,
			  const ProtobufCMessage *message)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	struct trp_mail_parcel parcel = { .to = to, .envelope = *envelope };
	void *body;

	parcel.length = trp_message_size(message);
	body = trp_scratch_alloc(&trp_self.scratch, parcel.length);
	if (body) {
		trp_message_pack(message, body);
		parcel.body = body;
		append(&parcel, NULL, 0);
	}
	trp_scratch_release(&trp_self.scratch, mark);
}

static void say_as_mail_actor(troupe_ref to, enum trp_envelope_kind kind,
			      const ProtobufCMessage *message)
{
	const struct trp_envelope envelope = {
		.type = trp_type_of(message->descriptor),
		.sender = TRP_REF_SUPERVISOR,
		.deadline = INT64_MAX,
		.created = trp_time_now().ns,
		.kind = (uint8_t)kind,
	};

	trp_mail_outward_say(to, &envelope, message);
}

void trp_mail_outward_tell(troupe_ref to, const ProtobufCMessage *news)
{
	say_as_mail_actor(to, TRP_CONTROL, news);
}

void trp_mail_outward_order(uint32_t number, const ProtobufCMessage *order)
{
	say_as_mail_actor(trp_away_mail_of(number), TRP_MESSAGE, order);
}

/* ---- into sessions ------------------------------------------------------- */

/* A piece a frame. */
static int flush_bulk(struct trp_mail_peer *peer, struct trp_time now)
{
	static uint8_t piece[TRP_PIECE_HEAD + TRP_PIECE_MOST];
	struct trp_sessions *sessions = trp_mail_post.sessions;
	size_t length, room;
	troupe_ref done;
	int r = 0;

	while (r == 0 && peer->bulks.first && !peer->is_waiting) {
		room = trp_sessions_room(sessions, peer->number);
		if (room > sizeof(piece))
			room = sizeof(piece);
		length = trp_mail_bulk_piece(&peer->bulks, piece, room);
		r = length ? trp_sessions_send(sessions, peer->number, piece,
					       length, now)
			   : -EAGAIN;
		if (r == -EAGAIN)
			peer->is_waiting = true;
		if (r < 0)
			break;
		done = trp_mail_bulk_sent(&peer->bulks, length);
		if (done)
			trp_mail_chokes_clear(done);
	}
	return r;
}

void trp_mail_outward_drop(struct trp_mail_peer *peer)
{
	struct trp_mail_parcel parcel;

	trp_mail_outward_lost(peer->number, peer->bytes + peer->head,
			      peer->tail - peer->head);
	trp_mail_peers_drop(peer, peer->tail - peer->head);
	while (trp_mail_bulk_drop(&peer->bulks, trp_time_now(), &parcel))
		note_dead(parcel.to, &parcel.envelope, NULL, 0);
	trp_mail_bulk_clear(&peer->assembly);
}

void trp_mail_outward_flush(struct trp_mail_peer *peer, struct trp_time now)
{
	struct trp_sessions *sessions = trp_mail_post.sessions;
	size_t length;
	int r = 0;

	while (peer->head < peer->tail && !peer->is_waiting) {
		length = trp_mail_peers_fit(
			peer, trp_sessions_room(sessions, peer->number));
		r = length ? trp_sessions_send(sessions, peer->number,
					       peer->bytes + peer->head, length,
					       now)
			   : -EAGAIN;
		if (r == 0)
			trp_mail_peers_drop(peer, length);
		else if (r == -EAGAIN)
			peer->is_waiting = true;
		else
			break;
	}
	if (r == 0)
		r = flush_bulk(peer, now);
	if (peer->is_choked && peer->tail - peer->head <= CHOKED / 4) {
		peer->is_choked = false;
		trp_mail_chokes_clear(trp_choke_of_node(peer->number));
	}
	if (r == 0 || r == -EAGAIN)
		return;
	peer->has_ended = true;
	peer->error = r;
	trp_mail_post.is_stale = true;
}

void trp_mail_outward_flush_all(struct trp_time now)
{
	struct trp_mail_peers *peers = &trp_mail_post.peers;
	struct trp_mail_peer *peer, *next;

	for (peer = peers->first; peer; peer = next) {
		next = peer->after;
		if ((peer->head < peer->tail || peer->bulks.first) &&
		    !peer->is_waiting)
			trp_mail_outward_flush(peer, now);
		trp_mail_peers_trim(peers, peer);
	}
	/* A lone one: an answer will come from the bus. */
	if (trp_mail_post.appended == 1)
		trp_wait_directly(&trp_self.wait);
	trp_mail_post.appended = 0;
	trp_mail_post.is_dirty = false;
}
