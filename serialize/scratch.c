/* SPDX-License-Identifier: MIT */
#include "serialize/scratch.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) \
	((void)(address), (void)(size))
#endif

enum { ALIGNMENT = 16 };

struct trp_scratch_chunk {
	struct trp_scratch_chunk *next;
	size_t size; /* of bytes[] */
	alignas(ALIGNMENT) unsigned char bytes[];
};

_Static_assert(alignof(max_align_t) >= ALIGNMENT, "malloc() aligns chunks");

void trp_scratch_init(struct trp_scratch *scratch, size_t max)
{
	*scratch = (struct trp_scratch) { .max = max ? max : TRP_SCRATCH_MAX };
}

void trp_scratch_check(const struct trp_scratch *scratch)
{
	const struct trp_scratch_chunk *chunk;
	bool is_current = false;
	size_t held = 0;

	for (chunk = scratch->first; chunk; chunk = chunk->next) {
		held += sizeof(*chunk) + chunk->size;
		is_current |= chunk == scratch->current;
	}
	assert(scratch->held == held && held <= scratch->max);
	assert(is_current || !scratch->current);
	assert(scratch->used % ALIGNMENT == 0);
	assert(scratch->used <= (is_current ? scratch->current->size : 0));
}

/* Frees `chunk` and all behind it. */
static void free_chunks(struct trp_scratch *scratch,
			struct trp_scratch_chunk *chunk)
{
	while (chunk) {
		struct trp_scratch_chunk *next = chunk->next;

		assert(scratch->held >= sizeof(*chunk) + chunk->size);
		scratch->held -= sizeof(*chunk) + chunk->size;
		ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
		free(chunk);
		chunk = next;
	}
}

void trp_scratch_fini(struct trp_scratch *scratch)
{
	free_chunks(scratch, scratch->first);
	assert(scratch->held == 0);
	trp_scratch_init(scratch, scratch->max);
}

/* Twice the last chunk, more if needed, less if the bound requires it. */
static struct trp_scratch_chunk *new_chunk(struct trp_scratch *scratch,
					   const struct trp_scratch_chunk *last,
					   size_t size)
{
	struct trp_scratch_chunk *chunk;
	size_t room = scratch->max - scratch->held;
	size_t total = TRP_SCRATCH_FIRST;

	assert(scratch->held <= scratch->max);
	if (room < sizeof(*chunk) || size > room - sizeof(*chunk))
		return NULL;
	if (last)
		total = 2 * (sizeof(*chunk) + last->size);
	if (total > room)
		total = room;
	if (total < sizeof(*chunk) + size)
		total = sizeof(*chunk) + size;
	chunk = malloc(total);
	if (!chunk)
		return NULL;
	chunk->next = NULL;
	chunk->size = total - sizeof(*chunk);
	ASAN_POISON_MEMORY_REGION(chunk->bytes, chunk->size);
	scratch->held += total;
	assert(chunk->size >= size && scratch->held <= scratch->max);
	return chunk;
}

/* Moves to a chunk with `size` bytes free: a later one, or a new one. */
static bool advance(struct trp_scratch *scratch, size_t size)
{
	struct trp_scratch_chunk **link, *last = scratch->current;

	link = last ? &last->next : &scratch->first;
	while (*link && (*link)->size < size) {
		last = *link;
		link = &last->next;
	}
	if (!*link)
		*link = new_chunk(scratch, last, size);
	if (!*link)
		return false;
	scratch->current = *link;
	scratch->used = 0;
	TRP_CHECK(trp_scratch_check(scratch));
	return true;
}

void *trp_scratch_alloc(struct trp_scratch *scratch, size_t size)
{
	struct trp_scratch_chunk *chunk = scratch->current;
	size_t taken = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	void *bytes;

	if (taken < size)
		return NULL;
	if (!chunk || taken > chunk->size - scratch->used) {
		if (!advance(scratch, taken))
			return NULL;
		chunk = scratch->current;
	}
	bytes = chunk->bytes + scratch->used;
	scratch->used += taken;
	ASAN_UNPOISON_MEMORY_REGION(bytes, size);
	return bytes;
}

struct trp_scratch_mark trp_scratch_mark(const struct trp_scratch *scratch)
{
	return (struct trp_scratch_mark) {
		.chunk = scratch->current,
		.used = scratch->used,
	};
}

static void give_back(struct trp_scratch *scratch)
{
	struct trp_scratch_chunk **link = &scratch->first;
	size_t kept = 0;

	while (*link) {
		kept += sizeof(**link) + (*link)->size;
		if (kept > TRP_SCRATCH_KEPT)
			break;
		link = &(*link)->next;
	}
	free_chunks(scratch, *link);
	*link = NULL;
	assert(scratch->held <= TRP_SCRATCH_KEPT && !scratch->current);
}

static void poison(const struct trp_scratch *scratch,
		   struct trp_scratch_mark mark)
{
#ifdef __SANITIZE_ADDRESS__
	struct trp_scratch_chunk *chunk = mark.chunk ?: scratch->first;
	size_t used = mark.used;

	for (; chunk; chunk = chunk->next, used = 0)
		ASAN_POISON_MEMORY_REGION(chunk->bytes + used,
					  chunk->size - used);
#endif
}

void trp_scratch_release(struct trp_scratch *scratch,
			 struct trp_scratch_mark mark)
{
	poison(scratch, mark);
	scratch->current = mark.chunk;
	scratch->used = mark.used;
	if (!mark.chunk && scratch->held > TRP_SCRATCH_KEPT)
		give_back(scratch);
	TRP_CHECK(trp_scratch_check(scratch));
}
