/* SPDX-License-Identifier: MIT */
#include "serialize/value.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/message.h"
#include "tests/serialize/full.h"

/* {"name": "Ann", "ages": [1, 2.5, null, true], "key": bytes} */
static struct troupe_value *person(void)
{
	struct troupe_value *map = troupe_value_map(),
			    *list = troupe_value_list();

	cr_assert_eq(troupe_value_append(list, troupe_value_int(1)), 0);
	cr_assert_eq(troupe_value_append(list, troupe_value_double(2.5)), 0);
	cr_assert_eq(troupe_value_append(list, troupe_value_null()), 0);
	cr_assert_eq(troupe_value_append(list, troupe_value_bool(true)), 0);
	cr_assert_eq(troupe_value_put(map, "name", troupe_value_text("Ann")),
		     0);
	cr_assert_eq(troupe_value_put(map, "ages", list), 0);
	cr_assert_eq(
		troupe_value_put(map, "key", troupe_value_bytes("\0\1", 2)), 0);
	return map;
}

static void check_person(const struct troupe_value *map)
{
	const struct troupe_value *ages = troupe_value_get(map, "ages");
	const void *bytes;
	size_t size;

	cr_assert_eq(trp_value_kind(map), TRP_VALUE_MAP);
	cr_assert_eq(troupe_value_count(map), 3);
	cr_assert_str_eq(troupe_value_key_at(map, 0), "name");
	cr_assert_str_eq(troupe_value_to_text(troupe_value_at(map, 0), ""),
			 "Ann");
	cr_assert_eq(troupe_value_count(ages), 4);
	cr_assert_eq(troupe_value_to_int(troupe_value_at(ages, 0), -1), 1);
	cr_assert_eq(trp_value_kind(troupe_value_at(ages, 1)),
		     TRP_VALUE_DOUBLE);
	cr_assert_eq(troupe_value_to_double(troupe_value_at(ages, 1), -1), 2.5);
	cr_assert_eq(trp_value_kind(troupe_value_at(ages, 2)), TRP_VALUE_NULL);
	cr_assert(troupe_value_to_bool(troupe_value_at(ages, 3), false));
	bytes = troupe_value_to_bytes(troupe_value_get(map, "key"), &size);
	cr_assert_eq(size, 2);
	cr_assert_arr_eq(bytes, "\0\1", 2);
}

Test(value, what_was_made_is_read_back)
{
	struct troupe_value *map = person();

	check_person(map);
	troupe_value_free(map);
	troupe_value_free(NULL);
}

Test(value, travels_as_a_message_and_is_copied)
{
	struct trp_scratch scratch;
	struct troupe_value *map = person(), *copy;
	ProtobufCMessage *back;
	unsigned char bytes[256];
	size_t size = trp_message_pack(&map->message.base, bytes);

	trp_scratch_init(&scratch, 0);
	cr_assert_eq(trp_message_unpack(&troupe__value__descriptor, bytes, size,
					&scratch, &back),
		     0);
	check_person((struct troupe_value *)back);
	copy = troupe_value_copy((struct troupe_value *)back);
	trp_scratch_fini(&scratch);
	check_person(copy);
	cr_assert(troupe_value_equals(map, copy));
	/* A copy's arrays are protobuf-c's, and grow all the same. */
	cr_assert_eq(troupe_value_put(copy, "more", troupe_value_null()), 0);
	cr_assert_not(troupe_value_equals(map, copy));
	troupe_value_free(copy);
	troupe_value_free(map);
}

/* As python3-protobuf writes {"a": [true, "hi"], "n": "x"}. */
Test(value, is_google_protobuf_value_on_the_wire)
{
	static const unsigned char google[] = {
		0x2a, 0x1d, 0x0a, 0x11, 0x0a, 0x01, 'a',  0x12,
		0x0c, 0x32, 0x0a, 0x0a, 0x02, 0x20, 0x01, 0x0a,
		0x04, 0x1a, 0x02, 'h',	'i',  0x0a, 0x08, 0x0a,
		0x01, 'n',  0x12, 0x03, 0x1a, 0x01, 'x',
	};
	struct troupe_value *map = troupe_value_map(),
			    *list = troupe_value_list();
	unsigned char bytes[64];

	troupe_value_append(list, troupe_value_bool(true));
	troupe_value_append(list, troupe_value_text("hi"));
	troupe_value_put(map, "a", list);
	troupe_value_put(map, "n", troupe_value_text("x"));
	cr_assert_eq(trp_message_size(&map->message.base), sizeof(google));
	trp_message_pack(&map->message.base, bytes);
	cr_assert_arr_eq(bytes, google, sizeof(google));
	troupe_value_free(map);
}

Test(value, numbers_keep_their_kind)
{
	struct troupe_value *one = troupe_value_int(1),
			    *also = troupe_value_double(1);
	struct troupe_value *yes = troupe_value_bool(true),
			    *nan = troupe_value_double(NAN);
	struct troupe_value *edge = troupe_value_double(0x1p63);

	cr_assert_not(troupe_value_equals(one, also));
	cr_assert_not(troupe_value_equals(one, yes));
	cr_assert_not(troupe_value_equals(nan, nan));
	cr_assert_eq(troupe_value_to_int(also, -1), 1);
	cr_assert_eq(troupe_value_to_int(nan, -1), -1);
	cr_assert_eq(troupe_value_to_int(edge, -1), -1);
	cr_assert_eq(troupe_value_to_int(yes, -1), -1);
	cr_assert_eq(troupe_value_to_double(one, -1), 1);
	troupe_value_free(one);
	troupe_value_free(also);
	troupe_value_free(yes);
	troupe_value_free(nan);
	troupe_value_free(edge);
}

Test(value, put_replaces_and_the_order_of_keys_does_not_count)
{
	struct troupe_value *a = troupe_value_map(), *b = troupe_value_map();

	troupe_value_put(a, "x", troupe_value_int(1));
	troupe_value_put(a, "y", troupe_value_int(2));
	troupe_value_put(b, "y", troupe_value_int(2));
	troupe_value_put(b, "x", troupe_value_int(0));
	cr_assert_not(troupe_value_equals(a, b));
	troupe_value_put(b, "x", troupe_value_int(1));
	cr_assert_eq(troupe_value_count(b), 2);
	cr_assert(troupe_value_equals(a, b));
	/* As it may arrive on the wire: the last of duplicate keys counts. */
	trp_value_add(b, "x", troupe_value_int(3));
	cr_assert_eq(troupe_value_to_int(troupe_value_get(b, "x"), 0), 3);
	cr_assert_not(troupe_value_equals(a, b));
	troupe_value_put(a, "x", troupe_value_int(3));
	cr_assert(troupe_value_equals(a, b));
	cr_assert(troupe_value_equals(b, a));
	troupe_value_free(a);
	troupe_value_free(b);
}

Test(value, what_cannot_be_added_is_an_error_and_freed)
{
	struct troupe_value *one = troupe_value_int(1),
			    *map = troupe_value_map();

	cr_assert_eq(troupe_value_append(one, troupe_value_int(2)), -EINVAL);
	cr_assert_eq(troupe_value_append(map, troupe_value_int(2)), -EINVAL);
	cr_assert_eq(troupe_value_append(NULL, troupe_value_int(2)), -EINVAL);
	cr_assert_eq(troupe_value_put(one, "k", troupe_value_int(2)), -EINVAL);
	cr_assert_eq(troupe_value_put(map, NULL, troupe_value_int(2)), -EINVAL);
	cr_assert_eq(troupe_value_put(map, "k", NULL), -ENOMEM);
	cr_assert_eq(troupe_value_count(map), 0);
	troupe_value_free(one);
	troupe_value_free(map);
}

Test(value, absence_is_read_as_the_default)
{
	struct troupe_value *map = troupe_value_map();
	const struct troupe_value *none = troupe_value_get(map, "none");
	size_t size;

	cr_assert_null(none);
	cr_assert_null(troupe_value_get(none, "deeper"));
	cr_assert_null(troupe_value_at(map, 0));
	cr_assert_null(troupe_value_key_at(map, 0));
	cr_assert_eq(troupe_value_to_int(none, 7), 7);
	cr_assert_str_eq(troupe_value_to_text(none, "-"), "-");
	cr_assert_null(troupe_value_to_bytes(none, &size));
	cr_assert_eq(size, 0);
	cr_assert_eq(trp_value_kind(none), TRP_VALUE_NULL);
	troupe_value_free(map);
}

/* `levels` of maps, each with its key twice, around an int. */
static struct troupe_value *nested(unsigned levels, int64_t inmost)
{
	struct troupe_value *value = troupe_value_int(inmost);

	while (levels--) {
		struct troupe_value *map = troupe_value_map();

		trp_value_add(map, "k", troupe_value_null());
		trp_value_add(map, "k", value);
		trp_value_add(map, levels % 2 ? "a" : "b", troupe_value_null());
		value = map;
	}
	return value;
}

Test(value, comparing_deep_values_visits_each_once, .timeout = 20)
{
	struct troupe_value *a = nested(44, 1), *b = nested(44, 2);

	cr_assert_not(troupe_value_equals(a, b));
	trp_value_add(b, "c", troupe_value_null());
	cr_assert_not(troupe_value_equals(a, b));
	trp_value_add(a, "k", troupe_value_null());
	trp_value_add(a, "c", troupe_value_null());
	cr_assert_not(troupe_value_equals(a, b));
	troupe_value_free(a);
	troupe_value_free(b);
}

Test(value, what_is_within_the_depth_can_be_received)
{
	struct trp_scratch scratch;
	struct troupe_value *value = nested(TRP_VALUE_DEPTH, 1);
	size_t size = trp_message_size(&value->message.base);
	unsigned char *bytes = malloc(size);
	ProtobufCMessage *back;

	trp_scratch_init(&scratch, 0);
	trp_message_pack(&value->message.base, bytes);
	cr_assert(trp_value_is_within(value, TRP_VALUE_DEPTH));
	cr_assert_not(trp_value_is_within(value, TRP_VALUE_DEPTH - 1));
	cr_assert_eq(trp_message_unpack(&troupe__value__descriptor, bytes, size,
					&scratch, &back),
		     0);
	cr_assert(troupe_value_equals(value, (struct troupe_value *)back));
	trp_scratch_fini(&scratch);
	free(bytes);
	troupe_value_free(value);
}
