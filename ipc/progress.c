/* SPDX-License-Identifier: MIT */
#include "ipc/progress.h"

bool trp_progress_is_set_up(const struct trp_arena *arena, uint32_t region)
{
	uint64_t whose =
		trp_load_acquire(&trp_arena_holder(arena, region)->whose);

	/* G2. */
	return whose &&
	       trp_load_acquire(&trp_arena_front(arena, region)->generation) ==
		       whose >> 40;
}

bool trp_progress_has_imported(const struct trp_arena *arena, uint32_t region)
{
	/* A10: pairs with R9 in trp_succession_imported(). */
	return trp_progress_is_set_up(arena, region) &&
	       trp_load_acquire(&trp_arena_front(arena, region)->imported);
}

/* Only the endpoint by which the receiver would find it counts. */
static const struct trp_endpoint *endpoint_in(const struct trp_arena *arena,
					      uint32_t region, uint32_t sender,
					      uint32_t generation)
{
	const struct trp_endpoint *endpoint =
		trp_endpoint_find(arena, region, sender);

	/* S2. */
	return endpoint && trp_load_acquire(&endpoint->source) == generation
		       ? endpoint
		       : NULL;
}

struct trp_progress trp_progress_find(const struct trp_arena *arena,
				      uint32_t region, uint32_t sender,
				      uint32_t generation)
{
	struct trp_progress progress = { 0 };

	for (; region != TRP_NO_REGION && !progress.oldest;
	     region = trp_arena_before(arena, region)) {
		const struct trp_front *front = trp_arena_front(arena, region);

		if (!trp_progress_is_set_up(arena, region))
			continue;
		if (!progress.endpoint) {
			progress.front = front;
			progress.endpoint =
				endpoint_in(arena, region, sender, generation);
		}
		/* A10: pairs with R9 in trp_succession_import(). */
		if (trp_load_acquire(&front->imported))
			progress.oldest = front;
	}
	return progress;
}

const struct trp_front *trp_progress_oldest(const struct trp_arena *arena,
					    uint32_t region)
{
	/* Nobody has that slot: all regions are looked at. */
	return trp_progress_find(arena, region, arena->slots, 0).oldest;
}

static void visit_endpoint(const struct trp_arena *arena, uint32_t newest,
			   const struct trp_endpoint *endpoint,
			   void (*visit)(uint32_t sender, uint64_t life,
					 const struct trp_progress *progress,
					 void *data),
			   void *data)
{
	uint32_t sender = trp_load_relaxed(&endpoint->peer);
	struct trp_progress progress;
	uint64_t life;

	if (sender >= arena->slots)
		return;
	life = trp_load_acquire(&trp_arena_slot(arena, sender)->life);
	if (trp_life_state(life) == TRP_FREE)
		return;
	progress = trp_progress_find(arena, newest, sender,
				     trp_life_generation(life));
	if (progress.endpoint == endpoint)
		visit(sender, life, &progress, data);
}

void trp_progress_each(const struct trp_arena *arena, uint32_t region,
		       void (*visit)(uint32_t sender, uint64_t life,
				     const struct trp_progress *progress,
				     void *data),
		       void *data)
{
	const struct trp_endpoint *endpoint;
	uint32_t endpoints, newest = region;
	const struct trp_front *front;
	bool is_oldest = false;

	for (; region != TRP_NO_REGION && !is_oldest;
	     region = trp_arena_before(arena, region)) {
		if (!trp_progress_is_set_up(arena, region))
			continue;
		front = trp_arena_front(arena, region);
		is_oldest = trp_load_acquire(&front->imported); /* A10 */
		endpoints = trp_load_acquire(&front->endpoints);
		for (uint32_t number = 1;
		     number <= endpoints && number <= arena->slots; number++) {
			endpoint = trp_endpoint_at(arena, region, number);
			if (endpoint)
				visit_endpoint(arena, newest, endpoint, visit,
					       data);
		}
	}
}

static uint32_t oldest_of(const struct trp_arena *arena, uint32_t slot,
			  uint64_t life)
{
	uint32_t incarnation = trp_life_incarnation(life);
	uint32_t region = trp_arena_region_of(
		arena, slot, trp_life_generation(life), incarnation);

	for (; region != TRP_NO_REGION;
	     region = trp_arena_before(arena, region))
		incarnation = trp_arena_incarnation(arena, region);
	return incarnation;
}

/* `at`, or the one before while it passes on (J3): as the head has it. */
static uint32_t incarnation_of(uint32_t at, uint64_t head)
{
	return at - (head >> 56 == ((at - 1) & 0xff));
}

/* The record that `handling` names is at head, or beyond. */
static void add_handling(struct trp_place *place, uint64_t handling)
{
	const uint64_t mask = UINT64_MAX >> 16 & ~UINT64_C(7);
	uint64_t beyond = (handling - place->head) & mask;

	if (beyond > mask / 2)
		return; /* head has passed it */
	place->begun = place->head + beyond + 1;
	place->done = place->head + beyond + !!(handling & TRP_HANDLING_DONE);
}

static struct trp_place place_in(const struct trp_progress *progress,
				 uint32_t sender, enum trp_stream stream)
{
	const struct trp_moving *moving = &progress->front->moving;
	const struct trp_endpoint_in *in = &progress->endpoint->in[stream];
	uint32_t at = trp_load_acquire(&in->at);
	bool is_moving = trp_load_acquire(&moving->lane) ==
			 ((uint64_t)sender << 8 | (unsigned)stream << 1 | 1);
	struct trp_place place = {
		.head = trp_load_acquire(is_moving ? &moving->head : &in->head),
		.ring = is_moving ? trp_load_acquire(&moving->ring)
				  : trp_load_acquire(&in->ring),
		.base = trp_load_acquire(is_moving ? &moving->base : &in->base),
	};
	uint64_t handling = 0;

	place.incarnation = incarnation_of(at, place.head);
	place.done = place.begun = place.head;
	if (progress->oldest)
		handling = trp_load_acquire(&progress->oldest->handling);
	if (trp_handling_is_of(handling, sender, stream == TRP_REPLY))
		add_handling(&place, handling);
	return place;
}

struct trp_place trp_progress_place(const struct trp_arena *arena,
				    const struct trp_progress *progress,
				    uint32_t sender, uint64_t life,
				    enum trp_stream stream)
{
	struct trp_place place;

	if (progress->endpoint)
		return place_in(progress, sender, stream);
	place = (struct trp_place) { .incarnation =
					     oldest_of(arena, sender, life) };
	place.head = place.base = place.done = place.begun =
		trp_lane_base(place.incarnation);
	return place;
}
