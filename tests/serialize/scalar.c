/* SPDX-License-Identifier: MIT */
/* Values of beacon nodes. */
#include "serialize/beacon/scalar.h"

#include <criterion/criterion.h>

Test(scalar, order_is_total_and_antisymmetric)
{
	static const struct trp_scalar rising[] = {
		{ .type = TRP_SCALAR_NONE },
		{ TRP_SCALAR_REAL, { .real = 0.0 / 0.0 } },
		{ TRP_SCALAR_INT, { .integer = INT64_MIN } },
		{ TRP_SCALAR_INT, { .integer = -1 } },
		{ TRP_SCALAR_BOOL, { .flag = true } },
		{ TRP_SCALAR_REAL, { .real = 1.5 } },
		{ TRP_SCALAR_INT, { .integer = INT64_MAX - 1 } },
		{ TRP_SCALAR_INT, { .integer = INT64_MAX } },
		{ TRP_SCALAR_REAL, { .real = 0x1p63 } },
		{ TRP_SCALAR_TEXT, { .span = { "", 0 } } },
		{ TRP_SCALAR_TEXT, { .span = { "a", 1 } } },
		{ TRP_SCALAR_TEXT, { .span = { "ab", 2 } } },
		{ TRP_SCALAR_TEXT, { .span = { "b", 1 } } },
		{ TRP_SCALAR_BYTES, { .span = { "a", 1 } } },
		{ TRP_SCALAR_RAW, { .span = { "\x80", 1 } } },
	};
	int i, j, order, count = sizeof(rising) / sizeof(*rising);

	for (i = 0; i < count; i++) {
		for (j = 0; j < count; j++) {
			order = trp_scalar_compare(&rising[i], &rising[j]);
			cr_assert((order > 0) == (i > j), "%d %d", i, j);
			cr_assert((order < 0) == (i < j), "%d %d", i, j);
		}
	}
}
