/* SPDX-License-Identifier: MIT */
#include "ipc/region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/first_blocks.h"

enum { PAGE_ORDER = 12 };
static_assert(1 << PAGE_ORDER == TRP_PAGE, "the order of a page");
static_assert(1 << TRP_BLOCK_MIN_LOG2 >= 64 && TRP_BLOCK_CLASSES <= 64,
	      "a ring's word has the logarithm in the low bits of its offset");

static unsigned order_of(uint64_t size)
{
	unsigned order =
		size > 1 ? 64 - (unsigned)__builtin_clzll(size - 1) : 0;

	return order > TRP_BLOCK_MIN_LOG2 ? order : TRP_BLOCK_MIN_LOG2;
}

void trp_region_check(const struct trp_region *region)
{
	uint64_t warm = 0;

	assert(region->front_next % TRP_PAGE == 0 && region->front_next > 0);
	assert(region->front_next <= TRP_FRONT_SIZE);
	assert(region->heap_next >= TRP_FRONT_SIZE);
	assert(region->heap_next - TRP_FRONT_SIZE <= region->arena->heap_size);
	for (unsigned order = 0; order < TRP_BLOCK_CLASSES; order++) {
		const struct trp_free *list = &region->free[order];
		const struct trp_spare *one, *last = NULL;

		assert(list->idle <= list->count && list->made <= list->room);
		assert(list->count <= list->made);
		for (one = list->spare; one < list->spare + list->count;
		     one++) {
			assert(one->populated <= UINT64_C(1) << order);
			assert(!last || !last->populated || one->populated);
			last = one;
			warm += one->populated;
		}
	}
	assert(region->warm == warm);
}

static uint64_t pages_of(uint64_t size)
{
	return (size + TRP_PAGE - 1) & ~(uint64_t)(TRP_PAGE - 1);
}

void *trp_region_at(const struct trp_region *region, uint64_t offset)
{
	void *at = trp_arena_at(region->arena, region->number, offset, 1);

	assert(at);
	return at;
}

/*
 * Any error means that there were no pages; EFAULT: touching them would have
 * been SIGBUS.
 */
static int populate(struct trp_region *region, uint64_t offset, uint64_t size)
{
	void *at = trp_region_at(region, offset);
	int r = trp_memory_budget_promise(&region->budget, size,
					  !region->number);

	if (r < 0)
		return r;
	if (madvise(at, size, MADV_POPULATE_WRITE))
		r = -ENOMEM;
	trp_memory_budget_settle(&region->budget, size);
	if (r == 0 && offset >= TRP_FRONT_SIZE)
		madvise(at, size, MADV_DODUMP);
	return r;
}

/* A dump would fill the hole again. */
static void give_back(const struct trp_region *region, uint64_t offset,
		      uint64_t size)
{
	void *at = trp_region_at(region, offset);

	if (offset >= TRP_FRONT_SIZE)
		madvise(at, size, MADV_DONTDUMP);
	madvise(at, size, MADV_REMOVE);
}

int trp_region_init(struct trp_region *region, const struct trp_arena *arena,
		    uint32_t slot)
{
	*region = (struct trp_region) {
		.arena = arena,
		.number = arena->entered,
		.front_next = TRP_PAGE,
		.heap_next = TRP_FRONT_SIZE,
	};
	trp_memory_budget_init(&region->budget, arena, slot);
	return populate(region, 0, TRP_PAGE);
}

void trp_region_fini(struct trp_region *region)
{
	TRP_CHECK(trp_region_check(region));
	for (unsigned order = 0; order < TRP_BLOCK_CLASSES; order++)
		free(region->free[order].spare);
	*region = (struct trp_region) { 0 };
}

enum { SPARES_FIRST = 8, LISTS_FIRST = 3 };

void trp_region_prepare(void)
{
	for (int i = 0; i < LISTS_FIRST; i++)
		trp_first_blocks_add(SPARES_FIRST * sizeof(struct trp_spare));
}

/* Room in the list for `more` blocks to be made. */
static int expect(struct trp_free *list, uint32_t more)
{
	uint32_t room = list->room ? list->room * 2 : SPARES_FIRST;
	struct trp_spare *spare;

	if (list->made + more <= list->room)
		return 0;
	spare = list->spare ? realloc(list->spare, room * sizeof(*spare))
			    : trp_first_blocks_take(room * sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	list->spare = spare;
	list->room = room;
	return 0;
}

/* Warm blocks on top; a cold one goes below them all, and is a rare one. */
static void push(struct trp_region *region, unsigned order,
		 struct trp_spare spare)
{
	struct trp_free *list = &region->free[order];

	assert(list->count < list->made);
	if (!spare.populated)
		memmove(list->spare + 1, list->spare,
			list->count * sizeof(spare));
	list->spare[spare.populated ? list->count : 0] = spare;
	list->count++;
	region->warm += spare.populated;
}

static bool pop(struct trp_region *region, unsigned order,
		struct trp_spare *ret_spare)
{
	struct trp_free *list = &region->free[order];

	if (!list->count)
		return false;
	*ret_spare = list->spare[--list->count];
	if (list->idle > list->count)
		list->idle = list->count;
	assert(region->warm >= ret_spare->populated);
	region->warm -= ret_spare->populated;
	return true;
}

/* Space that was never used.  Blocks below a page are halves of one. */
static bool take_new(struct trp_region *region, unsigned order,
		     struct trp_spare *ret_spare)
{
	uint64_t end = TRP_FRONT_SIZE + region->arena->heap_size;
	uint64_t size = UINT64_C(1) << order;
	uint64_t *next = &region->heap_next;

	if (order < PAGE_ORDER)
		return false;
	if (order == PAGE_ORDER && region->front_next < TRP_FRONT_SIZE)
		next = &region->front_next;
	else if (size > end - region->heap_next)
		return false;
	*ret_spare = (struct trp_spare) { .offset = *next };
	*next += size;
	assert(region->front_next <= TRP_FRONT_SIZE);
	assert(region->heap_next <= end);
	return true;
}

static int take(struct trp_region *region, unsigned order,
		struct trp_spare *ret_spare);

/* The upper half goes on the list, the lower one to the caller. */
static int halve(struct trp_region *region, unsigned order,
		 struct trp_spare *ret_spare)
{
	uint64_t half = UINT64_C(1) << order;
	struct trp_spare lower, upper;
	int r = take(region, order + 1, &lower);

	if (r < 0)
		return r;
	/* Pages are shared from here on: they are populated whole. */
	if (order < PAGE_ORDER && lower.populated < 2 * half) {
		r = populate(region, lower.offset, TRP_PAGE);
		if (r < 0) {
			push(region, order + 1, lower);
			return r;
		}
		lower.populated = 2 * half;
	}
	upper.offset = lower.offset + half;
	upper.populated = lower.populated > half ? lower.populated - half : 0;
	if (lower.populated > half)
		lower.populated = half;
	assert(region->free[order + 1].made > region->free[order + 1].count);
	region->free[order + 1].made--;
	region->free[order].made += 2;
	push(region, order, upper);
	*ret_spare = lower;
	return 0;
}

static int take(struct trp_region *region, unsigned order,
		struct trp_spare *ret_spare)
{
	assert(order >= TRP_BLOCK_MIN_LOG2);
	if (order >= TRP_BLOCK_CLASSES ||
	    UINT64_C(1) << order > region->arena->heap_size)
		return -ENOBUFS;
	if (pop(region, order, ret_spare))
		return 0;
	if (expect(&region->free[order], 2) < 0)
		return -ENOMEM;
	if (take_new(region, order, ret_spare)) {
		region->free[order].made++;
		return 0;
	}
	return halve(region, order, ret_spare);
}

int trp_region_alloc(struct trp_region *region, uint64_t size,
		     uint64_t *ret_offset)
{
	unsigned order = order_of(size);
	struct trp_spare spare;
	int r;

	assert(size > 0);

	if (size > region->arena->heap_size)
		return -ENOBUFS;
	r = take(region, order, &spare);
	if (r < 0)
		return r;
	if (spare.populated < size) {
		r = populate(region, spare.offset, pages_of(size));
		if (r < 0) {
			push(region, order, spare);
			return r;
		}
	}
	assert(spare.offset %
		       (order < PAGE_ORDER ? UINT64_C(1) << order : TRP_PAGE) ==
	       0);
	region->used += size;
	*ret_offset = spare.offset;
	return 0;
}

bool trp_region_is_warm(const struct trp_region *region, uint64_t size)
{
	unsigned order = order_of(size);
	const struct trp_free *list;

	if (order >= TRP_BLOCK_CLASSES)
		return false;
	list = &region->free[order];
	return list->count && list->spare[list->count - 1].populated >= size;
}

/* A free block becomes a hole. */
static void chill(struct trp_region *region, unsigned order,
		  struct trp_spare *spare)
{
	if (spare->populated)
		give_back(region, spare->offset, UINT64_C(1) << order);
	region->warm -= spare->populated;
	spare->populated = 0;
}

/* The block that was freed last is the one that is used next. */
static bool make_room(struct trp_region *region, uint64_t size)
{
	if (size > TRP_WARM_MAX)
		return false;
	for (unsigned order = order_of(TRP_COOL_MIN); order < TRP_BLOCK_CLASSES;
	     order++) {
		struct trp_free *list = &region->free[order];

		for (uint32_t i = 0; i < list->count; i++) {
			if (region->warm + size <= TRP_WARM_MAX)
				return true;
			chill(region, order, &list->spare[i]);
		}
	}
	return true; /* except small ones, which stay */
}

void trp_region_free(struct trp_region *region, uint64_t offset, uint64_t size)
{
	unsigned order = order_of(size);
	struct trp_spare spare = { .offset = offset };

	assert(size > 0 && size <= region->used);
	assert(!(offset & ((UINT64_C(1) << TRP_BLOCK_MIN_LOG2) - 1)));

	region->used -= size;
	if (order < PAGE_ORDER)
		spare.populated = UINT64_C(1) << order;
	else if (make_room(region, pages_of(size)))
		spare.populated = pages_of(size);
	else
		give_back(region, offset, UINT64_C(1) << order);
	push(region, order, spare);
}

void trp_region_cool(struct trp_region *region)
{
	for (unsigned order = order_of(TRP_COOL_MIN); order < TRP_BLOCK_CLASSES;
	     order++) {
		struct trp_free *list = &region->free[order];

		for (uint32_t i = 0; i < list->idle; i++)
			chill(region, order, &list->spare[i]);
		list->idle = list->count;
	}
	TRP_CHECK(trp_region_check(region));
}
