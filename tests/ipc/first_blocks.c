/* SPDX-License-Identifier: MIT */
#include "ipc/first_blocks.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool is_clear(const unsigned char *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

Test(first_blocks, each_is_taken_once_by_one_that_needs_its_size)
{
	enum { SIZE = 123, OTHER = 124 };
	unsigned char *block[3], *other;

	trp_first_blocks_add(SIZE);
	trp_first_blocks_add(SIZE);
	other = trp_first_blocks_take(OTHER);
	for (int i = 0; i < 3; i++) {
		block[i] = trp_first_blocks_take(SIZE);
		cr_assert_not_null(block[i]);
		cr_assert(is_clear(block[i], SIZE));
		memset(block[i], i + 1, SIZE);
	}
	for (int i = 0; i < 3; i++) {
		cr_assert_neq(block[i], other);
		cr_assert_eq(block[i][0], i + 1);
		cr_assert_eq(block[i][SIZE - 1], i + 1);
		free(block[i]);
	}
	free(other);
}

Test(first_blocks, what_does_not_fit_is_made_when_it_is_needed)
{
	enum { MANY = 100, SIZE = 32 };
	void *block[MANY];

	for (int i = 0; i < MANY; i++)
		trp_first_blocks_add(SIZE);
	for (int i = 0; i < MANY; i++) {
		block[i] = trp_first_blocks_take(SIZE);
		cr_assert_not_null(block[i]);
		for (int other = 0; other < i; other++)
			cr_assert_neq(block[i], block[other]);
	}
	for (int i = 0; i < MANY; i++)
		free(block[i]);
}
