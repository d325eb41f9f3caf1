/* SPDX-License-Identifier: MIT */
/* Arenas of processes with little address space. */
#include "ipc/arena_fit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#define MIB (UINT64_C(1) << 20)

TestSuite(arena_fit, .timeout = 600);

static uint64_t size_of(uint32_t slots, uint64_t heap_size)
{
	struct trp_arena arena;
	uint64_t size;

	cr_assert_eq(trp_arena_create(&arena, slots, heap_size), 0);
	size = arena.size;
	trp_arena_fini(&arena);
	return size;
}

/* As much as an arena of that size needs, and not twice that. */
static void allow(uint64_t size)
{
	FILE *file = fopen("/proc/self/statm", "re");
	struct rlimit limit;
	unsigned long pages;

	cr_assert_not_null(file);
	cr_assert_eq(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = pages * TRP_PAGE + size + size / 2;
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

static void expect(uint32_t slots, uint64_t heap_size, uint32_t fit_slots,
		   uint64_t fit_heap)
{
	struct trp_arena arena;

	cr_assert_eq(trp_arena_fit(&arena, slots, heap_size), 0);
	cr_expect_eq(arena.slots, fit_slots, "%u slots", arena.slots);
	cr_expect_eq(arena.heap_size, fit_heap, "heaps of %lu",
		     arena.heap_size);
	trp_arena_fini(&arena);
}

Test(arena_fit, is_the_largest_where_there_is_room)
{
	expect(64, 0, 64, TRP_HEAP_DEFAULT);
	expect(64, MIB, 64, MIB);
}

Test(arena_fit, has_smaller_heaps_before_it_has_fewer_slots)
{
	uint64_t size = size_of(TRP_SLOTS_MAX, 256 * MIB);
	uint64_t least = size_of(TRP_SLOTS_MAX, 128 * MIB);
	uint64_t fewer = size_of(TRP_SLOTS_MAX / 2, 128 * MIB);

	allow(size);
	expect(0, 0, TRP_SLOTS_MAX, 256 * MIB);
	allow(least);
	expect(0, 0, TRP_SLOTS_MAX, 128 * MIB);
	/* A heap of 64 MiB would not do for a supervisor of so many. */
	allow(fewer);
	expect(0, 0, TRP_SLOTS_MAX / 2, 128 * MIB);
}

Test(arena_fit, has_as_many_slots_as_were_asked_for)
{
	struct trp_arena arena;
	uint64_t size = size_of(4096, 16 * MIB), less = size_of(4096, 8 * MIB);

	allow(size);
	expect(4096, 0, 4096, 16 * MIB);
	allow(less);
	cr_assert_eq(trp_arena_fit(&arena, 4096, 0), -ENOMEM);
}

Test(arena_fit, has_heaps_as_large_as_was_asked_for)
{
	enum { LEAST = TRP_SLOTS_MAX / 256 };
	struct trp_arena arena;
	uint64_t size = size_of(LEAST, TRP_HEAP_DEFAULT);
	uint64_t less = size_of(LEAST / 2, TRP_HEAP_DEFAULT);

	allow(size);
	expect(0, TRP_HEAP_DEFAULT, LEAST, TRP_HEAP_DEFAULT);
	allow(less);
	cr_assert_eq(trp_arena_fit(&arena, 0, TRP_HEAP_DEFAULT), -ENOMEM);
	cr_assert_eq(trp_arena_fit(&arena, LEAST, TRP_HEAP_DEFAULT), -ENOMEM);
	cr_assert_eq(trp_arena_fit(&arena, 1, TRP_HEAP_DEFAULT), -EINVAL);
}
