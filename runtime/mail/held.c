/* SPDX-License-Identifier: MIT */
#include "runtime/mail/held.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/post.h"
#include "runtime/mail/outward.h"
#include "runtime/node/away.pb-c.h"

enum {
	HELD_MOST = 32 << 20, /* bytes of a peer: sixteen windows */
	TOLD_MOST = 64,	      /* nodes, of a full mailbox */
};

/* A message that waits for room in its mailbox; or, of the kind TRP_AWAY, the
 * word that the node is lost, with the number of the loss. */
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

static struct trp_mail_content content_of(const struct letter *letter)
{
	return (struct trp_mail_content) {
		.body = letter->body,
		.length = letter->length,
		.attachment = letter->attachment ? letter->body + letter->length
						 : NULL,
		.size = letter->attachment,
	};
}

static struct full **find_full(troupe_ref to)
{
	struct full **link = &all_full;

	while (*link && (*link)->to != to)
		link = &(*link)->next;
	return link;
}

static size_t cost_of(const struct letter *letter)
{
	return sizeof(*letter) + letter->length + letter->attachment;
}

static void release(struct letter *letter)
{
	struct trp_mail_peer *peer =
		trp_mail_peers_find(&trp_mail_post.peers, letter->number);

	if (peer) {
		assert(peer->held >= cost_of(letter));
		peer->held -= cost_of(letter);
		if (peer->is_refused && trp_mail_held_has_room(peer))
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

/* ---- lost nodes ---------------------------------------------------------- */

/* Of an alias; of itself otherwise. */
static troupe_ref owner_of(troupe_ref to)
{
	return trp_ref_is_alias(to) ? trp_actor_post_owner(to) : to;
}

static void say_lost(troupe_ref to, uint32_t number, bool has_mail,
		     bool is_after)
{
	Troupe__Away__Lost lost = TROUPE__AWAY__LOST__INIT;

	lost.node = number;
	lost.has_mail = has_mail;
	lost.is_after = is_after;
	trp_mail_post_tell(to, &lost.base);
}

/* The last word of its loss is said: mail to an actor and to its aliases waits
 * in several places. */
static void tell_after(troupe_ref to, const struct letter *word)
{
	troupe_ref owner = owner_of(to);
	const struct full *full;
	const struct letter *other;

	for (full = all_full; full; full = full->next)
		for (other = full->first; other; other = other->next)
			if (other != word && owner_of(full->to) == owner &&
			    other->envelope.kind == TRP_AWAY &&
			    other->envelope.correlation ==
				    word->envelope.correlation)
				return;
	say_lost(owner, word->number, false, true);
}

static void put(struct full *full, struct letter *letter,
		struct trp_mail_peer *peer)
{
	*full->last = letter;
	full->last = &letter->next;
	peer->held += cost_of(letter);
}

/* True: there is mail of that node for this actor, and words behind it. */
static bool is_behind_mail(troupe_ref owner, struct trp_mail_peer *peer,
			   uint64_t loss)
{
	const struct letter *mail;
	struct letter *word;
	struct full *full;
	bool is_behind = false;

	for (full = all_full; full; full = full->next) {
		mail = owner_of(full->to) == owner ? full->first : NULL;
		while (mail && mail->number != peer->number)
			mail = mail->next;
		word = mail ? calloc(1, sizeof(*word)) : NULL;
		if (!word)
			continue;
		word->number = peer->number;
		word->envelope.kind = TRP_AWAY;
		word->envelope.correlation = loss;
		put(full, word, peer);
		is_behind = true;
	}
	return is_behind;
}

/* Its session has ended: there nobody is refused any more. */
static void forget_choked(uint32_t number)
{
	for (struct full *full = all_full; full; full = full->next)
		for (size_t i = 0; i < full->nodes; i++)
			if (full->node[i] == number)
				full->node[i] = full->node[--full->nodes];
}

void trp_mail_held_tell_lost(uint32_t number)
{
	const struct trp_arena *arena = &trp_self.node->arena;
	struct trp_mail_peer *peer =
		trp_mail_peers_find(&trp_mail_post.peers, number);
	const struct trp_status *status;
	static uint64_t loss;
	troupe_ref ref;
	uint64_t life;

	forget_choked(number);
	loss++;
	for (uint32_t slot = 1; slot < arena->slots; slot++) {
		life = trp_load_acquire(&trp_arena_slot(arena, slot)->life);
		if (trp_life_state(life) != TRP_LIVE)
			continue;
		ref = trp_ref(slot, trp_life_generation(life));
		status = ref == trp_self.ref ? NULL : trp_status_of(arena, ref);
		if (status && trp_load_acquire(&status->asks_away))
			say_lost(ref, number,
				 peer && peer->held &&
					 is_behind_mail(ref, peer, loss),
				 false);
	}
}

/* ---- actors without room ------------------------------------------------- */

static void remove_full(struct full *full)
{
	struct full **link = find_full(full->to);
	struct letter *letter;

	troupe_room_cancel(&full->room);
	for (size_t i = 0; i < full->nodes; i++)
		tell_choke(full->to, full->node[i], true);
	while ((letter = full->first)) {
		full->first = letter->next;
		if (letter->envelope.kind == TRP_AWAY)
			tell_after(full->to, letter);
		else
			trp_mail_deliver_refuse(full->to, &letter->envelope,
						letter->body, letter->length,
						-ESRCH);
		release(letter);
	}
	*link = full->next;
	free(full);
}

static bool await_room(struct full *full)
{
	return troupe_room_notify(&full->room, owner_of(full->to)) == 0;
}

static int hand_on(struct troupe_room *room)
{
	struct full *full =
		(struct full *)((char *)room - offsetof(struct full, room));
	struct letter *letter;
	struct trp_mail_content content;
	int r = 0;

	while ((letter = full->first)) {
		content = content_of(letter);
		r = 0;
		if (letter->envelope.kind == TRP_AWAY)
			tell_after(full->to, letter);
		else
			r = trp_mail_deliver(full->to, &letter->envelope,
					     &content);
		if (r == -EAGAIN)
			break;
		if (r < 0)
			trp_mail_deliver_refuse(full->to, &letter->envelope,
						letter->body, letter->length,
						r);
		full->first = letter->next;
		if (!full->first)
			full->last = &full->first;
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

int trp_mail_held_keep(uint32_t number, troupe_ref to,
		       const struct trp_envelope *envelope,
		       const struct trp_mail_content *content)
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
	put(full, letter, peer);
	choke(full, number);
	return 0;
}

bool trp_mail_held_has(troupe_ref to)
{
	return *find_full(to) != NULL;
}

bool trp_mail_held_is_much(const struct trp_mail_peer *peer)
{
	return peer->held > HELD_MOST;
}

bool trp_mail_held_has_room(const struct trp_mail_peer *peer)
{
	return peer->held <= HELD_MOST / 2;
}

void trp_mail_held_fini(void)
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
