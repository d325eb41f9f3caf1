/* SPDX-License-Identifier: MIT */
#include "runtime/mail/inward.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/overflow.h"
#include "runtime/actor/post.h"
#include "runtime/actor/request.h"
#include "runtime/mail/outward.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/post.h"
#include "runtime/node/system.pb-c.h"
#include "serialize/message.h"
#include "serialize/type.h"

enum {
	HELD_MOST = 2 << 20, /* bytes of a peer: a window */
	TOLD_MOST = 64,	     /* nodes, of a full mailbox */
};

/* A message that waits for room in its mailbox. */
struct letter {
	struct letter *next;
	uint32_t number; /* of the node that it comes from */
	struct trp_envelope envelope;
	size_t length, attachment; /* bytes, one behind the other */
	unsigned char body[];
};

/* An actor without room, and its mail in order. */
struct full {
	struct full *next;
	struct troupe_room room;
	troupe_ref to;
	struct letter *first, **last;
	/* Nodes whose actors are refused meanwhile. */
	size_t nodes;
	uint32_t node[TOLD_MOST];
};

static struct full *all_full;

struct content {
	const void *body, *attachment; /* NULL: none */
	size_t length, size;
};

static struct content content_of(const struct letter *letter)
{
	return (struct content) {
		.body = letter->body,
		.length = letter->length,
		.attachment = letter->attachment ? letter->body + letter->length
						 : NULL,
		.size = letter->attachment,
	};
}

/* ---- to an actor --------------------------------------------------------- */

/* Its caller would wait until its deadline. */
static void answer_failure(troupe_ref from, const struct trp_envelope *asked,
			   int error)
{
	Troupe__Control__Failure failure;
	struct trp_envelope envelope;

	if (!trp_mail_post_failure(asked, from, error, &envelope, &failure))
		return;
	if (trp_ref_is_elsewhere(asked->sender))
		trp_mail_outward_say(asked->sender, &envelope, &failure.base);
	else
		trp_actor_post(asked->sender, TRP_REPLY, &envelope,
			       &failure.base, NULL);
}

static void refuse(troupe_ref to, const struct trp_envelope *envelope,
		   const void *body, size_t length, int error)
{
	const struct trp_dead dead = {
		.cause = error == -ESRCH    ? TROUPE_DEAD_TARGET
			 : error == -EAGAIN ? TROUPE_DEAD_DROPPED
					    : TROUPE_DEAD_UNREADABLE,
		.sender = envelope->sender,
		.target = to,
		.type = envelope->type,
		.created = envelope->created,
		.flow = envelope->flow,
		.hop = envelope->hop,
		.size = length,
		.body = body,
	};

	trp_status_count(&trp_self.status->dropped);
	trp_dead_letter_notice(&dead);
	answer_failure(to, envelope, error);
}

/* Answers pass mail, also those to a question, whose kind is still a message's.
 */
static bool is_reply(troupe_ref to, const struct trp_envelope *envelope)
{
	return envelope->kind == TRP_ANSWER || envelope->kind == TRP_FAILURE ||
	       (trp_ref_is_alias(to) && to & TRP_ALIAS_IS_QUESTION);
}

/* In its lane it keeps its place among mail; the announcement is for one that
 * waits or computes. */
static int post_signal(troupe_ref to, struct trp_envelope *envelope,
		       Troupe__Control__ExitSignal *signal)
{
	int r;

	signal->incarnation = trp_status_incarnation(&trp_self.node->arena, to);
	r = trp_node_post(&trp_self.mailbox, to, TRP_MAIL, envelope,
			  &signal->base, NULL, NULL);
	if (r < 0 || signal->cause == TROUPE_NORMAL)
		return r;
	signal->ref = to;
	signal->from = envelope->sender;
	trp_actor_request(&signal->base, NULL);
	return 0;
}

static bool is_type(uint64_t type, const ProtobufCMessageDescriptor *known)
{
	return type == trp_type_of(known);
}

/* Close and signals of an actor; reports of a mail actor. */
static int post_control(troupe_ref to, struct trp_envelope *envelope,
			const void *body, size_t length)
{
	const ProtobufCMessageDescriptor *signal_type =
		&troupe__control__exit_signal__descriptor;
	struct trp_scratch_mark mark = trp_scratch_mark(&trp_self.scratch);
	enum trp_stream stream = TRP_MAIL;
	ProtobufCMessage *signal;
	uint64_t position;
	int r;

	if (is_type(envelope->type, signal_type)) {
		r = trp_message_unpack(signal_type, body, length,
				       &trp_self.scratch, &signal);
		if (r == 0)
			r = post_signal(to, envelope,
					(Troupe__Control__ExitSignal *)signal);
		trp_scratch_release(&trp_self.scratch, mark);
		return r;
	}
	if (trp_ref_slot(envelope->sender) == TRP_SLOT_SUPERVISOR) {
		stream = TRP_REPLY;
		envelope->kind = TRP_AWAY;
	} else if (!is_type(envelope->type,
			    &troupe__control__close__descriptor)) {
		return -EBADMSG;
	}
	return trp_node_post_packed(&trp_self.mailbox, to, stream, envelope,
				    body, length, NULL, &position);
}

/* Space for it in our region, from which the receiver reads it. */
static int post_attached(troupe_ref to, enum trp_stream stream,
			 const struct trp_envelope *envelope,
			 const struct content *content)
{
	struct trp_mailbox *box = &trp_self.mailbox;
	uint32_t size = (uint32_t)(sizeof(*envelope) + content->length);
	struct trp_extent extent;
	void *bytes;
	int r = trp_mailbox_loan(box, content->size, &extent, &bytes);

	if (r < 0)
		return r;
	memcpy(bytes, content->attachment, content->size);
	r = trp_mailbox_reserve(box, trp_ref_slot(to), trp_ref_generation(to),
				stream, size, &extent, &bytes);
	if (r < 0) {
		trp_mailbox_unloan(box, extent);
		return r;
	}
	trp_envelope_write(envelope, bytes);
	memcpy((char *)bytes + sizeof(*envelope), content->body,
	       content->length);
	trp_mailbox_commit(box, size);
	trp_mailbox_check(box, envelope->created);
	return 0;
}

/* 0, -ESRCH, -EAGAIN ... */
static int post(troupe_ref to, const struct trp_envelope *envelope,
		const struct content *content)
{
	enum trp_stream stream = is_reply(to, envelope) ? TRP_REPLY : TRP_MAIL;
	struct trp_envelope ours = *envelope;
	uint64_t position;
	int r;

	ours.flags = 0;
	ours.cpu = (uint16_t)sched_getcpu();
	r = trp_actor_post_resolve(&to, &stream, &ours);
	if (r < 0)
		return r;
	/* The place of the supervisor is that of the mail actor to others. */
	if (trp_ref_slot(to) == TRP_SLOT_SUPERVISOR)
		to = ours.kind == TRP_MESSAGE ? trp_self.ref : 0;
	if (!to)
		return -ESRCH;
	if (ours.kind == TRP_CONTROL)
		return post_control(to, &ours, content->body, content->length);
	if (content->attachment)
		return post_attached(to, stream, &ours, content);
	return trp_node_post_packed(&trp_self.mailbox, to, stream, &ours,
				    content->body, content->length, NULL,
				    &position);
}

/* ---- actors without room ------------------------------------------------- */

/* Its memory: that of a small one is mostly ours. */
static size_t weight_of(const struct letter *letter)
{
	return sizeof(*letter) + letter->length + letter->attachment;
}

static struct full **find_full(troupe_ref to)
{
	struct full **link = &all_full;

	while (*link && (*link)->to != to)
		link = &(*link)->next;
	return link;
}

static void release(struct letter *letter)
{
	struct trp_mail_peer *peer =
		trp_mail_peers_find(&trp_mail_post.peers, letter->number);

	if (peer) {
		assert(peer->held >= weight_of(letter));
		peer->held -= weight_of(letter);
		if (peer->is_refused && trp_mail_inward_has_room(peer))
			trp_mail_post.is_stale = true;
	}
	free(letter);
}

static void tell_choke(troupe_ref to, uint32_t node, bool is_over)
{
	Troupe__Away__Choke choke = TROUPE__AWAY__CHOKE__INIT;

	choke.ref = to;
	choke.is_over = is_over;
	trp_mail_outward_order(node, &choke.base);
}

/* Of more nodes none is told: their sessions stand still in the end. */
static void choke(struct full *full, uint32_t node)
{
	for (size_t i = 0; i < full->nodes; i++)
		if (full->node[i] == node)
			return;
	if (full->nodes == TOLD_MOST)
		return;
	full->node[full->nodes++] = node;
	tell_choke(full->to, node, false);
}

static void remove_full(struct full *full)
{
	struct full **link = find_full(full->to);
	struct letter *letter;

	troupe_room_cancel(&full->room);
	for (size_t i = 0; i < full->nodes; i++)
		tell_choke(full->to, full->node[i], true);
	while ((letter = full->first)) {
		full->first = letter->next;
		refuse(full->to, &letter->envelope, letter->body,
		       letter->length, -ESRCH);
		release(letter);
	}
	*link = full->next;
	free(full);
}

/* Of the owner, if it is an alias. */
static bool await_room(struct full *full)
{
	troupe_ref owner = trp_ref_is_alias(full->to)
				   ? trp_actor_post_owner(full->to)
				   : full->to;

	return troupe_room_notify(&full->room, owner) == 0;
}

static int hand_on(struct troupe_room *room)
{
	struct full *full =
		(struct full *)((char *)room - offsetof(struct full, room));
	struct letter *letter;
	struct content content;
	int r = 0;

	while ((letter = full->first)) {
		content = content_of(letter);
		r = post(full->to, &letter->envelope, &content);
		if (r == -EAGAIN)
			break;
		if (r < 0)
			refuse(full->to, &letter->envelope, letter->body,
			       letter->length, r);
		full->first = letter->next;
		release(letter);
	}
	if (!full->first || !await_room(full))
		remove_full(full);
	return 0;
}

/* NULL: it is gone, or no memory. */
static struct full *make_full(troupe_ref to)
{
	struct full *full = *find_full(to);

	if (full)
		return full;
	full = calloc(1, sizeof(*full));
	if (!full)
		return NULL;
	full->to = to;
	full->last = &full->first;
	full->room.has_room = hand_on;
	full->next = all_full;
	all_full = full;
	if (await_room(full))
		return full;
	remove_full(full);
	return NULL;
}

static int keep(uint32_t number, troupe_ref to,
		const struct trp_envelope *envelope,
		const struct content *content)
{
	struct trp_mail_peer *peer = trp_mail_post_peer(number);
	size_t bytes = content->length + content->size;
	struct letter *letter = malloc(sizeof(*letter) + bytes);
	struct full *full = peer && letter ? make_full(to) : NULL;

	if (!full) {
		free(letter);
		return -ESRCH;
	}
	*letter = (struct letter) { .number = number,
				    .envelope = *envelope,
				    .length = content->length,
				    .attachment = content->size };
	if (content->length)
		memcpy(letter->body, content->body, content->length);
	if (content->size)
		memcpy(letter->body + content->length, content->attachment,
		       content->size);
	*full->last = letter;
	full->last = &letter->next;
	peer->held += weight_of(letter);
	choke(full, number);
	return 0;
}

void trp_mail_inward_lost(uint32_t number)
{
	for (struct full *full = all_full; full; full = full->next)
		for (size_t i = 0; i < full->nodes; i++)
			if (full->node[i] == number)
				full->node[i] = full->node[--full->nodes];
}

bool trp_mail_inward_has_room(const struct trp_mail_peer *peer)
{
	return peer->held <= HELD_MOST / 2;
}

void trp_mail_inward_fini(void)
{
	struct full *full;
	struct letter *letter;

	while ((full = all_full)) {
		all_full = full->next;
		while ((letter = full->first)) {
			full->first = letter->next;
			free(letter);
		}
		free(full);
	}
}

/* ---- payloads ------------------------------------------------------------ */

static void take(uint32_t number, const struct trp_mail_parcel *parcel,
		 const void *attachment, size_t size)
{
	const struct trp_envelope *envelope = &parcel->envelope;
	const struct content content = { parcel->body, attachment,
					 parcel->length, size };
	bool is_mail = !is_reply(parcel->to, envelope);
	int r = -EAGAIN;

	if (!is_mail || !*find_full(parcel->to))
		r = post(parcel->to, envelope, &content);
	if (r == -EAGAIN && !trp_overflow_is_dropped(parcel->to, envelope))
		r = keep(number, parcel->to, envelope, &content);
	if (r < 0)
		refuse(parcel->to, envelope, parcel->body, parcel->length, r);
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

	if (peer && peer->held > HELD_MOST) {
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
