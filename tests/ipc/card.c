/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <pthread.h>
#include <string.h>

#include "ipc/card.h"
#include "tests/support/ipc_kit.h"

/* The cards of slot 0 in a node of the largest number of slots. */

static struct kit kit;
static struct trp_region *region;

static void set_up(void)
{
	kit_init(&kit, TRP_SLOTS_MAX, 16 << 20);
	region = &kit.self.box.region;
}

static void tear_down(void)
{
	kit_fini(&kit);
}

TestSuite(card, .init = set_up, .fini = tear_down, .timeout = 60);

static uint32_t make(uint32_t peer)
{
	uint32_t number;

	cr_assert_eq(trp_card_make(region, peer, &number), 0);
	return number;
}

static const struct trp_card *find(uint32_t peer)
{
	return trp_card_find(&kit.self.arena, 0, peer);
}

Test(card, each_slot_may_have_one_and_keeps_it_where_it_is)
{
	static const struct trp_card *card[TRP_SLOTS_MAX];
	uint64_t before, after;

	cr_assert_eq(trp_arena_usage(&kit.self.arena, &before), 0);
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		cr_assert_null(find(peer));
		card[peer] = trp_card_own(region, make(peer));
	}
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		cr_assert_eq(find(peer), card[peer]);
		cr_assert_eq(trp_card_own(region, make(peer)), card[peer]);
	}
	cr_assert_eq(trp_arena_usage(&kit.self.arena, &after), 0);
	cr_assert_leq(after - before, 5 << 20);
}

Test(card, no_two_are_in_one_place)
{
	static unsigned char seen[TRP_SLOTS_MAX + 1];

	for (uint32_t peer = 0; peer < 3000; peer++) {
		uint32_t number = make(peer * 7 % TRP_SLOTS_MAX);
		struct trp_card *card = trp_card_own(region, number);

		cr_assert_eq(seen[number], 0);
		seen[number] = 1;
		cr_assert_eq(card->peer, peer * 7 % TRP_SLOTS_MAX);
		cr_assert_eq(card->target, 0);
		memset((char *)card + 4, 0xff, sizeof(*card) - 4);
	}
}

/* A reader may come at any time, also while the index is replaced. */
static void *read_cards(void *data)
{
	_Atomic uint32_t *made = data;
	uint32_t n;

	while ((n = atomic_load(made)) < TRP_SLOTS_MAX)
		for (uint32_t peer = n - (n < 64 ? n : 64); peer < n; peer++)
			if (!find(peer) || find(peer)->peer != peer)
				return data;
	return NULL;
}

Test(card, what_was_made_is_found_while_more_are_made)
{
	static _Atomic uint32_t made;
	pthread_t reader;
	void *failed;

	cr_assert_eq(pthread_create(&reader, NULL, read_cards, (void *)&made),
		     0);
	for (uint32_t peer = 0; peer < TRP_SLOTS_MAX; peer++) {
		make(peer);
		atomic_store(&made, peer + 1);
	}
	pthread_join(reader, &failed);
	cr_assert_null(failed);
}
