/* SPDX-License-Identifier: MIT */
#include "serialize/type.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/aborts.h"
#include "tests/support/sample.pb-c.h"

/* The vectors of draft-eastlake-fnv for 64 bits, and two names of our own. */
Test(type, ids_are_these_for_ever)
{
	cr_assert_eq(trp_type_id(""), 0xcbf29ce484222325);
	cr_assert_eq(trp_type_id("a"), 0xaf63dc4c8601ec8c);
	cr_assert_eq(trp_type_id("foobar"), 0x85944171f73967e8);
	cr_assert_eq(trp_type_id("sample.Scalars"), 0x5099eaf83358057c);
	cr_assert_eq(trp_type_id("sample.Echo"), 0xcb9c4502ed786fa2);
}

Test(type, an_id_is_never_zero)
{
	/* A string whose FNV-1a is 0 (Landon Curt Noll's page on FNV). */
	static const char zero[] = "\xd5\x6b\xb9\x53\x42\x87\x08\x36";

	cr_assert_eq(trp_type_id(zero), trp_type_id(""));
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

Test(type, ids_of_many_names_are_distinct)
{
	enum { NAMES = 300000 };
	uint64_t *ids = malloc(NAMES * sizeof(*ids));
	char name[64];

	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "package%u.Message%u", i % 7, i);
		ids[i] = trp_type_id(name);
	}
	qsort(ids, NAMES, sizeof(*ids), compare);
	for (unsigned i = 1; i < NAMES; i++)
		cr_assert_neq(ids[i - 1], ids[i]);
	free(ids);
}

Test(type, a_descriptor_has_the_id_of_its_full_name)
{
	for (int again = 0; again < 2; again++) {
		cr_assert_eq(trp_type_of(&sample__scalars__descriptor),
			     trp_type_id("sample.Scalars"));
		cr_assert_eq(trp_type_of(&sample__empty__descriptor),
			     trp_type_id("sample.Empty"));
		cr_assert_eq(trp_type_of_service(&sample__echo__descriptor),
			     trp_type_id("sample.Echo"));
	}
}

Test(type, a_name_is_hashed_once)
{
	static ProtobufCMessageDescriptor type = { .name = "first" };

	cr_assert_eq(trp_type_of(&type), trp_type_id("first"));
	type.name = NULL;
	cr_assert_eq(trp_type_of(&type), trp_type_id("first"));
}

/* Of many descriptors, a few share a place in the cache. */
enum { DESCRIPTORS = 1000, RIVALS = 3 };
static ProtobufCMessageDescriptor descriptors[DESCRIPTORS];
static struct {
	ProtobufCMessageDescriptor *type;
	char name[16];
	uint64_t id;
} rivals[RIVALS];

static unsigned find_rivals(void)
{
	uint64_t slot = 0;
	unsigned found = 0;

	for (unsigned i = 0; i < DESCRIPTORS && found < RIVALS; i++) {
		uint64_t hash = (uintptr_t)&descriptors[i] *
				UINT64_C(0x9e3779b97f4a7c15);

		if (found > 0 && hash >> 57 != slot)
			continue;
		slot = hash >> 57;
		rivals[found].type = &descriptors[i];
		snprintf(rivals[found].name, sizeof(rivals[found].name),
			 "rival.Type%u", i);
		rivals[found].type->name = rivals[found].name;
		rivals[found].id = trp_type_id(rivals[found].name);
		found++;
	}
	return found;
}

static void *ask_for_all(void *errors)
{
	for (unsigned i = 0; i < 30000000; i++)
		if (trp_type_of(rivals[i % RIVALS].type) !=
		    rivals[i % RIVALS].id)
			++*(unsigned *)errors;
	return errors;
}

Test(type, threads_that_share_the_memory_of_ids_never_get_a_wrong_one)
{
	unsigned errors[2] = { 0, 0 };
	pthread_t thread;

	cr_assert_eq(find_rivals(), RIVALS);
	cr_assert_eq(pthread_create(&thread, NULL, ask_for_all, &errors[0]), 0);
	ask_for_all(&errors[1]);
	pthread_join(thread, NULL);
	cr_assert_eq(errors[0] + errors[1], 0);
}

Test(type_table, zeroed_is_empty)
{
	struct trp_type_table table = { 0 };

	cr_assert_null(trp_type_table_find(&table, 1));
	cr_assert_null(trp_type_table_find(&table, 0));
	trp_type_table_fini(&table);
}

Test(type_table, finds_what_was_added_and_nothing_else)
{
	enum { MANY = 5000 };
	struct trp_type_table table = { 0 };
	static char values[MANY];

	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(trp_type_table_add(&table, i + 1, &values[i]), 0);
	trp_type_table_check(&table);
	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(trp_type_table_find(&table, i + 1), &values[i]);
	for (uint64_t i = MANY + 1; i < 3 * MANY; i++)
		cr_assert_null(trp_type_table_find(&table, i));
	cr_assert_null(trp_type_table_find(&table, 0));
	cr_assert_eq(table.count, MANY);
	cr_assert_leq(2 * table.count, table.room);
	trp_type_table_fini(&table);
	cr_assert_null(trp_type_table_find(&table, 1));
}

Test(type_table, refuses_a_second_value_for_an_id)
{
	struct trp_type_table table = { 0 };
	int first = 1, second = 2;

	cr_assert_eq(trp_type_table_add(&table, 7, &first), 0);
	cr_assert_eq(trp_type_table_add(&table, 7, &second), -EEXIST);
	cr_assert_eq(trp_type_table_find(&table, 7), &first);
	cr_assert_eq(table.count, 1);
	trp_type_table_fini(&table);
}

/* Ids that all want the same entry: the product's upper half is alike. */
Test(type_table, finds_ids_that_crowd)
{
	struct trp_type_table table = { 0 };
	static char values[200];
	uint64_t inverse = 1; /* of the multiplier, modulo 2^64 */

	for (int i = 0; i < 6; i++)
		inverse *= 2 - UINT64_C(0x9e3779b97f4a7c15) * inverse;
	for (uint64_t i = 0; i < 200; i++)
		cr_assert_eq(trp_type_table_add(&table, inverse * (i + 1),
						&values[i]),
			     0);
	for (uint64_t i = 0; i < 200; i++)
		cr_assert_eq(trp_type_table_find(&table, inverse * (i + 1)),
			     &values[i]);
	cr_assert_null(trp_type_table_find(&table, inverse * 201));
	trp_type_table_check(&table);
	trp_type_table_fini(&table);
}

static void check(void *table)
{
	trp_type_table_check(table);
}

Test(type_table, its_check_sees_an_id_where_nobody_finds_it)
{
	struct trp_type_table table = { 0 };
	struct trp_type_entry *entry;

	cr_assert_eq(trp_type_table_add(&table, 7, &table), 0);
	cr_assert_not(aborts(check, &table));
	for (entry = table.entries; !entry->id; entry++)
		;
	entry->id = 8;
	cr_assert(aborts(check, &table));
	trp_type_table_fini(&table);
}
