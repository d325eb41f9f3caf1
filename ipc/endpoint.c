/* SPDX-License-Identifier: MIT */
#include "ipc/endpoint.h"

#include <string.h>

/*
 * Each endpoint lies in the index within PROBES_MAX of its first place, so a
 * reader looks no further, whatever an owner has written.  In an index of 2^16
 * entries each of TRP_SLOTS_MAX slots has a place of its own: one that is large
 * enough can always be made.
 *
 * An object is written before the pointer to it, so an owner that is killed in
 * between leaves an endpoint that no reader finds.
 *
 * `index` is offset | log2(entries); tables are aligned to 64.
 */

enum {
	FIRST_CHUNK = 32,
	INDEX_LOG2_MAX = 17,
	PROBES_MAX = 32,
};
static_assert(TRP_ENDPOINTS_INLINE + (FIRST_CHUNK << TRP_ENDPOINT_CHUNKS) -
				      FIRST_CHUNK >=
			      TRP_SLOTS_MAX &&
		      1 << (INDEX_LOG2_MAX - 1) >= TRP_SLOTS_MAX,
	      "one for each slot, in an index that is half full");

static_assert(offsetof(struct trp_front, small_index) % 64 == 0,
	      "the low bits of its offset hold a logarithm");

/* Where an endpoint lies: chunk -1 is the front itself. */
struct place {
	int chunk;
	uint32_t nth;
};

/* The index as a region's front has it, checked. */
struct index {
	const _Atomic uint16_t *entry;
	unsigned log2;
};

static struct place place_of(uint32_t number)
{
	uint32_t nth = number - 1;
	unsigned chunk;

	if (nth < TRP_ENDPOINTS_INLINE)
		return (struct place) { -1, nth };
	nth = nth - TRP_ENDPOINTS_INLINE + FIRST_CHUNK;
	chunk = 31 - (unsigned)__builtin_clz(nth / FIRST_CHUNK);
	return (struct place) { (int)chunk, nth - (FIRST_CHUNK << chunk) };
}

static uint32_t first_probe(uint32_t peer, unsigned log2)
{
	return peer * UINT32_C(0x9e3779b1) >> (32 - log2);
}

/* C2: pairs with C1; the table is whole. */
static bool look_at_index(const struct trp_arena *arena, uint32_t owner,
			  struct index *ret_index)
{
	const struct trp_front *front = trp_arena_front(arena, owner);
	uint64_t word = trp_load_acquire(&front->index);
	unsigned log2 = word & 63;

	if (log2 < 1 || log2 > INDEX_LOG2_MAX)
		return false;
	ret_index->log2 = log2;
	ret_index->entry = trp_arena_at(arena, owner, word & ~UINT64_C(63),
					sizeof(uint16_t) << log2);
	return ret_index->entry;
}

/* C4: pairs with C3; the chunk is zeroed. */
static const struct trp_endpoint *look_at_endpoint(
	const struct trp_arena *arena, uint32_t owner, uint32_t number)
{
	const struct trp_front *front = trp_arena_front(arena, owner);
	struct place place = place_of(number);
	const struct trp_endpoint *endpoints;
	uint64_t offset;

	if (place.chunk < 0)
		return &front->endpoint[place.nth];
	if (place.chunk >= TRP_ENDPOINT_CHUNKS)
		return NULL;
	offset = trp_load_acquire(&front->chunk[place.chunk]);
	if (offset == 0 || offset % alignof(struct trp_endpoint))
		return NULL;
	endpoints =
		trp_arena_at(arena, owner, offset,
			     (sizeof(*endpoints) * FIRST_CHUNK) << place.chunk);
	return endpoints ? &endpoints[place.nth] : NULL;
}

/* C6: pairs with C5; the endpoint names its peer. */
uint32_t trp_endpoint_number(const struct trp_arena *arena, uint32_t owner,
			     uint32_t peer)
{
	const struct trp_endpoint *endpoint;
	struct index index;
	uint32_t at, mask, number;

	if (!look_at_index(arena, owner, &index))
		return 0;
	mask = (UINT32_C(1) << index.log2) - 1;
	at = first_probe(peer, index.log2);
	for (uint32_t probes = 0; probes < PROBES_MAX; probes++) {
		number = trp_load_acquire(&index.entry[at]);
		if (number == 0)
			return 0;
		endpoint = look_at_endpoint(arena, owner, number);
		if (endpoint && trp_load_relaxed(&endpoint->peer) == peer)
			return number;
		at = (at + 1) & mask;
	}
	return 0;
}

const struct trp_endpoint *trp_endpoint_at(const struct trp_arena *arena,
					   uint32_t owner, uint32_t number)
{
	return number ? look_at_endpoint(arena, owner, number) : NULL;
}

const struct trp_endpoint *trp_endpoint_find(const struct trp_arena *arena,
					     uint32_t owner, uint32_t peer)
{
	return trp_endpoint_at(arena, owner,
			       trp_endpoint_number(arena, owner, peer));
}

/* ---- the owner's side ---------------------------------------------------- */

static struct trp_front *own_front(const struct trp_region *region)
{
	return trp_arena_front(region->arena, region->number);
}

void trp_endpoint_init(struct trp_region *region)
{
	struct trp_front *front = own_front(region);

	memset(front->small_index, 0, sizeof(front->small_index));
	for (unsigned k = 0; k < TRP_ENDPOINT_CHUNKS; k++)
		trp_store_relaxed(&front->chunk[k], 0);
	trp_store_relaxed(&front->endpoints, 0);
	static_assert(TRP_INDEX_INLINE == 1 << 6, "its logarithm is");
	trp_store_release(&front->index,
			  offsetof(struct trp_front, small_index) | 6);
}

struct trp_endpoint *trp_endpoint_own(const struct trp_region *region,
				      uint32_t number)
{
	struct trp_front *front = own_front(region);
	struct place place = place_of(number);
	struct trp_endpoint *endpoints;

	assert(number > 0 && number <= TRP_SLOTS_MAX);
	if (place.chunk < 0)
		return &front->endpoint[place.nth];
	endpoints = trp_region_at(region, front->chunk[place.chunk]);
	return &endpoints[place.nth];
}

/* The index holds each endpoint once and nothing else, half full at most. */
void trp_endpoint_check(const struct trp_region *region)
{
	const struct trp_front *front = own_front(region);
	uint32_t held = 0, endpoints = trp_load_relaxed(&front->endpoints);
	struct index index;
	bool has_index = look_at_index(region->arena, region->number, &index);

	assert(has_index);
	assert(2 * endpoints <= UINT32_C(1) << index.log2);
	for (uint32_t at = 0; at < UINT32_C(1) << index.log2; at++)
		held += trp_load_relaxed(&index.entry[at]) != 0;
	assert(held == endpoints);
	for (uint32_t number = 1; number <= endpoints; number++)
		assert(trp_endpoint_number(
			       region->arena, region->number,
			       trp_endpoint_own(region, number)->peer) ==
		       number);
}

/* Where that peer is to be entered; NULL: it would not be found there. */
static _Atomic uint16_t *place_in(_Atomic uint16_t *entry, unsigned log2,
				  uint32_t peer)
{
	uint32_t mask = (UINT32_C(1) << log2) - 1;
	uint32_t at = first_probe(peer, log2);

	for (uint32_t probes = 0; probes < PROBES_MAX; probes++)
		if (!trp_load_relaxed(&entry[(at + probes) & mask]))
			return &entry[(at + probes) & mask];
	return NULL;
}

/* All endpoints, and a place for that peer.  False: it is too small. */
static bool fill_index(struct trp_region *region, _Atomic uint16_t *entry,
		       unsigned log2, uint32_t peer)
{
	uint32_t endpoints = own_front(region)->endpoints;
	_Atomic uint16_t *place;

	for (uint32_t number = 1; number <= endpoints; number++) {
		place = place_in(entry, log2,
				 trp_endpoint_own(region, number)->peer);
		if (!place)
			return false;
		trp_store_relaxed(place, (uint16_t)number);
	}
	return place_in(entry, log2, peer);
}

/* The old table stays for readers that still use it. */
static int enlarge_index(struct trp_region *region, unsigned log2,
			 uint32_t peer)
{
	size_t size = sizeof(uint16_t) << log2;
	_Atomic uint16_t *entry;
	uint64_t offset;
	int r = trp_region_alloc(region, size, &offset);

	if (r < 0)
		return r;
	entry = trp_region_at(region, offset);
	memset(entry, 0, size);
	if (!fill_index(region, entry, log2, peer)) {
		trp_region_free(region, offset, size);
		assert(log2 < INDEX_LOG2_MAX);
		return enlarge_index(region, log2 + 1, peer);
	}
	assert(offset % 64 == 0 && log2 <= INDEX_LOG2_MAX);
	/* C1: pairs with C2 in look_at_index(). */
	trp_store_release(&own_front(region)->index, offset | log2);
	TRP_CHECK(trp_endpoint_check(region));
	return 0;
}

static int make_chunk(struct trp_region *region, unsigned chunk)
{
	size_t size = (sizeof(struct trp_endpoint) * FIRST_CHUNK) << chunk;
	uint64_t offset;
	int r = trp_region_alloc(region, size, &offset);

	assert(chunk < TRP_ENDPOINT_CHUNKS);
	if (r < 0)
		return r;
	memset(trp_region_at(region, offset), 0, size);
	/* C3: pairs with C4 in look_at_endpoint(). */
	trp_store_release(&own_front(region)->chunk[chunk], offset);
	return 0;
}

static _Atomic uint16_t *place_of_new(const struct trp_region *region,
				      uint32_t peer)
{
	struct index index;
	bool has_index = look_at_index(region->arena, region->number, &index);

	assert(has_index);
	return place_in((_Atomic uint16_t *)index.entry, index.log2, peer);
}

static int make_room(struct trp_region *region, uint32_t number, uint32_t peer)
{
	struct trp_front *front = own_front(region);
	struct place place = place_of(number);
	unsigned log2 = front->index & 63;
	int r;

	if (place.chunk >= 0 && !front->chunk[place.chunk]) {
		r = make_chunk(region, (unsigned)place.chunk);
		if (r < 0)
			return r;
	}
	if (2 * number > UINT32_C(1) << log2 || !place_of_new(region, peer))
		return enlarge_index(region, log2 + 1, peer);
	return 0;
}

int trp_endpoint_make(struct trp_region *region, uint32_t peer,
		      uint32_t *ret_number)
{
	struct trp_front *front = own_front(region);
	uint32_t number =
		trp_endpoint_number(region->arena, region->number, peer);
	int r;

	assert(peer < region->arena->slots);
	if (number) {
		*ret_number = number;
		return 0;
	}
	number = front->endpoints + 1;
	r = make_room(region, number, peer);
	if (r < 0)
		return r;
	trp_store_relaxed(&trp_endpoint_own(region, number)->peer, peer);
	trp_store_release(&front->endpoints, number);
	/* C5: pairs with C6 in trp_endpoint_number(); publishes it. */
	trp_store_release(place_of_new(region, peer), (uint16_t)number);
	assert(trp_endpoint_number(region->arena, region->number, peer) ==
	       number);
	*ret_number = number;
	return 0;
}
