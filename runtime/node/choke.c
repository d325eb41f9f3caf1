/* SPDX-License-Identifier: MIT */
#include "runtime/node/choke.h"

#include <errno.h>

static uint64_t count_of(_Atomic uint64_t *words, bool *ret_is_over)
{
	uint64_t count = trp_load_acquire(&words[0]);

	*ret_is_over = count > TRP_CHOKES_MOST;
	return *ret_is_over ? TRP_CHOKES_MOST : count;
}

int trp_choke_find(const struct trp_arena *arena, troupe_ref to)
{
	_Atomic uint64_t *words = trp_arena_words(arena);
	uint32_t node = trp_ref_node(to);
	bool is_over;
	uint64_t count = count_of(words, &is_over), word;
	int r = is_over ? -EAGAIN : 0;

	for (uint64_t i = 1; i <= count; i++) {
		word = trp_load_relaxed(&words[i]);
		if (word == trp_choke_unreachable(node))
			return -EHOSTUNREACH;
		if (word == to || word == trp_choke_of_node(node))
			r = -EAGAIN;
	}
	return r;
}

static uint64_t place_of(_Atomic uint64_t *words, uint64_t word)
{
	bool is_over;
	uint64_t count = count_of(words, &is_over);

	for (uint64_t i = 1; i <= count; i++)
		if (trp_load_relaxed(&words[i]) == word)
			return i;
	return 0;
}

void trp_choke_set(const struct trp_arena *arena, uint64_t word)
{
	_Atomic uint64_t *words = trp_arena_words(arena);
	uint64_t count = trp_load_relaxed(&words[0]);

	if (place_of(words, word))
		return;
	if (count < TRP_CHOKES_MOST)
		trp_store_relaxed(&words[count + 1], word);
	/* Pairs with the acquire in count_of(). */
	trp_store_release(&words[0], count + 1);
}

static void remove_at(_Atomic uint64_t *words, uint64_t place)
{
	uint64_t count = trp_load_relaxed(&words[0]);

	/* Of those beyond the words nothing is known. */
	if (count > TRP_CHOKES_MOST)
		count = TRP_CHOKES_MOST;
	trp_store_relaxed(&words[place], trp_load_relaxed(&words[count]));
	trp_store_release(&words[0], count - 1);
}

bool trp_choke_clear(const struct trp_arena *arena, uint64_t word)
{
	_Atomic uint64_t *words = trp_arena_words(arena);
	uint64_t place = place_of(words, word);

	if (place)
		remove_at(words, place);
	return place;
}

void trp_choke_clear_node(const struct trp_arena *arena, uint32_t node)
{
	_Atomic uint64_t *words = trp_arena_words(arena);
	bool is_over;

	for (uint64_t i = count_of(words, &is_over); i > 0; i--)
		if (!node || trp_ref_node(trp_load_relaxed(&words[i])) == node)
			remove_at(words, i);
}
