/* SPDX-License-Identifier: MIT */
#include "ipc/library.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#define FUNCTIONS(F) F(, cos) F(l, rint)
TRP_LIBRARY(numbers, "libm.so.6", FUNCTIONS);
TRP_LIBRARY(absent, "libtroupe-absent.so.7", FUNCTIONS);

Test(library, loads_each_function_by_its_name)
{
	cr_assert_eq(trp_library_load(&numbers_library), 0);
	cr_assert_eq(trp_library_load(&numbers_library), 0);
	cr_expect_eq(numbers.cos(0), 1);
	cr_expect_eq(numbers.rint(2.75), 3);
}

Test(library, absent_can_be_asked_for_again)
{
	for (int i = 0; i < 2; i++)
		cr_expect_eq(trp_library_load(&absent_library), -ELIBACC);
	cr_expect(!absent.cos);
}

Test(library, without_one_of_the_functions_is_absent)
{
	static const char *const names[] = { "cos", "troupe_absent", NULL };
	void *functions[2];
	struct trp_library library = { "libm.so.6", names, functions, false };

	cr_expect_eq(trp_library_load(&library), -ELIBACC);
	cr_expect_not(library.is_loaded);
}
