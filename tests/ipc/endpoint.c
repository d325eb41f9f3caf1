/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "ipc/endpoint.h"
#include "tests/support/aborts.h"
#include "tests/support/ipc_kit.h"

/* The endpoints of slot 0 in a node of the largest number of slots. */

static struct kit kit;
static struct trp_region *region;

static void set_up(void)
{
	kit_init(&kit, TRP_SLOTS_MAX, 16 << 20);
	region = &kit.self.box.region;
}

static void tear_down(void)
{
	trp_endpoint_check(region);
	kit_fini(&kit);
}

TestSuite(endpoint, .init = set_up, .fini = tear_down, .timeout = 600);

static uint32_t make(uint32_t peer)
{
	uint32_t number;

	cr_assert_eq(trp_endpoint_make(region, peer, &number), 0);
	return number;
}

static const struct trp_endpoint *find(uint32_t peer)
{
	return trp_endpoint_find(&kit.self.arena, 0, peer);
}

Test(endpoint, each_slot_may_have_one_and_keeps_it_where_it_is)
{
	static const struct trp_endpoint *endpoint[TRP_SLOTS_MAX];
	uint64_t before, after;

	before = kit_usage(&kit.self.arena);
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		cr_assert_null(find(peer));
		endpoint[peer] = trp_endpoint_own(region, make(peer));
	}
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		cr_assert_eq(find(peer), endpoint[peer]);
		cr_assert_eq(trp_endpoint_own(region, make(peer)),
			     endpoint[peer]);
	}
	after = kit_usage(&kit.self.arena);
	cr_assert_leq(after - before, 5 << 20);
}

Test(endpoint, no_two_are_in_one_place)
{
	static unsigned char seen[TRP_SLOTS_MAX + 1];

	for (uint32_t peer = 0; peer < 3000; peer++) {
		uint32_t number = make(peer * 7 % TRP_SLOTS_MAX);
		struct trp_endpoint *endpoint =
			trp_endpoint_own(region, number);

		cr_assert_eq(seen[number], 0);
		seen[number] = 1;
		cr_assert_eq(endpoint->peer, peer * 7 % TRP_SLOTS_MAX);
		cr_assert_eq(endpoint->target, 0);
		memset((char *)endpoint + 4, 0xff, sizeof(*endpoint) - 4);
	}
}

static void check(void *unused)
{
	trp_endpoint_check(region);
}

Test(endpoint, its_check_sees_one_that_is_not_in_the_index)
{
	struct trp_front *front = trp_arena_front(&kit.self.arena, 0);

	for (uint32_t peer = 0; peer < 3; peer++) {
		make(peer);
		trp_endpoint_check(region);
	}
	front->endpoints++;
	cr_assert(aborts(check, NULL));
	front->endpoints--;
	cr_assert_not(aborts(check, NULL));
}

/* A reader may arrive at any time, also while the index is replaced. */
struct race {
	_Atomic uint32_t made, laps;
	_Atomic bool has_failed;
};

static bool finds_the_last(uint32_t made)
{
	for (uint32_t peer = made > 64 ? made - 64 : 0; peer < made; peer++)
		if (!find(peer) || find(peer)->peer != peer)
			return false;
	return true;
}

static void *read_endpoints(void *data)
{
	struct race *race = data;

	while (race->made < TRP_SLOTS_MAX && !race->has_failed) {
		race->has_failed = !finds_the_last(race->made);
		race->laps++;
	}
	return NULL;
}

/* Until the reader is running, so that the next endpoint is made meanwhile. */
static void await_a_lap(struct race *race)
{
	uint32_t laps = race->laps;

	while (race->laps == laps && !race->has_failed)
		sched_yield();
}

Test(endpoint, what_was_made_is_found_while_more_are_made)
{
	static struct race race;
	pthread_t reader;

	cr_assert_eq(pthread_create(&reader, NULL, read_endpoints, &race), 0);
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		/* The index is replaced at 33, 65, 129 and so on. */
		if (__builtin_popcount(peer) == 1)
			await_a_lap(&race);
		make(peer);
		race.made = peer + 1;
	}
	pthread_join(reader, NULL);
	cr_assert_not(race.has_failed);
}

/* ---- how far a reader looks ---------------------------------------------- */

enum { PROBES = 32, LOG2_MAX = 17 };

/* As ipc/endpoint.c spreads them. */
static uint32_t first_probe(uint32_t peer, unsigned log2)
{
	return peer * UINT32_C(0x9e3779b1) >> (32 - log2);
}

/* So an index that is large enough has room within any number of probes. */
Test(endpoint, each_slot_has_a_place_of_its_own_in_an_index_of_2_to_the_16)
{
	static bool is_taken[1 << 16];

	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		uint32_t at = first_probe(peer, 16);

		cr_assert_not(is_taken[at], "slot %u", peer);
		is_taken[at] = true;
	}
}

Test(endpoint, is_found_where_all_peers_begin_at_the_same_place)
{
	const struct trp_endpoint *endpoint[TRP_SLOTS_MAX] = { NULL };
	unsigned count = 0;

	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++)
		if (first_probe(peer, 8) == 77) {
			endpoint[peer] = trp_endpoint_own(region, make(peer));
			count++;
		}
	cr_assert_gt(count, 2 * PROBES);
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++)
		cr_assert_eq(find(peer), endpoint[peer]);
}

/* A look beyond is a fault. */
Test(endpoint, a_lying_index_is_not_read_beyond_some_probes)
{
	struct trp_front *front = kit.self.box.front;
	_Atomic uint16_t *entry;
	unsigned char *beyond;
	uint64_t offset, truth;
	uint32_t slot;
	size_t size;

	cr_assert_eq(make(5), 1);
	truth = front->index;
	cr_assert_eq(
		trp_region_alloc(region, sizeof(*entry) << LOG2_MAX, &offset),
		0);
	entry = trp_region_at(region, offset);
	for (uint32_t i = 0; i < UINT32_C(1) << LOG2_MAX; i++)
		entry[i] = 1;
	front->index = offset | LOG2_MAX;
	for (slot = 0; first_probe(slot, LOG2_MAX) >= TRP_PAGE / 2 - PROBES;)
		slot++;
	beyond = (unsigned char *)entry + TRP_PAGE;
	size = (sizeof(*entry) << LOG2_MAX) - TRP_PAGE;
	cr_assert_eq(mprotect(beyond, size, PROT_NONE), 0);
	cr_assert_neq(slot, 5);
	cr_assert_null(find(slot));
	cr_assert_eq(mprotect(beyond, size, PROT_READ | PROT_WRITE), 0);
	front->index = truth;
}

/* Every entry of it names the endpoint. */
Test(endpoint, an_index_of_an_impossible_size_is_none)
{
	static const struct {
		unsigned log2;
		bool is_one;
	} size[] = { { 0, false },
		     { 1, true },
		     { LOG2_MAX, true },
		     { LOG2_MAX + 1, false } };
	struct trp_front *front = kit.self.box.front;
	uint64_t offset, truth;
	_Atomic uint16_t *entry;

	cr_assert_eq(make(5), 1);
	truth = front->index;
	cr_assert_eq(trp_region_alloc(region, sizeof(*entry) << (LOG2_MAX + 1),
				      &offset),
		     0);
	entry = trp_region_at(region, offset);
	for (uint32_t i = 0; i < UINT32_C(1) << (LOG2_MAX + 1); i++)
		entry[i] = 1;
	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		front->index = offset | size[i].log2;
		cr_expect_eq(find(5) != NULL, size[i].is_one, "%u",
			     size[i].log2);
	}
	front->index = truth;
}
