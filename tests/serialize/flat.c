/* SPDX-License-Identifier: MIT */
#include "serialize/flat.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/serialize/full.h"
#include "tests/support/needed.pb-c.h"

/* A flat message is the same to protobuf-c, in both directions. */

enum { ROOM = 4096 };

static struct trp_scratch scratch;

static void set_up(void)
{
	trp_scratch_init(&scratch, 1 << 20);
}

static void tear_down(void)
{
	trp_scratch_fini(&scratch);
}

TestSuite(flat, .init = set_up, .fini = tear_down);

static const ProtobufCMessageDescriptor *const types[] = {
	&sample__scalars__descriptor, &sample__bytes__descriptor,
	&sample__choice__descriptor,  &sample__needed__descriptor,
	&sample__older__descriptor,   &sample__entry__descriptor,
	&sample__empty__descriptor,
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static unsigned short state[3];

static unsigned below(unsigned bound)
{
	return (unsigned)nrand48(state) % bound;
}

/* Of any length, and often an edge. */
static uint64_t some_number(void)
{
	uint64_t bits =
		(uint64_t)jrand48(state) << 32 ^ (uint32_t)jrand48(state);

	switch (below(4)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX >> below(64);
	case 2:
		return UINT64_C(1) << below(64);
	}
	return bits >> below(64);
}

static void set_field(ProtobufCMessage *message,
		      const ProtobufCFieldDescriptor *field)
{
	static char texts[8][300];
	char *at = (char *)message + field->offset;
	char *text = texts[below(8)];
	size_t length = below(3) ? below(20) : below(299);
	uint64_t number = some_number();
	protobuf_c_boolean is_true = below(2);

	memset(text, 'a' + (int)below(26), length);
	text[length] = '\0';
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		memcpy(at, &is_true, sizeof(is_true));
		return;
	case PROTOBUF_C_TYPE_STRING:
		*(char **)at = below(4) ? text : NULL;
		return;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)at =
			(ProtobufCBinaryData) { length, (uint8_t *)text };
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		memcpy(at, &number, sizeof(number));
		return;
	default:
		memcpy(at, &number, 4);
	}
}

/* A message of that type with some fields set; for none of a list. */
static void make(ProtobufCMessage *message,
		 const ProtobufCMessageDescriptor *type)
{
	protobuf_c_message_init(type, message);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		uint32_t *quantifier =
			(void *)((char *)message + field->quantifier_offset);

		if (field->label == PROTOBUF_C_LABEL_REPEATED || below(3) == 0)
			continue;
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (*quantifier)
				continue;
			*quantifier = field->id;
		} else if (field->label == PROTOBUF_C_LABEL_OPTIONAL &&
			   field->quantifier_offset) {
			*quantifier = below(2);
		}
		set_field(message, field);
	}
}

/* By protobuf-c, both ways; false: it is not flat. */
static bool is_the_same_in(const ProtobufCMessageDescriptor *type,
			   const unsigned char *bytes, size_t size)
{
	static unsigned char mine[2 * ROOM], theirs[2 * ROOM];
	struct trp_scratch_mark mark = trp_scratch_mark(&scratch);
	ProtobufCMessage *message, *reference;
	struct trp_flat flat;
	size_t packed;
	int r = trp_flat_unpack(type, bytes, size, &scratch, &message);

	if (r == 0) {
		reference = protobuf_c_message_unpack(type, NULL, size, bytes);
		cr_assert_not_null(reference, "%s", type->name);
		packed = protobuf_c_message_get_packed_size(reference);
		cr_assert_lt(packed, ROOM);
		protobuf_c_message_pack(reference, theirs);
		protobuf_c_message_free_unpacked(reference, NULL);
		cr_assert_eq(protobuf_c_message_pack(message, mine), packed);
		cr_assert_eq(memcmp(mine, theirs, packed), 0, "%s", type->name);
		cr_assert(trp_flat_measure(message, &flat));
		cr_assert_eq(flat.size, packed);
		cr_assert_eq(trp_flat_pack(message, &flat, mine), packed);
		cr_assert_eq(memcmp(mine, theirs, packed), 0, "%s", type->name);
	}
	cr_assert(r == 0 || r == TRP_NOT_FLAT);
	trp_scratch_release(&scratch, mark);
	return r == 0;
}

static void spoil(unsigned char *bytes, size_t size)
{
	static const unsigned char edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at = below((unsigned)size);

	if (below(2))
		bytes[at] ^= (unsigned char)(1 << below(8));
	else
		bytes[at] = edges[below(5)];
}

Test(flat, two_hundred_thousand_messages_are_the_same_to_protobuf_c)
{
	unsigned long seed = seed_of("flat/two_hundred_*");
	static unsigned char mine[ROOM], theirs[ROOM];
	_Alignas(16) static unsigned char memory[1024];
	ProtobufCMessage *message = (void *)memory;
	unsigned flats[TYPES] = { 0 }, spoilt = 0;

	state[0] = (unsigned short)seed;
	state[1] = (unsigned short)(seed >> 16);
	for (unsigned i = 0; i < 200000; i++) {
		const ProtobufCMessageDescriptor *type = types[i % TYPES];
		struct trp_flat flat;
		size_t size, packed;

		cr_assert_leq(type->sizeof_message, sizeof(memory));
		make(message, type);
		packed = protobuf_c_message_get_packed_size(message);
		cr_assert_lt(packed, ROOM);
		protobuf_c_message_pack(message, theirs);
		cr_assert(trp_flat_measure(message, &flat));
		size = flat.size;
		cr_assert_eq(size, packed, "%s: %zu, not %zu", type->name, size,
			     packed);
		cr_assert_eq(trp_flat_pack(message, &flat, mine), size);
		cr_assert_eq(memcmp(mine, theirs, size), 0, "%s", type->name);
		flats[i % TYPES] += is_the_same_in(type, mine, size);
		if (!size)
			continue;
		spoil(mine, size);
		spoilt += is_the_same_in(type, mine, size);
	}
	for (unsigned i = 0; i < TYPES; i++)
		cr_assert_gt(flats[i], 200000 / TYPES / 2);
	cr_assert_gt(spoilt, 1000);
}

/* As protobuf-c's own tests have them: longer than need be, and cut. */
Test(flat, varints_of_each_length_are_the_same_to_protobuf_c)
{
	unsigned char *bytes = guarded_new(12);

	for (unsigned field = 1; field <= 15; field++) {
		for (size_t length = 1; length <= 11; length++) {
			unsigned char *at = bytes + 12 - 1 - length;

			for (unsigned last = 0; last < 256; last++) {
				at[0] = (unsigned char)(field << 3);
				memset(at + 1, 0x80 + (int)(last % 3), length);
				at[length] = (unsigned char)last;
				is_the_same_in(&sample__scalars__descriptor, at,
					       length + 1);
			}
		}
	}
	guarded_free(bytes, 12);
}

Test(flat, lists_nested_messages_and_unknown_fields_are_not_flat)
{
	static unsigned char bytes[ROOM];
	const Sample__Everything *full = full_message();
	const ProtobufCMessage *const others[] = { &full->base,
						   &full->lists->base,
						   &full->choice->base };
	Sample__EntryLater later = SAMPLE__ENTRY_LATER__INIT;
	Sample__Entry *entry;
	ProtobufCMessage *message;
	struct trp_flat flat;
	size_t size;

	for (int i = 0; i < 3; i++) {
		cr_assert_not(trp_flat_measure(others[i], &flat));
		size = protobuf_c_message_pack(others[i], bytes);
		cr_assert_eq(trp_flat_unpack(others[i]->descriptor, bytes, size,
					     &scratch, &message),
			     TRP_NOT_FLAT);
	}
	later.number = 1;
	size = protobuf_c_message_pack(&later.base, bytes);
	cr_assert_eq(trp_flat_unpack(&sample__entry__descriptor, bytes, size,
				     &scratch, &message),
		     TRP_NOT_FLAT);
	entry = sample__entry__unpack(NULL, size, bytes);
	cr_assert_not(trp_flat_measure(&entry->base, &flat));
	sample__entry__free_unpacked(entry, NULL);
	cr_assert_null(trp_scratch_mark(&scratch).chunk);
}

Test(flat, a_text_for_which_there_is_no_memory_is_an_error)
{
	unsigned char *bytes = calloc(1, 2 << 20);
	ProtobufCMessage *message;

	bytes[0] = 1 << 3 | 2;
	memcpy(bytes + 1, "\xf8\xff\x7f", 3); /* 2 MiB - 8 */
	cr_assert_eq(trp_flat_unpack(&sample__bytes__descriptor, bytes,
				     (2 << 20) - 4, &scratch, &message),
		     -ENOMEM);
	cr_assert_null(trp_scratch_mark(&scratch).chunk);
	free(bytes);
}
