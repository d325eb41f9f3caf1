/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/aborts.h"
#include "tests/support/ipc_kit.h"

static struct kit kit;
static struct trp_region *region;

static void set_up(void)
{
	kit_init(&kit, 2, UINT64_C(1) << 30);
	region = &kit.self.box.region;
}

static void tear_down(void)
{
	trp_region_check(region);
	kit_fini(&kit);
}

TestSuite(region, .init = set_up, .fini = tear_down, .timeout = 600);

static uint64_t usage(void)
{
	return kit_usage(&kit.self.arena);
}

struct block {
	uint64_t offset, size;
	unsigned char mark;
};

static uint64_t random_size(uint64_t *seed)
{
	return 1 + (kit_random(seed) & ((2 << kit_random(seed) % 18) - 1));
}

static bool is_whole(const struct block *block)
{
	const unsigned char *at = trp_region_at(region, block->offset);

	for (uint64_t i = 0; i < block->size; i++)
		if (at[i] != block->mark)
			return false;
	return true;
}

static void check_alignment(const struct block *block)
{
	uint64_t alignment = 512;

	while (alignment < block->size && alignment < TRP_PAGE)
		alignment *= 2;
	cr_assert_eq(block->offset % alignment, 0);
}

Test(region, blocks_are_aligned_and_never_overlap)
{
	uint64_t seed = kit_seed("region/blocks_*");
	struct block blocks[100] = { 0 };

	for (int i = 0; i < 3000; i++) {
		struct block *block = &blocks[kit_random(&seed) % 100];

		if (block->size) {
			cr_assert(is_whole(block));
			trp_region_free(region, block->offset, block->size);
		}
		block->size = random_size(&seed);
		block->mark = (unsigned char)i;
		cr_assert_eq(
			trp_region_alloc(region, block->size, &block->offset),
			0);
		check_alignment(block);
		memset(trp_region_at(region, block->offset), block->mark,
		       block->size);
		trp_region_check(region);
	}
	for (int i = 0; i < 100; i++)
		cr_assert(is_whole(&blocks[i]));
}

Test(region, a_full_one_says_so_and_goes_on_after_a_block_is_freed)
{
	uint64_t size = UINT64_C(1) << 30, offset, again, half;

	cr_assert_eq(trp_region_alloc(region, size + 1, &offset), -ENOBUFS);
	cr_assert_eq(trp_region_alloc(region, size / 4, &offset), 0);
	cr_assert_eq(trp_region_alloc(region, size, &again), -ENOBUFS);
	trp_region_free(region, offset, size / 4);
	cr_assert_eq(trp_region_alloc(region, size / 4, &again), 0);
	cr_assert_eq(again, offset);
	trp_region_free(region, again, size / 4);
	cr_assert_eq(trp_region_alloc(region, size / 8, &half), 0);
	trp_region_free(region, half, size / 8);
}

Test(region, a_freed_block_is_used_again_warm)
{
	uint64_t offset, other, before;

	cr_assert_eq(trp_region_alloc(region, 1 << 20, &offset), 0);
	before = usage();
	trp_region_free(region, offset, 1 << 20);
	cr_assert_eq(usage(), before);
	cr_assert_eq(trp_region_alloc(region, 1 << 20, &other), 0);
	cr_assert_eq(other, offset);
	cr_assert_eq(usage(), before);
}

Test(region, only_what_is_asked_for_costs_memory)
{
	uint64_t before = usage(), offset;

	cr_assert_eq(trp_region_alloc(region, (4 << 20) + 1, &offset), 0);
	cr_assert_eq(usage(), before + (4 << 20) + TRP_PAGE);
	trp_region_free(region, offset, (4 << 20) + 1);
	cr_assert_eq(trp_region_alloc(region, 5 << 20, &offset), 0);
	cr_assert_eq(usage(), before + (5 << 20));
}

Test(region, what_is_free_beyond_the_warm_pool_is_given_back)
{
	uint64_t size = TRP_WARM_MAX / 2, offset[3];
	uint64_t before = usage();

	for (int i = 0; i < 3; i++)
		cr_assert_eq(trp_region_alloc(region, size, &offset[i]), 0);
	cr_assert_eq(usage(), before + 3 * size);
	for (int i = 0; i < 3; i++)
		trp_region_free(region, offset[i], size);
	cr_assert_eq(usage(), before + TRP_WARM_MAX);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(trp_region_alloc(region, size, &offset[i]), 0);
	memset(trp_region_at(region, offset[2]), 1, size);
}

/* As two rings of which one is left when the other is full. */
Test(region, a_block_that_was_just_freed_is_warm_whatever_else_was)
{
	uint64_t offset[4], before, others = TRP_WARM_MAX / 4;

	for (int i = 0; i < 4; i++)
		cr_assert_eq(trp_region_alloc(region, others, &offset[i]), 0);
	for (int i = 0; i < 4; i++)
		trp_region_free(region, offset[i], others);
	cr_assert_eq(trp_region_alloc(region, 3 * others, &offset[0]), 0);
	before = usage();
	trp_region_free(region, offset[0], 3 * others);
	trp_region_check(region);
	cr_assert_eq(usage(), before - 3 * others);
	cr_assert(trp_region_is_warm(region, 3 * others));
	cr_assert(trp_region_is_warm(region, others));
	cr_assert_eq(trp_region_alloc(region, 3 * others, &offset[0]), 0);
	cr_assert_eq(usage(), before - 3 * others);
}

/* A ring of the largest size, beside a few pages of small blocks. */
Test(region, a_block_as_large_as_the_warm_pool_stays_warm_beside_small_ones)
{
	uint64_t small, large;

	cr_assert_eq(trp_region_alloc(region, TRP_PAGE, &small), 0);
	trp_region_free(region, small, TRP_PAGE);
	cr_assert_eq(trp_region_alloc(region, TRP_WARM_MAX, &large), 0);
	trp_region_free(region, large, TRP_WARM_MAX);
	trp_region_check(region);
	cr_assert(trp_region_is_warm(region, TRP_WARM_MAX));
	cr_assert_eq(trp_region_alloc(region, TRP_WARM_MAX + 1, &large), 0);
	trp_region_free(region, large, TRP_WARM_MAX + 1);
	cr_assert_not(trp_region_is_warm(region, TRP_WARM_MAX + 1));
}

/* Three blocks are free: the first is cold, the others are warm. */
Test(region, of_free_blocks_a_warm_one_is_taken_first)
{
	uint64_t size = TRP_WARM_MAX / 2, offset[4], warm;

	for (int i = 0; i < 4; i++)
		cr_assert_eq(trp_region_alloc(region, size, &offset[i]), 0);
	for (int i = 0; i < 4; i++) /* the last two go below the first two */
		trp_region_free(region, offset[i], size);
	trp_region_check(region);
	warm = usage();
	for (int i = 0; i < 2; i++) {
		cr_assert(trp_region_is_warm(region, size));
		cr_assert_eq(trp_region_alloc(region, size, &offset[i]), 0);
		cr_assert_eq(usage(), warm);
	}
	cr_assert_not(trp_region_is_warm(region, size));
}

static void check(void *unused)
{
	trp_region_check(region);
}

Test(region, its_check_sees_a_block_that_was_never_made)
{
	uint32_t *made = &region->free[TRP_BLOCK_MIN_LOG2].made;
	uint64_t offset;

	cr_assert_eq(trp_region_alloc(region, 1, &offset), 0);
	trp_region_free(region, offset, 1);
	cr_assert_not(aborts(check, NULL));
	(*made)--;
	cr_assert(aborts(check, NULL));
	(*made)++;
}

/* An empty file in place of the heap: touching it would be SIGBUS. */
Test(region, a_machine_without_memory_is_an_error_and_no_signal)
{
	int empty = memfd_create("empty", MFD_CLOEXEC);
	void *heap = trp_region_at(region, TRP_FRONT_SIZE);
	uint64_t offset;

	cr_assert_eq(mmap(heap, 1 << 20, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, empty, 0),
		     heap);
	cr_assert_eq(trp_region_alloc(region, 1 << 20, &offset), -ENOMEM);
	cr_assert_eq(trp_region_alloc(region, 1 << 20, &offset), -ENOMEM);
	cr_assert_eq(region->used, 0);
	close(empty);
}
