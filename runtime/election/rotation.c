/* SPDX-License-Identifier: MIT */
#include "runtime/election/rotation.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void drop_last(struct trp_rotation *rotation)
{
	assert(rotation->at[rotation->count - 1]->pins > 0);
	rotation->at[--rotation->count]->pins--;
}

void trp_rotation_clear(struct trp_rotation *rotation)
{
	while (rotation->count)
		drop_last(rotation);
}

void trp_rotation_limit(struct trp_rotation *rotation, int64_t bound)
{
	rotation->bound = bound > 0 ? (size_t)bound : 0;
	while (rotation->bound && rotation->count > rotation->bound)
		drop_last(rotation);
}

void trp_rotation_check(const struct trp_rotation *rotation)
{
	assert(!rotation->bound || rotation->count <= rotation->bound);
	assert(rotation->count <= rotation->space);
	for (size_t i = 0; i < rotation->count; i++) {
		assert(rotation->at[i]->pins > 0);
		assert(trp_rotation_place(rotation, rotation->at[i]) == i);
	}
}

void trp_rotation_fini(struct trp_rotation *rotation)
{
	trp_rotation_clear(rotation);
	free(rotation->at);
	*rotation = (struct trp_rotation) { 0 };
}

struct trp_beacon_peer *trp_rotation_head(const struct trp_rotation *rotation)
{
	return rotation->count ? rotation->at[0] : NULL;
}

size_t trp_rotation_place(const struct trp_rotation *rotation,
			  const struct trp_beacon_peer *peer)
{
	for (size_t i = 0; i < rotation->count; i++)
		if (rotation->at[i] == peer)
			return i;
	return TRP_ROTATION_NOWHERE;
}

int trp_rotation_reserve(struct trp_rotation *rotation, size_t count)
{
	struct trp_beacon_peer **at;

	if (count <= rotation->space)
		return 0;
	count += count / 2;
	at = reallocarray(rotation->at, count,
			  sizeof(struct trp_beacon_peer *));
	if (!at)
		return -ENOMEM;
	rotation->at = at;
	rotation->space = count;
	return 0;
}

static bool is_full(const struct trp_rotation *rotation)
{
	return rotation->bound && rotation->count >= rotation->bound;
}

void trp_rotation_push(struct trp_rotation *rotation,
		       struct trp_beacon_peer *peer)
{
	if (is_full(rotation) ||
	    trp_rotation_place(rotation, peer) != TRP_ROTATION_NOWHERE)
		return;
	assert(rotation->count < rotation->space);
	rotation->at[rotation->count++] = peer;
	peer->pins++;
}

/* Shifts places from `place` on by one, and drops the last if it must. */
static void take_out(struct trp_rotation *rotation, size_t place)
{
	bool was_last = place == rotation->count - 1;

	assert(place < rotation->count && rotation->at[place]->pins > 0);
	rotation->at[place]->pins--;
	rotation->count--;
	memmove(rotation->at + place, rotation->at + place + 1,
		(rotation->count - place) * sizeof(*rotation->at));
	if (rotation->bound && rotation->count && !was_last)
		drop_last(rotation);
}

int trp_rotation_insert(struct trp_rotation *rotation,
			struct trp_beacon_peer *peer)
{
	size_t place = trp_rotation_place(rotation, peer);
	int r = trp_rotation_reserve(rotation, rotation->count + 1);

	if (r < 0)
		return r;
	if (place != TRP_ROTATION_NOWHERE)
		take_out(rotation, place);
	else if (is_full(rotation))
		drop_last(rotation);
	memmove(rotation->at + 1, rotation->at,
		rotation->count * sizeof(*rotation->at));
	rotation->at[0] = peer;
	rotation->count++;
	peer->pins++;
	assert(!rotation->bound || rotation->count <= rotation->bound);
	return 0;
}
