/* SPDX-License-Identifier: MIT */
#include "serialize/scratch.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

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

enum { ALIGNMENT = 16, HUGE_PAGE = 2 << 20 };

/* The bytes follow, or are a mapping: then no page has anything else. */
struct trp_scratch_chunk {
	struct trp_scratch_chunk *next;
	size_t size;
	unsigned char *bytes;
	alignas(ALIGNMENT) unsigned char own[];
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

static bool is_mapped(const struct trp_scratch_chunk *chunk)
{
	return chunk->bytes != chunk->own;
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
		if (is_mapped(chunk))
			munmap(chunk->bytes, chunk->size);
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

static struct trp_scratch_chunk *map_chunk(size_t size)
{
	struct trp_scratch_chunk *chunk = malloc(sizeof(*chunk));

	if (!chunk)
		return NULL;
	chunk->bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk->bytes == MAP_FAILED) {
		free(chunk);
		return NULL;
	}
	madvise(chunk->bytes, size, MADV_HUGEPAGE);
	return chunk;
}

static struct trp_scratch_chunk *make_chunk(size_t size)
{
	struct trp_scratch_chunk *chunk;

	if (size > TRP_SCRATCH_KEPT)
		return map_chunk(size);
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk)
		chunk->bytes = chunk->own;
	return chunk;
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
	if (total < sizeof(*chunk) + size)
		total = sizeof(*chunk) + size;
	if (total > TRP_SCRATCH_KEPT)
		total = ((total + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1)) +
			sizeof(*chunk);
	if (total > room)
		total = room;
	chunk = make_chunk(total - sizeof(*chunk));
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
	scratch->is_large |= is_mapped(*link);
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

/* The first of the chunks that are empty. */
static struct trp_scratch_chunk **spare_chunks(struct trp_scratch *scratch)
{
	return scratch->current ? &scratch->current->next : &scratch->first;
}

/* Frees the last chunks, down to that many bytes, if they are empty. */
static void give_back(struct trp_scratch *scratch, size_t most)
{
	struct trp_scratch_chunk **link = spare_chunks(scratch), *chunk;
	size_t behind = 0;

	for (chunk = *link; chunk; chunk = chunk->next)
		behind += sizeof(*chunk) + chunk->size;
	for (; *link; link = &(*link)->next) {
		if (scratch->held - behind + sizeof(**link) + (*link)->size >
		    most)
			break;
		behind -= sizeof(**link) + (*link)->size;
	}
	free_chunks(scratch, *link);
	*link = NULL;
}

/* Large ones stay mapped, but if memory is short the kernel takes the pages. */
static void lend_to_kernel(struct trp_scratch *scratch)
{
	struct trp_scratch_chunk *chunk;

	if (scratch->current && is_mapped(scratch->current))
		return;
	scratch->is_large = false;
	scratch->is_warm = true;
	if (scratch->held > TRP_SCRATCH_WARM)
		give_back(scratch, TRP_SCRATCH_WARM);
	for (chunk = *spare_chunks(scratch); chunk; chunk = chunk->next)
		if (is_mapped(chunk))
			madvise(chunk->bytes, chunk->size, MADV_FREE);
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
	if (scratch->is_large)
		lend_to_kernel(scratch);
	TRP_CHECK(trp_scratch_check(scratch));
}

void trp_scratch_cool(struct trp_scratch *scratch)
{
	if (!scratch->is_warm && !scratch->is_large &&
	    scratch->held > TRP_SCRATCH_KEPT)
		give_back(scratch, TRP_SCRATCH_KEPT);
	scratch->is_warm = false;
}
