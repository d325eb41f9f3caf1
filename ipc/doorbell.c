/* SPDX-License-Identifier: MIT */
#include "ipc/doorbell.h"

#include <limits.h>

#include "ipc/futex.h"
#include "ipc/wake_socket.h"

/*
 * Invariants, while no process dies between two steps:
 *
 *	bottom[w] != 0    ==> middle bit w is set, or a process is on the way:
 *	middle[m] != 0    ==> top bit m is set, or     its setter, or the taker
 *
 * A setter goes up and a taker goes down, and both use atomic exchanges, so
 * each finds what the other leaves behind.  trp_doorbell_set_again() repairs a
 * setter that dies on its way, trp_doorbell_recover() a taker,
 * trp_doorbell_mend() and trp_peer_ring_again() a stray store into the page.
 */

#define WOKEN UINT32_C(1)

enum {
	BOTTOM_WORDS = TRP_SLOTS_MAX / 64,
	MIDDLE_WORDS = (BOTTOM_WORDS + 63) / 64,
};

static_assert(sizeof(((struct trp_doorbell *)0)->middle) == MIDDLE_WORDS * 8,
	      "a bit of the middle for each word of the bottom");
static_assert(MIDDLE_WORDS <= 64, "a bit of the top for each of the middle");
static_assert(TRP_ASLEEP_SOCKET <= 0xff, "a number of a socket stands above");

static uint64_t bit_of(uint32_t index)
{
	return UINT64_C(1) << index % 64;
}

/* B1: pairs with B2 in take(); what was written before is seen by visit(). */
static uint64_t set_bit(_Atomic uint64_t *words, uint32_t index)
{
	return atomic_fetch_or_explicit(&words[index / 64], bit_of(index),
					memory_order_release) &
	       bit_of(index);
}

static void set_upper_levels(struct trp_doorbell *doorbell, uint32_t sender)
{
	set_bit(doorbell->middle, sender / 64);
	set_bit(&doorbell->top, sender / 64 / 64);
}

bool trp_doorbell_set(struct trp_doorbell *doorbell, uint32_t sender)
{
	assert(sender < TRP_SLOTS_MAX);
	if (set_bit(doorbell->bottom, sender))
		return false;
	set_upper_levels(doorbell, sender);
	return true;
}

/* Loads first: mostly all bits are set, and the lines stay shared. */
static void mend_bit(_Atomic uint64_t *words, uint32_t index)
{
	if (!(trp_load_relaxed(&words[index / 64]) & bit_of(index)))
		set_bit(words, index);
}

void trp_doorbell_mend(struct trp_doorbell *doorbell, uint32_t sender)
{
	mend_bit(doorbell->middle, sender / 64);
	mend_bit(&doorbell->top, sender / 64 / 64);
}

void trp_doorbell_set_again(struct trp_doorbell *doorbell, uint32_t sender)
{
	assert(sender < TRP_SLOTS_MAX);
	set_bit(doorbell->bottom, sender);
	set_upper_levels(doorbell, sender);
}

void trp_doorbell_recover(struct trp_doorbell *doorbell)
{
	for (uint32_t word = 0; word < BOTTOM_WORDS; word++)
		set_bit(doorbell->middle, word);
	for (uint32_t word = 0; word < MIDDLE_WORDS; word++)
		set_bit(&doorbell->top, word);
}

void trp_doorbell_each(const struct trp_doorbell *doorbell, uint32_t slots,
		       void (*visit)(uint32_t sender, void *data), void *data)
{
	for (uint32_t m = 0; m < MIDDLE_WORDS; m++)
		for (uint64_t words = trp_load_acquire(&doorbell->middle[m]);
		     words; words &= words - 1) {
			uint32_t word =
				m * 64 + (uint32_t)__builtin_ctzll(words);
			/* B2. */
			uint64_t bits =
				trp_load_acquire(&doorbell->bottom[word]);

			for (; bits; bits &= bits - 1) {
				uint32_t sender =
					word * 64 +
					(uint32_t)__builtin_ctzll(bits);

				if (sender < slots)
					visit(sender, data);
			}
		}
}

void trp_doorbell_ring_taken(struct trp_doorbell *doorbell, uint32_t taking)
{
	if (!taking || taking > BOTTOM_WORDS)
		return;
	atomic_fetch_or_explicit(&doorbell->bottom[taking - 1], UINT64_MAX,
				 memory_order_release);
	set_upper_levels(doorbell, (taking - 1) * 64);
}

static void clear(_Atomic uint64_t *words, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (trp_load_relaxed(&words[i]))
			trp_store_relaxed(&words[i], 0);
}

void trp_doorbell_clear(struct trp_doorbell *doorbell)
{
	clear(doorbell->bottom, BOTTOM_WORDS);
	clear(doorbell->middle, MIDDLE_WORDS);
	clear(&doorbell->top, 1);
}

bool trp_doorbell_is_set(const struct trp_doorbell *doorbell)
{
	return trp_load_relaxed(&doorbell->top) != 0;
}

/* B2: pairs with B1; the exchange also sees what a setter of a set bit did. */
static uint64_t take(_Atomic uint64_t *word)
{
	return atomic_exchange_explicit(word, 0, memory_order_acq_rel);
}

static uint32_t pop_lowest(uint64_t *bits)
{
	uint32_t index = (uint32_t)__builtin_ctzll(*bits);

	*bits &= *bits - 1;
	return index;
}

struct taker {
	struct trp_doorbell *doorbell;
	uint32_t slots;
	_Atomic uint32_t *taking;
	void (*visit)(uint32_t sender, void *data);
	void *data;
};

/* All can write these bits: some may belong to no slot. */
static void take_bottom(const struct taker *taker, uint32_t word)
{
	uint64_t bits;

	if (taker->taking)
		trp_store_relaxed(taker->taking, word + 1);
	bits = take(&taker->doorbell->bottom[word]);
	while (bits) {
		uint32_t sender = word * 64 + pop_lowest(&bits);

		if (sender < taker->slots)
			taker->visit(sender, taker->data);
	}
	if (taker->taking)
		trp_store_release(taker->taking, 0);
}

static void take_middle(const struct taker *taker, uint32_t word)
{
	uint64_t bits = take(&taker->doorbell->middle[word]);

	while (bits) {
		uint32_t below = word * 64 + pop_lowest(&bits);

		if (below < BOTTOM_WORDS)
			take_bottom(taker, below);
	}
}

void trp_doorbell_take(struct trp_doorbell *doorbell, uint32_t slots,
		       _Atomic uint32_t *taking,
		       void (*visit)(uint32_t sender, void *data), void *data)
{
	struct taker taker = { doorbell, slots, taking, visit, data };
	uint64_t bits;

	if (!trp_doorbell_is_set(doorbell))
		return;
	bits = take(&doorbell->top);
	while (bits) {
		uint32_t below = pop_lowest(&bits);

		if (below < MIDDLE_WORDS)
			take_middle(&taker, below);
	}
}

/*
 * A fresh sequence each time, even if WOKEN is not set: a waker of the park
 * before this one may still be about to set it, and must fail.
 */
uint32_t trp_doorbell_arm(struct trp_doorbell *doorbell)
{
	uint32_t old = trp_load_relaxed(&doorbell->word);
	uint32_t armed;

	do {
		armed = (old | WOKEN) + 1;
	} while (!atomic_compare_exchange_weak_explicit(
		&doorbell->word, &old, armed, memory_order_relaxed,
		memory_order_relaxed));
	return armed;
}

static bool advance(struct trp_doorbell *doorbell, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong_explicit(&doorbell->word, &from,
						       to, memory_order_release,
						       memory_order_relaxed);
}

static void wake(struct trp_doorbell *doorbell, uint32_t how, uint32_t slot)
{
	if (trp_sleep_kind(how) == TRP_ASLEEP_SOCKET)
		trp_wake_socket(slot, trp_sleep_number(how));
	else
		trp_futex(&doorbell->word, FUTEX_WAKE, INT_MAX, NULL, 0);
}

/*
 * When the first step fails, either another waker has taken it, and wakes or
 * is reaped and repaired; or the sleeper has begun another park, and checks
 * the doorbell before it waits.
 */
bool trp_doorbell_wake(struct trp_doorbell *doorbell, uint32_t how,
		       uint32_t slot)
{
	uint32_t old;

	if (how == TRP_AWAKE)
		return false;
	old = trp_load_relaxed(&doorbell->word);
	if (old & WOKEN || !advance(doorbell, old, old + 2))
		return false;
	wake(doorbell, how, slot);
	advance(doorbell, old + 2, old + 3);
	return true;
}

/* The word changes first, for a sleeper that is about to wait. */
void trp_doorbell_wake_again(struct trp_doorbell *doorbell, uint32_t how,
			     uint32_t slot)
{
	if (how == TRP_AWAKE)
		return;
	atomic_fetch_add_explicit(&doorbell->word, 2, memory_order_release);
	wake(doorbell, how, slot);
}
