/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include "runtime/node/ref.h"

static const char *print(troupe_ref ref)
{
	static char text[TRP_REF_TEXT_SIZE];

	return trp_ref_print(ref, text);
}

Test(ref, its_parts_are_those_that_it_was_made_of)
{
	static const uint32_t slots[] = { 0, 1, TRP_SLOTS_MAX - 1, 0x7fff };
	static const uint32_t generations[] = { 1, 77, TRP_GENERATION_LAST };

	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 3; j++) {
			troupe_ref ref = trp_ref(slots[i], generations[j]);

			cr_assert_eq(trp_ref_slot(ref), slots[i]);
			cr_assert_eq(trp_ref_generation(ref), generations[j]);
			cr_assert(trp_ref_is_here(ref));
			cr_assert_eq(trp_ref_of_node(trp_ref_in_node(ref)),
				     ref);
			/* A double holds it: JSON readers keep all digits. */
			cr_assert_lt(ref, UINT64_C(1) << 53);
		}
}

Test(ref, one_of_another_node_and_an_alias_are_not_here)
{
	troupe_ref ref = trp_ref(5, 6);

	cr_assert_not(trp_ref_is_here(ref ^ UINT64_C(1) << TRP_REF_NODE));
	cr_assert_not(trp_ref_is_here(ref | UINT64_C(1) << 63));
	cr_assert_not(trp_ref_is_here(ref | UINT64_C(1) << 24));
	cr_assert_not(trp_ref_is_here(0));
}

Test(ref, the_number_of_a_run_is_in_all_its_references)
{
	troupe_ref before = trp_ref(3, 12), after, parsed;

	cr_assert_eq(trp_ref_set_here(0), -EPROTO);
	cr_assert_eq(trp_ref_set_here(1 << 24), -EPROTO);
	cr_assert_eq(trp_ref_set_here(0xabcdef), 0);
	after = trp_ref(3, 12);
	cr_assert_eq(trp_ref_node(after), 0xabcdef);
	cr_assert(trp_ref_is_here(after) && !trp_ref_is_elsewhere(after));
	cr_assert(!trp_ref_is_here(before) && trp_ref_is_elsewhere(before));
	cr_assert_not(trp_ref_is_elsewhere(0));
	cr_assert_not(trp_ref_is_elsewhere(trp_ref_alias(3, 12)));
	cr_assert_eq(trp_ref_of_node(trp_ref_in_node(before)), after);
	cr_assert_str_eq(print(after), "3.12");
	cr_assert_str_eq(print(before), "1.3.12");
	cr_assert(trp_ref_parse("3.12", &parsed) && parsed == after);
	cr_assert(trp_ref_parse("1.3.12", &parsed) && parsed == before);
}

Test(ref, it_is_parsed_as_it_is_printed)
{
	troupe_ref ref = 1, parsed;
	char number[24];

	cr_assert_str_eq(print(trp_ref(3, 12)), "3.12");
	cr_assert_str_eq(print(UINT64_C(7) << TRP_REF_NODE | 1), "7.0.1");
	for (int i = 0; i < 64 * 9; i++) {
		cr_assert(trp_ref_parse(print(ref), &parsed));
		cr_assert_eq(parsed, ref);
		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)ref);
		cr_assert(trp_ref_parse(number, &parsed));
		cr_assert_eq(parsed, ref);
		ref = ref * 6364136223846793005 + 1442695040888963407;
	}
}

Test(ref, what_is_no_reference_is_refused)
{
	static const char *const bad[] = {
		"",
		"0",
		"a",
		"1.",
		".1",
		"1.2.3.4",
		"-1",
		"+1",
		" 1",
		"1 ",
		"32768.1",
		"1.33554432",
		"16777216.1.1",
		"1..2",
		"1.2.",
		"18446744073709551616",
		"1.-2",
		"1.0x2",
	};
	troupe_ref ref = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_not(trp_ref_parse(bad[i], &ref), "%s", bad[i]);
	cr_assert_eq(ref, 42);
}
