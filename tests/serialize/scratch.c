/* SPDX-License-Identifier: MIT */
#include "serialize/scratch.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/serialize/full.h"
#include "tests/support/aborts.h"

Test(scratch, idle_holds_nothing)
{
	struct trp_scratch scratch;
	struct trp_scratch_mark mark;
	size_t before = heap_calls();

	trp_scratch_init(&scratch, 0);
	mark = trp_scratch_mark(&scratch);
	trp_scratch_release(&scratch, mark);
	trp_scratch_check(&scratch);
	trp_scratch_fini(&scratch);
	cr_assert_eq(heap_calls(), before);
	cr_assert_eq(scratch.held, 0);
}

Test(scratch, what_it_gives_is_aligned_and_does_not_overlap)
{
	enum { PIECES = 2000 };
	struct trp_scratch scratch;
	unsigned char *pieces[PIECES];

	trp_scratch_init(&scratch, 0);
	for (unsigned i = 0; i < PIECES; i++) {
		pieces[i] = trp_scratch_alloc(&scratch, i % 100);
		cr_assert_not_null(pieces[i]);
		cr_assert_eq((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], (int)(i & 0xff), i % 100);
		trp_scratch_check(&scratch);
	}
	for (unsigned i = 0; i < PIECES; i++)
		for (unsigned j = 0; j < i % 100; j++)
			cr_assert_eq(pieces[i][j], i & 0xff);
	trp_scratch_check(&scratch);
	trp_scratch_fini(&scratch);
}

static void check(void *scratch)
{
	trp_scratch_check(scratch);
}

Test(scratch, its_check_sees_a_position_beyond_its_chunk)
{
	struct trp_scratch scratch;

	trp_scratch_init(&scratch, 0);
	trp_scratch_alloc(&scratch, 100);
	cr_assert_not(aborts(check, &scratch));
	scratch.used += TRP_SCRATCH_FIRST;
	cr_assert(aborts(check, &scratch));
	trp_scratch_fini(&scratch);
}

Test(scratch, releases_nest)
{
	struct trp_scratch scratch;
	struct trp_scratch_mark outer, inner;
	char *kept, *first, *again;

	trp_scratch_init(&scratch, 0);
	outer = trp_scratch_mark(&scratch);
	kept = trp_scratch_alloc(&scratch, 10);
	memcpy(kept, "kept", 5);
	inner = trp_scratch_mark(&scratch);
	first = trp_scratch_alloc(&scratch, 3000);
	for (int i = 0; i < 100; i++)
		cr_assert_not_null(trp_scratch_alloc(&scratch, 5000));
	trp_scratch_release(&scratch, inner);
	trp_scratch_check(&scratch);
	cr_assert_str_eq(kept, "kept");
	again = trp_scratch_alloc(&scratch, 3000);
	cr_assert_eq(again, first);
	trp_scratch_release(&scratch, outer);
	cr_assert_eq(trp_scratch_alloc(&scratch, 10), kept);
	trp_scratch_check(&scratch);
	trp_scratch_fini(&scratch);
}

Test(scratch, warm_calls_neither_malloc_nor_free)
{
	struct trp_scratch scratch;
	struct trp_scratch_mark mark;
	size_t before = 0;

	trp_scratch_init(&scratch, 0);
	for (int round = 0; round < 100; round++) {
		if (round == 1)
			before = heap_calls();
		mark = trp_scratch_mark(&scratch);
		for (size_t i = 0; i < 200; i++)
			cr_assert(trp_scratch_alloc(&scratch, 20 * i));
		trp_scratch_release(&scratch, mark);
	}
	cr_expect_eq(heap_calls(), before);
	trp_scratch_check(&scratch);
	trp_scratch_fini(&scratch);
}

Test(scratch, never_holds_more_than_its_bound)
{
	enum { BOUND = 100000 };
	struct trp_scratch scratch;
	size_t given = 0;

	trp_scratch_init(&scratch, BOUND);
	cr_assert_null(trp_scratch_alloc(&scratch, BOUND));
	cr_assert_null(trp_scratch_alloc(&scratch, SIZE_MAX));
	cr_assert_null(trp_scratch_alloc(&scratch, SIZE_MAX - 15));
	cr_assert_null(trp_scratch_alloc(&scratch, SIZE_MAX - 40));
	cr_assert_eq(scratch.held, 0);
	while (trp_scratch_alloc(&scratch, 1000)) {
		given += 1000;
		cr_assert_leq(scratch.held, BOUND);
	}
	cr_assert_gt(given, BOUND * 8 / 10);
	trp_scratch_check(&scratch);
	trp_scratch_fini(&scratch);
	cr_assert_eq(scratch.held, 0);
}

/* Of this process, in KiB. */
static long lazily_freed(void)
{
	char line[200];
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	long kib = -1;

	cr_assert_not_null(file);
	while (kib < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "LazyFree: %ld kB", &kib);
	fclose(file);
	return kib;
}

/* The kernel may take the pages; until it does they are there, and warm. */
Test(scratch, a_large_chunk_that_is_empty_is_lent_to_the_kernel)
{
	enum { SIZE = 16 << 20 };
	struct trp_scratch scratch;
	struct trp_scratch_mark mark;
	char *first, *again;
	long before;

	trp_scratch_init(&scratch, 0);
	cr_assert_not_null(trp_scratch_alloc(&scratch, 100));
	mark = trp_scratch_mark(&scratch);
	first = trp_scratch_alloc(&scratch, SIZE);
	memset(first, 1, SIZE);
	before = lazily_freed();
	trp_scratch_release(&scratch, mark);
	cr_assert_geq(lazily_freed(), before + (SIZE >> 10) - (4 << 10));
	again = trp_scratch_alloc(&scratch, SIZE);
	cr_assert_eq(again, first);
	memset(again, 1, SIZE);
	cr_assert_leq(lazily_freed(), before);
	trp_scratch_fini(&scratch);
}

Test(scratch, an_empty_one_holds_no_more_than_its_warm_bytes)
{
	struct trp_scratch scratch;
	struct trp_scratch_mark mark;

	trp_scratch_init(&scratch, 0);
	mark = trp_scratch_mark(&scratch);
	for (int i = 0; i < 3; i++)
		cr_assert(trp_scratch_alloc(&scratch, TRP_SCRATCH_WARM / 2));
	cr_assert_gt(scratch.held, TRP_SCRATCH_WARM);
	trp_scratch_release(&scratch, mark);
	trp_scratch_check(&scratch);
	cr_assert_leq(scratch.held, TRP_SCRATCH_WARM);
	cr_assert_gt(scratch.held, TRP_SCRATCH_WARM / 2);
	trp_scratch_fini(&scratch);
}

Test(scratch, idle_gives_back_what_is_above_the_megabytes_it_keeps)
{
	struct trp_scratch scratch;
	struct trp_scratch_mark mark, inner;

	trp_scratch_init(&scratch, 0);
	mark = trp_scratch_mark(&scratch);
	cr_assert_not_null(trp_scratch_alloc(&scratch, 100));
	inner = trp_scratch_mark(&scratch);
	cr_assert_not_null(trp_scratch_alloc(&scratch, 10 << 20));
	trp_scratch_release(&scratch, inner);
	cr_assert_gt(scratch.held, 10 << 20);
	trp_scratch_release(&scratch, mark);
	trp_scratch_cool(&scratch);
	cr_assert_gt(scratch.held, 10 << 20);
	trp_scratch_cool(&scratch);
	cr_assert_leq(scratch.held, TRP_SCRATCH_KEPT);
	cr_assert_gt(scratch.held, 0);
	cr_assert_not_null(trp_scratch_alloc(&scratch, 100));
	trp_scratch_check(&scratch);
	trp_scratch_fini(&scratch);
}
