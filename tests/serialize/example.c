/* SPDX-License-Identifier: MIT */
#include "serialize/example.h"

#include <criterion/criterion.h>
#include <string.h>

#include "serialize/message.h"
#include "tests/serialize/full.h"

static struct trp_scratch scratch;

static void set_up(void)
{
	trp_scratch_init(&scratch, 0);
}

static void tear_down(void)
{
	trp_scratch_fini(&scratch);
}

TestSuite(example, .init = set_up, .fini = tear_down);

/* A copy, to be changed. */
static Sample__Everything *received(void)
{
	static unsigned char bytes[4096];
	size_t size = trp_message_pack(&full_message()->base, bytes);
	ProtobufCMessage *copy;

	cr_assert_eq(trp_message_unpack(full_message()->base.descriptor, bytes,
					size, &scratch, &copy),
		     0);
	return (Sample__Everything *)copy;
}

Test(example, an_empty_one_matches_all)
{
	Sample__Everything empty = SAMPLE__EVERYTHING__INIT;
	Sample__Scalars scalars = SAMPLE__SCALARS__INIT;

	cr_assert(trp_example_matches(&empty.base, &received()->base));
	empty.scalars = &scalars;
	cr_assert(trp_example_matches(&empty.base, &received()->base));
	cr_assert_not(trp_example_matches(&received()->base, &empty.base));
}

Test(example, a_message_matches_itself)
{
	cr_assert(
		trp_example_matches(&full_message()->base, &received()->base));
}

#define DIFFERS(change)                                                  \
	do {                                                             \
		Sample__Everything *other = received();                  \
		change;                                                  \
		cr_assert_not(trp_example_matches(&full_message()->base, \
						  &other->base),         \
			      #change);                                  \
	} while (0)

Test(example, each_field_that_is_set_counts)
{
	DIFFERS(other->scalars->a_double = 0.125);
	DIFFERS(other->scalars->a_float = 0.125F);
	DIFFERS(other->scalars->an_int32 ^= 1);
	DIFFERS(other->scalars->an_int64 ^= 1LL << 40);
	DIFFERS(other->scalars->a_uint64 ^= 1ULL << 63);
	DIFFERS(other->scalars->a_fixed32 ^= 1);
	DIFFERS(other->scalars->a_bool = !other->scalars->a_bool);
	DIFFERS(other->scalars->a_colour ^= 1);
	DIFFERS(other->scalars->a_string = "other");
	DIFFERS(other->scalars->some_bytes.len--);
	DIFFERS(other->scalars->some_bytes.data[0] ^= 1);
	DIFFERS(other->scalars = NULL);
	DIFFERS(other->lists->n_ints--);
	DIFFERS(other->lists->ints[0] ^= 1);
	DIFFERS(other->lists->strings[0] = "other");
	DIFFERS(other->lists->scalars[0]->an_int32 ^= 1);
	DIFFERS(other->choice->of_case = SAMPLE__CHOICE__OF__NOT_SET);
	DIFFERS(other->after ^= 1);
}

Test(example, what_it_leaves_out_does_not_count)
{
	Sample__Everything example = SAMPLE__EVERYTHING__INIT;
	Sample__Scalars scalars = SAMPLE__SCALARS__INIT;

	example.scalars = &scalars;
	scalars.an_int64 = received()->scalars->an_int64;
	cr_assert(trp_example_matches(&example.base, &received()->base));
	scalars.an_int64++;
	cr_assert_not(trp_example_matches(&example.base, &received()->base));
}

Test(example, a_choice_of_zero_is_set)
{
	Sample__Choice zero = SAMPLE__CHOICE__INIT, one = zero, none = zero;

	zero.of_case = one.of_case = SAMPLE__CHOICE__OF_NUMBER;
	one.number = 1;
	cr_assert(trp_example_matches(&zero.base, &zero.base));
	cr_assert_not(trp_example_matches(&zero.base, &one.base));
	cr_assert_not(trp_example_matches(&zero.base, &none.base));
	cr_assert(trp_example_matches(&none.base, &zero.base));
}
