/* SPDX-License-Identifier: MIT */
#include "runtime/mail/peers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SPACE_FIRST = 4096, SPACE_KEPT = 256 << 10 };

static struct trp_mail_peer **link_to(struct trp_mail_peers *peers,
				      uint32_t number)
{
	struct trp_mail_peer **link = &peers->bucket[number % TRP_MAIL_BUCKETS];

	while (*link && (*link)->number != number)
		link = &(*link)->next;
	return link;
}

struct trp_mail_peer *trp_mail_peers_find(const struct trp_mail_peers *peers,
					  uint32_t number)
{
	struct trp_mail_peer *peer = peers->bucket[number % TRP_MAIL_BUCKETS];

	while (peer && peer->number != number)
		peer = peer->next;
	return peer;
}

struct trp_mail_peer *trp_mail_peers_make(struct trp_mail_peers *peers,
					  uint32_t number)
{
	struct trp_mail_peer **link = link_to(peers, number);

	if (*link)
		return *link;
	*link = calloc(1, sizeof(**link));
	if (!*link)
		return NULL;
	(*link)->number = number;
	(*link)->after = peers->first;
	if (peers->first)
		peers->first->before = *link;
	peers->first = *link;
	peers->count++;
	return *link;
}

static void release(struct trp_mail_peer *peer)
{
	trp_mail_bulk_clear(&peer->assembly);
	free(peer->bytes);
	free(peer);
}

void trp_mail_peers_remove(struct trp_mail_peers *peers,
			   struct trp_mail_peer *peer)
{
	struct trp_mail_peer **link = link_to(peers, peer->number);

	assert(*link == peer && !peer->bulks.first && peers->count > 0);
	*link = peer->next;
	if (peer->after)
		peer->after->before = peer->before;
	if (peer->before)
		peer->before->after = peer->after;
	else
		peers->first = peer->after;
	peers->count--;
	release(peer);
}

bool trp_mail_peers_is_idle(const struct trp_mail_peer *peer)
{
	return peer->head == peer->tail && !peer->bulks.first &&
	       !peer->assembly.bytes && !peer->held && !peer->watches &&
	       !peer->has_ended && !peer->has_room && !peer->is_refused;
}

void trp_mail_peers_trim(struct trp_mail_peers *peers,
			 struct trp_mail_peer *peer)
{
	if (peers->count > TRP_MAIL_PEERS_KEPT && trp_mail_peers_is_idle(peer))
		trp_mail_peers_remove(peers, peer);
}

void trp_mail_peers_fini(struct trp_mail_peers *peers)
{
	struct trp_mail_parcel parcel;
	struct trp_mail_peer *peer, *after;

	for (peer = peers->first; peer; peer = after) {
		after = peer->after;
		while (trp_mail_bulk_drop(&peer->bulks, TRP_LONG_AGO, &parcel))
			;
		release(peer);
	}
	*peers = (struct trp_mail_peers) { 0 };
}

void trp_mail_peers_check(const struct trp_mail_peers *peers)
{
	const struct trp_mail_peer *p, *before = NULL;
	size_t count = 0;

	for (p = peers->first; p; before = p, p = p->after, count++) {
		assert(p->before == before);
		assert(trp_mail_peers_find(peers, p->number) == p);
		assert(p->head <= p->tail && p->tail <= p->space);
		assert(trp_mail_peers_fit(p, SIZE_MAX) == p->tail - p->head);
	}
	assert(count == peers->count);
}

/* Bytes that were sent go first, then there is twice the space. */
static int make_space(struct trp_mail_peer *peer, size_t more)
{
	size_t space = peer->space ? peer->space : SPACE_FIRST;
	uint8_t *bytes;

	if (peer->head && peer->head >= peer->tail - peer->head) {
		memcpy(peer->bytes, peer->bytes + peer->head,
		       peer->tail - peer->head);
		peer->tail -= peer->head;
		peer->head = 0;
	}
	while (space - peer->tail < more)
		space *= 2;
	if (space == peer->space)
		return 0;
	bytes = realloc(peer->bytes, space);
	if (!bytes)
		return -ENOMEM;
	peer->bytes = bytes;
	peer->space = space;
	return 0;
}

int trp_mail_peers_append(struct trp_mail_peer *peer,
			  const struct trp_mail_parcel *parcel,
			  struct trp_time now)
{
	size_t need = TRP_PARCEL_HEAD + parcel->length;
	ssize_t taken;
	int r = peer->space - peer->tail < need ? make_space(peer, need) : 0;

	if (r < 0)
		return r;
	taken = trp_mail_parcel_write(parcel, now, peer->bytes + peer->tail,
				      peer->space - peer->tail);
	if (taken < 0)
		return (int)taken;
	peer->tail += (size_t)taken;
	return 0;
}

size_t trp_mail_peers_fit(const struct trp_mail_peer *peer, size_t most)
{
	size_t at = peer->head;
	uint32_t size;

	while (at < peer->tail) {
		memcpy(&size, peer->bytes + at, sizeof(size));
		if (at + sizeof(size) + size - peer->head > most)
			break;
		at += sizeof(size) + size;
	}
	return at - peer->head;
}

void trp_mail_peers_drop(struct trp_mail_peer *peer, size_t bytes)
{
	assert(bytes <= peer->tail - peer->head);
	peer->head += bytes;
	if (peer->head < peer->tail)
		return;
	peer->head = peer->tail = 0;
	if (peer->space > SPACE_KEPT) {
		free(peer->bytes);
		peer->bytes = NULL;
		peer->space = 0;
	}
}
