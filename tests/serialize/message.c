/* SPDX-License-Identifier: MIT */
#include "serialize/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/serialize/full.h"
#include "tests/support/needed.pb-c.h"

enum { ROOM = 4096 };

static struct trp_scratch scratch;

static void set_up(void)
{
	trp_scratch_init(&scratch, 16 << 20);
}

static void tear_down(void)
{
	trp_scratch_fini(&scratch);
}

TestSuite(message, .init = set_up, .fini = tear_down);

static size_t pack_full(unsigned char *bytes)
{
	size_t size = trp_message_size(&full_message()->base);

	cr_assert_leq(size, ROOM);
	cr_assert_eq(trp_message_pack(&full_message()->base, bytes), size);
	return size;
}

/* `message` as its receiver gets it. */
static void *travel(const ProtobufCMessage *message)
{
	size_t size = trp_message_size(message);
	unsigned char *bytes = malloc(size + 1);
	ProtobufCMessage *unpacked = NULL;

	cr_assert_eq(trp_message_pack(message, bytes), size);
	cr_assert_eq(trp_message_unpack(message->descriptor, bytes, size,
					&scratch, &unpacked),
		     0);
	memset(bytes, 0xa5, size);
	free(bytes);
	return unpacked;
}

Test(message, every_kind_of_field_comes_back)
{
	unsigned char sent[ROOM], back[ROOM];
	size_t size = pack_full(sent);
	const Sample__Scalars *a = full_message()->scalars, *b;
	Sample__Everything *unpacked = travel(&full_message()->base);

	cr_assert_eq(trp_message_size(&unpacked->base), size);
	trp_message_pack(&unpacked->base, back);
	cr_assert_eq(memcmp(sent, back, size), 0);

	b = unpacked->scalars;
	cr_assert_eq(a->a_double, b->a_double);
	cr_assert_eq(a->a_float, b->a_float);
	cr_assert_eq(a->an_int32, b->an_int32);
	cr_assert_eq(a->an_int64, b->an_int64);
	cr_assert_eq(a->a_uint32, b->a_uint32);
	cr_assert_eq(a->a_uint64, b->a_uint64);
	cr_assert_eq(a->a_sint32, b->a_sint32);
	cr_assert_eq(a->a_sint64, b->a_sint64);
	cr_assert_eq(a->a_fixed32, b->a_fixed32);
	cr_assert_eq(a->a_fixed64, b->a_fixed64);
	cr_assert_eq(a->a_sfixed32, b->a_sfixed32);
	cr_assert_eq(a->a_sfixed64, b->a_sfixed64);
	cr_assert_eq(a->a_bool, b->a_bool);
	cr_assert_eq(a->a_colour, b->a_colour);
	cr_assert_str_eq(a->a_string, b->a_string);
	cr_assert_eq(unpacked->choice->of_case, SAMPLE__CHOICE__OF_TREE);
	cr_assert_eq(unpacked->choice->tree->n_children, 3);
	cr_assert_eq(unpacked->lists->n_signeds, 5);
	cr_assert_eq(unpacked->lists->signeds[4], INT64_MIN);
	cr_assert_str_eq(unpacked->lists->entries[1]->key, "key");
}

Test(message, nul_and_0xff_are_bytes_like_others)
{
	uint8_t all[512];
	Sample__Bytes message = SAMPLE__BYTES__INIT, *back;

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(255 - i);
	message.bytes.data = all;
	message.bytes.len = sizeof(all);
	back = travel(&message.base);
	cr_assert_eq(back->bytes.len, sizeof(all));
	cr_assert_eq(memcmp(back->bytes.data, all, sizeof(all)), 0);
}

Test(message, each_choice_of_a_oneof_comes_back)
{
	Sample__Choice choice = SAMPLE__CHOICE__INIT, *back;

	back = travel(&choice.base);
	cr_assert_eq(back->of_case, SAMPLE__CHOICE__OF__NOT_SET);
	choice.of_case = SAMPLE__CHOICE__OF_NUMBER;
	choice.number = 0;
	back = travel(&choice.base);
	cr_assert_eq(back->of_case, SAMPLE__CHOICE__OF_NUMBER);
	choice.of_case = SAMPLE__CHOICE__OF_TEXT;
	choice.text = (char *)"text";
	back = travel(&choice.base);
	cr_assert_str_eq(back->text, "text");
}

Test(message, an_empty_body_is_a_message_of_defaults)
{
	Sample__Empty empty = SAMPLE__EMPTY__INIT;
	ProtobufCMessage *message;
	Sample__Scalars *scalars;

	cr_assert_eq(trp_message_size(&empty.base), 0);
	cr_assert_eq(trp_message_unpack(&sample__empty__descriptor, NULL, 0,
					&scratch, &message),
		     0);
	cr_assert_eq(trp_message_unpack(&sample__scalars__descriptor, NULL, 0,
					&scratch, &message),
		     0);
	scalars = (Sample__Scalars *)message;
	cr_assert_str_eq(scalars->a_string, "");
}

Test(message, a_null_string_is_packed_as_an_empty_one)
{
	Sample__Entry entry = SAMPLE__ENTRY__INIT, *back;

	entry.key = NULL;
	back = travel(&entry.base);
	cr_assert_str_eq(back->key, "");
	cr_assert_null(back->value);
}

Test(message, arguments_that_are_no_message_are_told)
{
	Sample__Empty empty = SAMPLE__EMPTY__INIT;
	ProtobufCMessageDescriptor unmagic = sample__empty__descriptor;
	ProtobufCMessage bad = { .descriptor = NULL };

	cr_assert(trp_message_is_valid(&empty.base));
	cr_assert_not(trp_message_is_valid(NULL));
	cr_assert_not(trp_message_is_valid(&bad));
	unmagic.magic ^= 1;
	bad.descriptor = &unmagic;
	cr_assert_not(trp_message_is_valid(&bad));
}

Test(message, unknown_fields_are_kept_and_sent_on)
{
	Sample__EntryLater later = SAMPLE__ENTRY_LATER__INIT, *back;
	unsigned char bytes[256], on[256];
	ProtobufCMessage *entry, *again;
	size_t size;

	later.key = (char *)"key";
	later.number = 1ull << 60;
	later.text = (char *)"text";
	later.word = 1;
	later.longer = 2;
	size = trp_message_pack(&later.base, bytes);
	cr_assert_eq(trp_message_unpack(&sample__entry__descriptor, bytes, size,
					&scratch, &entry),
		     0);
	cr_assert_eq(entry->n_unknown_fields, 4);
	cr_assert_eq(trp_message_size(entry), size);
	cr_assert_eq(trp_message_pack(entry, on), size);
	cr_assert_eq(trp_message_unpack(&sample__entry_later__descriptor, on,
					size, &scratch, &again),
		     0);
	back = (Sample__EntryLater *)again;
	cr_assert_eq(back->number, later.number);
	cr_assert_str_eq(back->text, "text");
	cr_assert_eq(back->longer, 2);
}

Test(message, without_a_required_field_is_bad)
{
	static const unsigned char number[] = { 8, 1 }, text[] = { 18, 0 },
				   both[] = { 18, 0, 8, 1 };
	ProtobufCMessage *message;
	const ProtobufCMessageDescriptor *type = &sample__needed__descriptor;

	cr_assert_eq(trp_message_unpack(type, number, sizeof(number), &scratch,
					&message),
		     -EBADMSG);
	cr_assert_eq(trp_message_unpack(type, text, sizeof(text), &scratch,
					&message),
		     -EBADMSG);
	cr_assert_eq(trp_message_unpack(type, NULL, 0, &scratch, &message),
		     -EBADMSG);
	cr_assert_eq(trp_message_unpack(type, both, sizeof(both), &scratch,
					&message),
		     0);
	cr_assert_eq(((Sample__Needed *)message)->maybe, 7);
}

/* Arbitrary bytes, unpacked in place before an unmapped page. */
static int try_unpack(const unsigned char *bytes, size_t size)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&scratch);
	ProtobufCMessage *message = NULL;
	unsigned char *packed;
	int r;

	r = trp_message_unpack_private(&sample__everything__descriptor, bytes,
				       size, &scratch, &message);
	cr_assert(r == 0 || r == -EBADMSG, "%d", r);
	cr_assert_eq(r == 0, message != NULL);
	if (r == 0) {
		packed = malloc(trp_message_size(message) + 1);
		cr_assert_eq(trp_message_pack(message, packed),
			     trp_message_size(message));
		free(packed);
	} else {
		cr_assert_eq(trp_scratch_mark(&scratch).used, mark.used);
	}
	trp_scratch_release(&scratch, mark);
	return r;
}

Test(message, every_truncation_is_valid_or_bad)
{
	unsigned char sent[ROOM];
	size_t size = pack_full(sent), bad = 0;

	for (size_t keep = 0; keep <= size; keep++) {
		unsigned char *bytes = guarded_new(keep);

		memcpy(bytes, sent, keep);
		bad += try_unpack(bytes, keep) < 0;
		guarded_free(bytes, keep);
	}
	cr_assert_gt(bad, size / 2);
}

static void mutate(unsigned char *bytes, size_t size, unsigned short random[3])
{
	static const unsigned char edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned times = 1 + (unsigned)nrand48(random) % 4;

	while (times-- > 0) {
		size_t at = (size_t)nrand48(random) % size;

		switch (nrand48(random) % 4) {
		case 0:
			bytes[at] ^= (unsigned char)(1 << nrand48(random) % 8);
			break;
		case 1:
			bytes[at] = (unsigned char)nrand48(random);
			break;
		case 2:
			bytes[at] = edges[nrand48(random) % 5];
			break;
		case 3:
			memmove(bytes + at,
				bytes + (size_t)nrand48(random) % (at + 1),
				size - at);
			break;
		}
	}
}

Test(message, a_hundred_thousand_mutations_are_valid_or_bad)
{
	unsigned long seed = seed_of("message/a_hundred_thousand_*");
	unsigned short random[3] = { (unsigned short)seed,
				     (unsigned short)(seed >> 16), 0 };
	unsigned char sent[ROOM], *bytes;
	size_t size = pack_full(sent), good = 0;

	bytes = guarded_new(size);
	for (int i = 0; i < 100000; i++) {
		memcpy(bytes, sent, size);
		mutate(bytes, size, random);
		good += try_unpack(bytes, size) == 0;
	}
	guarded_free(bytes, size);
	cr_assert_gt(good, 100);
	cr_assert_lt(good, 99900);
}

Test(message, unpacking_calls_neither_malloc_nor_free_when_warm)
{
	unsigned char bytes[ROOM];
	size_t size = pack_full(bytes), before = 0;
	ProtobufCMessage *message;
	int failures = 0;

	for (int i = 0; i < 1000; i++) {
		struct trp_scratch_mark mark = trp_scratch_mark(&scratch);

		if (i == 1)
			before = heap_calls();
		failures +=
			trp_message_unpack(&sample__everything__descriptor,
					   bytes, size, &scratch, &message) < 0;
		trp_scratch_release(&scratch, mark);
	}
	cr_expect_eq(heap_calls(), before);
	cr_expect_eq(failures, 0);
}

Test(message, a_message_unpacked_inside_another_s_handler_leaves_it_whole)
{
	Sample__Everything *outer = travel(&full_message()->base);
	struct trp_scratch_mark mark = trp_scratch_mark(&scratch);

	for (int i = 0; i < 50; i++)
		travel(&full_message()->base);
	trp_scratch_release(&scratch, mark);
	travel(&full_message()->base);
	cr_assert_str_eq(outer->scalars->a_string, "gr\xc3\xbc\xc3\x9f");
	cr_assert_eq(outer->lists->longs[3], UINT64_MAX);
}

/* Two bytes each that become a message of some 450 bytes. */
Test(message, a_bomb_is_refused_within_the_bound)
{
	enum { BOMB = 1 << 20, BOUND = 4 << 20 };
	unsigned char *bytes = malloc(BOMB);
	struct trp_scratch bounded;
	struct trp_scratch_mark mark;
	ProtobufCMessage *message;

	trp_scratch_init(&bounded, BOUND);
	mark = trp_scratch_mark(&bounded);
	for (size_t i = 0; i < BOMB; i += 2) {
		bytes[i] = 10 << 3 | 2; /* Lists.scalars, of no bytes */
		bytes[i + 1] = 0;
	}
	cr_assert_eq(trp_message_unpack(&sample__lists__descriptor, bytes, BOMB,
					&bounded, &message),
		     -ENOMEM);
	cr_assert_leq(bounded.held, TRP_SCRATCH_KEPT);
	cr_assert_eq(trp_scratch_mark(&bounded).used, mark.used);
	cr_assert_eq(trp_message_unpack(&sample__lists__descriptor, bytes, 2000,
					&bounded, &message),
		     0);
	trp_scratch_fini(&bounded);
	free(bytes);
}

Test(message, a_body_larger_than_the_scratch_is_refused)
{
	unsigned char *bytes = calloc(1, 17 << 20);
	ProtobufCMessage *message;

	cr_assert_eq(trp_message_unpack(&sample__bytes__descriptor, bytes,
					17 << 20, &scratch, &message),
		     -ENOMEM);
	cr_assert_eq(trp_message_unpack_private(&sample__bytes__descriptor,
						bytes, 1ul << 31, &scratch,
						&message),
		     -EBADMSG);
	free(bytes);
}

/* `levels` nested messages; returns their start in `bytes`. */
static unsigned char *nest(unsigned char *bytes, size_t size, unsigned levels,
			   unsigned char field)
{
	unsigned char *end = bytes + size, *at = end;

	for (unsigned i = 0; i < levels; i++) {
		size_t length = (size_t)(end - at);
		unsigned char prefix[5];
		unsigned n = 0;

		for (; length >= 0x80; length >>= 7)
			prefix[n++] = (unsigned char)(length | 0x80);
		prefix[n++] = (unsigned char)length;
		at -= n;
		memcpy(at, prefix, n);
		*--at = (unsigned char)(field << 3 | 2);
	}
	return at;
}

static int unpack_nested(unsigned levels, unsigned char field)
{
	size_t size = 6ul * levels;
	unsigned char *bytes = malloc(size);
	unsigned char *at = nest(bytes, size, levels, field);
	ProtobufCMessage *message;
	int r;

	r = trp_message_unpack(&sample__tree__descriptor, at,
			       (size_t)(bytes + size - at), &scratch, &message);
	free(bytes);
	return r;
}

Test(message, a_hundred_levels_are_unpacked_and_a_hundred_thousand_refused)
{
	cr_assert_eq(unpack_nested(100, 2), 0);
	cr_assert_eq(unpack_nested(100, 4), 0);
	cr_assert_eq(unpack_nested(1000, 2), -EBADMSG);
	cr_assert_eq(unpack_nested(100000, 2), -EBADMSG);
	cr_assert_eq(unpack_nested(100000, 4), -EBADMSG);
}

/*
 * For bytes that change, protobuf-c 1.4.1 allocates one element and stores ten.
 * This is why bodies are copied; if this fails, the library was fixed.
 */
struct meddler {
	unsigned char bytes[12];
	size_t room;
	_Alignas(16) unsigned char memory[4096];
	size_t used;
};

static void *meddle(void *data, size_t size)
{
	struct meddler *meddler = data;
	void *memory = meddler->memory + meddler->used;

	if (meddler->used > 0) {
		meddler->room = size;
		memset(meddler->bytes + 2, 0, 10);
	}
	meddler->used += (size + 15) & ~15ul;
	return memory;
}

static void forget(void *data, void *memory)
{
}

Test(message, protobuf_c_overflows_where_bytes_change_under_it)
{
	struct meddler meddler = {
		.bytes = { 2 << 3 | 2, 10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
			   0x80, 0x80, 0x80, 0 },
	};
	ProtobufCAllocator allocator = { meddle, forget, &meddler };
	ProtobufCMessage *message;

	message = protobuf_c_message_unpack(&sample__lists__descriptor,
					    &allocator, sizeof(meddler.bytes),
					    meddler.bytes);
	cr_assert_not_null(message);
	cr_assert_eq(meddler.room, sizeof(int32_t));
	cr_assert_eq(((Sample__Lists *)message)->n_ints, 10);
}

enum { VARINTS = 2000 };

struct shared {
	unsigned char bytes[3 + VARINTS];
	atomic_bool is_over;
};

/* In turn one byte each, and ten bytes each. */
static void *keep_changing(void *data)
{
	struct shared *shared = data;

	while (!atomic_load_explicit(&shared->is_over, memory_order_relaxed)) {
		memset(shared->bytes + 3, 0x80, VARINTS);
		for (int i = 9; i < VARINTS; i += 10)
			shared->bytes[3 + i] = 0;
		atomic_signal_fence(memory_order_seq_cst);
		memset(shared->bytes + 3, 0, VARINTS);
		atomic_signal_fence(memory_order_seq_cst);
	}
	return NULL;
}

Test(message, a_peer_that_changes_the_bytes_meanwhile_overflows_nothing)
{
	static struct shared shared;
	size_t good = 0;
	pthread_t thread;

	shared.bytes[0] = 2 << 3 | 2;
	shared.bytes[1] = (VARINTS & 0x7f) | 0x80;
	shared.bytes[2] = VARINTS >> 7;
	cr_assert_eq(pthread_create(&thread, NULL, keep_changing, &shared), 0);
	for (int i = 0; i < 30000; i++) {
		struct trp_scratch_mark mark = trp_scratch_mark(&scratch);
		ProtobufCMessage *message;
		Sample__Lists *lists;

		/* The array is allocated last, so its end follows. */
		if (trp_message_unpack(&sample__lists__descriptor, shared.bytes,
				       sizeof(shared.bytes), &scratch,
				       &message) == 0) {
			lists = (Sample__Lists *)message;
			good++;
			cr_assert_leq(
				(uintptr_t)(lists->ints + lists->n_ints),
				(uintptr_t)trp_scratch_alloc(&scratch, 16));
		}
		trp_scratch_release(&scratch, mark);
	}
	atomic_store_explicit(&shared.is_over, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	cr_assert_gt(good, 0);
}
