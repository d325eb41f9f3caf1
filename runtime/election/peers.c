/* SPDX-License-Identifier: MIT */
#include "runtime/election/peers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void trp_peers_init(struct trp_peers *peers, size_t limit)
{
	*peers = (struct trp_peers) { .limit = limit };
}

void trp_peers_check(const struct trp_peers *peers)
{
	size_t heard = 0;

	assert(peers->count <= peers->limit && peers->count <= peers->space);
	for (size_t i = 0; i < peers->count; i++) {
		assert(!i ||
		       strcmp(peers->at[i - 1]->name, peers->at[i]->name) < 0);
		heard += peers->at[i]->is_heard;
	}
	assert(peers->heard == heard);
}

static void peer_free(struct trp_beacon_peer *peer)
{
	trp_scalar_fini(&peer->value);
	trp_scalar_fini(&peer->note);
	free(peer);
}

void trp_peers_fini(struct trp_peers *peers)
{
	for (size_t i = 0; i < peers->count; i++)
		peer_free(peers->at[i]);
	free(peers->at);
	*peers = (struct trp_peers) { 0 };
}

/* The place of the name, or the place to insert it. */
static size_t place_of(const struct trp_peers *peers, const char *name,
		       bool *ret_is_there)
{
	size_t low = 0, high = peers->count;

	*ret_is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, peers->at[middle]->name);

		if (order == 0) {
			*ret_is_there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct trp_beacon_peer *trp_peers_find(const struct trp_peers *peers,
				       const char *name)
{
	bool is_there;
	size_t place = place_of(peers, name, &is_there);

	return is_there ? peers->at[place] : NULL;
}

static int evict_one(struct trp_peers *peers)
{
	size_t i, oldest = peers->count;

	for (i = 0; i < peers->count; i++) {
		if (peers->at[i]->pins)
			continue;
		if (oldest == peers->count ||
		    peers->at[i]->heard.ns < peers->at[oldest]->heard.ns)
			oldest = i;
	}
	if (oldest == peers->count)
		return -ENOBUFS;
	assert(!peers->at[oldest]->pins);
	assert(peers->heard >= peers->at[oldest]->is_heard);
	peers->heard -= peers->at[oldest]->is_heard;
	peer_free(peers->at[oldest]);
	peers->count--;
	memmove(peers->at + oldest, peers->at + oldest + 1,
		(peers->count - oldest) * sizeof(*peers->at));
	return 0;
}

static int make_room(struct trp_peers *peers)
{
	size_t space = peers->space ? 2 * peers->space : 8;
	struct trp_beacon_peer **at;

	if (peers->count == peers->limit)
		return evict_one(peers);
	if (peers->count < peers->space)
		return 0;
	at = reallocarray(peers->at, space, sizeof(struct trp_beacon_peer *));
	if (!at)
		return -ENOMEM;
	peers->at = at;
	peers->space = space;
	return 0;
}

static struct trp_beacon_peer *peer_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct trp_beacon_peer *peer = malloc(sizeof(*peer) + size);

	if (!peer)
		return NULL;
	*peer = (struct trp_beacon_peer) { .heard = TRP_LONG_AGO,
					   .pinged = TRP_LONG_AGO,
					   .told = TRP_LONG_AGO,
					   .recovered = TRP_LONG_AGO };
	memcpy(peer->name, name, size);
	return peer;
}

int trp_peers_make(struct trp_peers *peers, const char *name,
		   struct trp_beacon_peer **ret_peer)
{
	struct trp_beacon_peer *peer;
	bool is_there;
	size_t place = place_of(peers, name, &is_there);
	int r;

	if (is_there) {
		*ret_peer = peers->at[place];
		return 0;
	}
	peer = peer_new(name);
	if (!peer)
		return -ENOMEM;
	r = make_room(peers);
	if (r < 0) {
		peer_free(peer);
		return r;
	}
	place = place_of(peers, name, &is_there);
	assert(!is_there && peers->count < peers->space);
	memmove(peers->at + place + 1, peers->at + place,
		(peers->count - place) * sizeof(*peers->at));
	peers->at[place] = peer;
	peers->count++;
	TRP_CHECK(trp_peers_check(peers));
	*ret_peer = peer;
	return 0;
}

int trp_peers_hear(struct trp_peers *peers, struct trp_beacon_peer *peer,
		   const struct trp_scalar *value, struct trp_time now)
{
	int r = trp_scalar_copy(&peer->value, value);

	if (r < 0)
		return r;
	if (value->type == TRP_SCALAR_TEXT)
		trp_scalar_fini(&peer->note);
	peer->heard = now;
	peers->heard += !peer->is_heard;
	peer->is_heard = true;
	return 0;
}

int trp_peers_note(struct trp_beacon_peer *peer, const struct trp_scalar *note)
{
	return trp_scalar_copy(&peer->note, note);
}

void trp_peers_forget_texts(struct trp_peers *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		struct trp_beacon_peer *peer = peers->at[i];

		if (peer->value.type != TRP_SCALAR_TEXT)
			continue;
		trp_scalar_fini(&peer->note);
		peer->note = peer->value;
		peer->value.type = TRP_SCALAR_NONE;
	}
}

bool trp_peers_has_priority(const struct trp_beacon_peer *a,
			    const struct trp_beacon_peer *b)
{
	int order = trp_scalar_compare(&a->value, &b->value);

	return order ? order > 0 : strcmp(a->name, b->name) < 0;
}
