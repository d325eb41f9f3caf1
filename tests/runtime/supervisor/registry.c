/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include "runtime/supervisor/registry.h"

Test(registry, thousands_are_found_and_go_with_their_holder)
{
	struct trp_registry names = { 0 };
	struct trp_registered *holder[10] = { 0 };
	char name[TROUPE_NAME_SIZE];
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		cr_assert_eq(trp_registry_add(&names, name, (troupe_ref)i + 1,
					      &holder[i % 10]),
			     0);
		cr_assert_eq(trp_registry_add(&names, name, 1, &holder[0]),
			     -EEXIST);
	}
	trp_registry_remove_all(&names, &holder[3]);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		cr_assert_eq(trp_registry_find(&names, name),
			     i % 10 == 3 ? 0 : (troupe_ref)i + 1);
	}
	cr_assert_eq(trp_registry_remove(&names, "name-3"), -ENOENT);
	cr_assert_eq(trp_registry_remove(&names, "name-4"), 0);
	cr_assert_eq(names.count, 4499);
	trp_registry_fini(&names);
}

Test(registry, empty_long_and_unprintable_ones_are_refused)
{
	cr_assert(trp_registry_is_valid("a"));
	cr_assert(trp_registry_is_valid("1234567890123456789012345678901"));
	cr_assert_not(
		trp_registry_is_valid("12345678901234567890123456789012"));
	cr_assert_not(trp_registry_is_valid(""));
	cr_assert_not(trp_registry_is_valid("a/b"));
	cr_assert_not(trp_registry_is_valid("a\nb"));
	cr_assert_not(trp_registry_is_valid("a\tb"));
	cr_assert_not(trp_registry_is_valid("\x1b[2J"));
	cr_assert_not(trp_registry_is_valid("caf\xe9"));
	cr_assert_not(trp_registry_is_valid("\xc2\x9b"));
	cr_assert_not(trp_registry_is_valid("bank\u202e"));
	cr_assert_not(trp_registry_is_valid("ba\u200bnk"));
	cr_assert_not(trp_registry_is_valid("\ufeff"));
	cr_assert(trp_registry_is_valid("caf\xc3\xa9"));
}
