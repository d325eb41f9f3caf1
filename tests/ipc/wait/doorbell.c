/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/kit.h"

#include <string.h>

static struct trp_doorbell doorbell;

struct seen {
	uint32_t count;
	uint32_t last;
};

static void note(uint32_t sender, void *data)
{
	struct seen *seen = data;

	seen->count++;
	seen->last = sender;
}

/* The invariants of doorbell.c, which hold while nobody is on the way. */
static bool is_whole(void)
{
	bool is = true;

	for (unsigned i = 0; i < TRP_SLOTS_MAX / 64; i++)
		is &= !doorbell.bottom[i] ||
		      doorbell.middle[i / 64] >> i % 64 & 1;
	for (unsigned i = 0; i < 8; i++)
		is &= !doorbell.middle[i] || doorbell.top >> i & 1;
	return is;
}

static struct seen taken(uint32_t slots)
{
	struct seen seen = { 0 };

	trp_doorbell_take(&doorbell, slots, NULL, note, &seen);
	return seen;
}

Test(doorbell, each_slot_comes_out_as_it_went_in)
{
	for (uint32_t slot = 0; slot < TRP_SLOTS_MAX; slot++) {
		struct seen seen;

		cr_assert(trp_doorbell_set(&doorbell, slot));
		cr_assert(trp_doorbell_is_set(&doorbell));
		cr_assert(is_whole());
		seen = taken(TRP_SLOTS_MAX);
		cr_assert_eq(seen.count, 1);
		cr_assert_eq(seen.last, slot);
		cr_assert_not(trp_doorbell_is_set(&doorbell));
	}
}

Test(doorbell, all_slots_at_once_are_visited_once_each)
{
	for (uint32_t slot = 0; slot < TRP_SLOTS_MAX; slot++)
		trp_doorbell_set(&doorbell, slot);
	cr_assert(is_whole());
	cr_assert_eq(taken(TRP_SLOTS_MAX).count, TRP_SLOTS_MAX);
	cr_assert_eq(taken(TRP_SLOTS_MAX).count, 0);
}

Test(doorbell, a_slot_that_is_still_set_need_not_be_rung)
{
	cr_assert(trp_doorbell_set(&doorbell, 77));
	cr_assert_not(trp_doorbell_set(&doorbell, 77));
	taken(TRP_SLOTS_MAX);
	cr_assert(trp_doorbell_set(&doorbell, 77));
}

Test(doorbell, bits_that_belong_to_nobody_are_ignored)
{
	const uint32_t slots = 100;

	memset(&doorbell, 0xff, sizeof(doorbell));
	cr_assert_eq(taken(slots).count, slots);
	cr_assert_not(trp_doorbell_is_set(&doorbell));
}

Test(doorbell, a_setter_that_died_after_the_bottom_is_made_good)
{
	atomic_store(&doorbell.bottom[5], 1u << 3);
	cr_assert_not(trp_doorbell_set(&doorbell, 5 * 64 + 3));
	cr_assert_eq(taken(TRP_SLOTS_MAX).count, 0);

	cr_assert_not(is_whole());
	trp_doorbell_set_again(&doorbell, 5 * 64 + 3);
	cr_assert(is_whole());
	cr_assert_eq(taken(TRP_SLOTS_MAX).last, 5 * 64 + 3);
}

Test(doorbell, a_taker_that_died_half_way_is_made_good)
{
	for (uint32_t slot = 0; slot < TRP_SLOTS_MAX; slot += 61)
		trp_doorbell_set(&doorbell, slot);
	atomic_store(&doorbell.top, 0);
	memset(doorbell.middle, 0, sizeof(doorbell.middle) / 2);
	cr_assert_not(trp_doorbell_set(&doorbell, 61));

	cr_assert_not(is_whole());
	trp_doorbell_recover(&doorbell);
	cr_assert(is_whole());
	cr_assert_eq(taken(TRP_SLOTS_MAX).count, (TRP_SLOTS_MAX + 60) / 61);
	cr_assert(trp_doorbell_set(&doorbell, 61));
}

Test(doorbell, only_the_first_waker_of_a_park_makes_a_system_call)
{
	trp_doorbell_arm(&doorbell);
	cr_assert(trp_doorbell_wake(&doorbell, TRP_ASLEEP_FUTEX, 1));
	cr_assert_not(trp_doorbell_wake(&doorbell, TRP_ASLEEP_FUTEX, 1));
	trp_doorbell_arm(&doorbell);
	cr_assert(trp_doorbell_wake(&doorbell, TRP_ASLEEP_FUTEX, 1));
}

Test(doorbell, nobody_is_woken_who_is_awake)
{
	cr_assert_not(trp_doorbell_wake(&doorbell, TRP_AWAKE, 1));
}

Test(doorbell, an_unknown_way_of_sleeping_is_taken_for_a_futex)
{
	trp_doorbell_arm(&doorbell);
	cr_assert(trp_doorbell_wake(&doorbell, 0xdeadbeef, 1));
}

Test(doorbell, a_waker_killed_before_its_wake_does_not_silence_the_next)
{
	uint32_t value = trp_doorbell_arm(&doorbell);

	atomic_store(&doorbell.word, value + 2);
	cr_assert(trp_doorbell_wake(&doorbell, TRP_ASLEEP_FUTEX, 1));
}

Test(doorbell, each_park_has_a_sequence_of_its_own)
{
	uint32_t first = trp_doorbell_arm(&doorbell);
	uint32_t second = trp_doorbell_arm(&doorbell);

	cr_assert_neq(first, second);
	cr_assert_eq(first & 1, 0);
	cr_assert_eq(second & 1, 0);
}

Test(doorbell, the_sequence_may_wrap)
{
	atomic_store(&doorbell.word, UINT32_MAX);
	cr_assert_eq(trp_doorbell_arm(&doorbell), 0);
	cr_assert(trp_doorbell_wake(&doorbell, TRP_ASLEEP_FUTEX, 1));
}

/* ---- after a stray store ------------------------------------------------- */

Test(doorbell, a_bit_that_no_sender_set_is_made_good_by_its_sender)
{
	memset(doorbell.bottom, 0xff, sizeof(doorbell.bottom));
	for (uint32_t slot = 0; slot < TRP_SLOTS_MAX; slot += 61) {
		cr_assert_not(trp_doorbell_set(&doorbell, slot));
		trp_doorbell_mend(&doorbell, slot);
		cr_assert(trp_doorbell_is_set(&doorbell));
		cr_assert_geq(taken(TRP_SLOTS_MAX).count, 1);
		cr_assert(trp_doorbell_set(&doorbell, slot));
		taken(TRP_SLOTS_MAX);
		atomic_store(&doorbell.bottom[slot / 64], UINT64_MAX);
	}
}
