/* SPDX-License-Identifier: MIT */
#include "serialize/reflect.h"
#include "serialize/reflect_write.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "serialize/message.h"
#include "tests/serialize/full.h"

static struct trp_scratch scratch;

static void begin(void)
{
	trp_scratch_init(&scratch, 0);
}

static void end(void)
{
}

TestSuite(reflect, .init = begin, .fini = end);

static ProtobufCMessage *read_as(const ProtobufCMessageDescriptor *type,
				 const char *text)
{
	struct trp_parse_error mistake = { 0 };
	ProtobufCMessage *message = NULL;
	int r = trp_reflect_read(type, text, strlen(text), &scratch, &message,
				 &mistake);

	cr_assert_eq(r, 0, "%s: %s", text, mistake.text);
	return message;
}

static bool is_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	size_t size = trp_message_size(a);
	void *first = malloc(size + 1), *second = malloc(size + 1);
	bool result = trp_message_size(b) == size;

	if (result) {
		trp_message_pack(a, first);
		trp_message_pack(b, second);
		result = memcmp(first, second, size) == 0;
	}
	free(first);
	free(second);
	return result;
}

static void check_back(const ProtobufCMessage *message)
{
	char *text = NULL;

	cr_assert_eq(trp_reflect_write(message, &text), 0);
	cr_assert(is_same(message, read_as(message->descriptor, text)), "%s",
		  text);
	free(text);
}

static void check_text(const ProtobufCMessageDescriptor *type, const char *read,
		       const char *written)
{
	char *text = NULL;

	cr_assert_eq(trp_reflect_write(read_as(type, read), &text), 0);
	cr_expect_str_eq(text, written);
	free(text);
}

Test(reflect, each_kind_of_field_comes_back)
{
	check_back(&full_message()->base);
}

/* ---- any message --------------------------------------------------------- */

static uint64_t random_bits(unsigned *seed)
{
	uint64_t bits = (uint64_t)rand_r(seed) << 42 ^
			(uint64_t)rand_r(seed) << 21 ^ (uint64_t)rand_r(seed);

	/* Small ones and borders as often as others. */
	switch (rand_r(seed) % 4) {
	case 0:
		return bits % 3;
	case 1:
		return -(bits % 3);
	case 2:
		return UINT64_C(1) << bits % 64;
	default:
		return bits;
	}
}

static char *random_text(unsigned *seed)
{
	static const char *const parts[] = {
		"a", "\"", "\\", "\n", "\x01", "\xc3\xa9", "\xf0\x9f\x98\x80",
		"/", "{"
	};
	char *text = trp_scratch_alloc(&scratch, 64);

	*text = '\0';
	for (int i = rand_r(seed) % 8; i > 0; i--)
		strcat(text, parts[rand_r(seed) % 9]);
	return text;
}

static ProtobufCMessage *random_message(unsigned *seed,
					const ProtobufCMessageDescriptor *type,
					int depth);

static void set_random(unsigned *seed, const ProtobufCFieldDescriptor *field,
		       void *item, int depth)
{
	ProtobufCBinaryData bytes;
	const ProtobufCEnumDescriptor *values = field->descriptor;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)item = random_text(seed);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bytes.data = (uint8_t *)random_text(seed);
		bytes.len = strlen((char *)bytes.data);
		*(ProtobufCBinaryData *)item = bytes;
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)item =
			random_message(seed, field->descriptor, depth - 1);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)item = rand_r(seed) % 2;
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int32_t *)item =
			rand_r(seed) % 4
				? values->values[(unsigned)rand_r(seed) %
						 values->n_values]
					  .value
				: 4711;
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		*(float *)item = (float)(int64_t)random_bits(seed) / 7;
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)item = (double)(int64_t)random_bits(seed) / 7;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		*(uint64_t *)item = random_bits(seed);
		break;
	default:
		*(uint32_t *)item = (uint32_t)random_bits(seed);
	}
}

static size_t size_of(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_BYTES  ? sizeof(ProtobufCBinaryData)
	       : type == PROTOBUF_C_TYPE_BOOL ? sizeof(protobuf_c_boolean)
	       : type == PROTOBUF_C_TYPE_INT64 ||
			       type == PROTOBUF_C_TYPE_SINT64 ||
			       type == PROTOBUF_C_TYPE_SFIXED64 ||
			       type == PROTOBUF_C_TYPE_UINT64 ||
			       type == PROTOBUF_C_TYPE_FIXED64 ||
			       type == PROTOBUF_C_TYPE_DOUBLE ||
			       type == PROTOBUF_C_TYPE_STRING ||
			       type == PROTOBUF_C_TYPE_MESSAGE
		       ? 8
		       : 4;
}

static void set_list(unsigned *seed, const ProtobufCFieldDescriptor *field,
		     char *message, int depth)
{
	size_t count = (size_t)rand_r(seed) % 4;
	size_t size = size_of(field->type);
	char *items = trp_scratch_alloc(&scratch, count * size + 1);

	for (size_t i = 0; i < count; i++)
		set_random(seed, field, items + i * size, depth);
	*(size_t *)(message + field->quantifier_offset) = count;
	if (count)
		*(void **)(message + field->offset) = items;
}

static ProtobufCMessage *random_message(unsigned *seed,
					const ProtobufCMessageDescriptor *type,
					int depth)
{
	ProtobufCMessage *message =
		trp_scratch_alloc(&scratch, type->sizeof_message);
	char *base = (char *)message;

	protobuf_c_message_init(type, message);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (rand_r(seed) % 3 == 0 ||
		    (depth == 0 && field->type == PROTOBUF_C_TYPE_MESSAGE))
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			set_list(seed, field, base, depth);
			continue;
		}
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (*(uint32_t *)(base + field->quantifier_offset))
				continue;
			*(uint32_t *)(base + field->quantifier_offset) =
				field->id;
		}
		set_random(seed, field, base + field->offset, depth);
	}
	return message;
}

Test(reflect, any_message_comes_back)
{
	unsigned seed = (unsigned)seed_of("reflect/any_message_comes_back");

	for (int i = 0; i < 3000; i++) {
		struct trp_scratch_mark mark = trp_scratch_mark(&scratch);

		check_back(random_message(&seed,
					  &sample__everything__descriptor, 4));
		trp_scratch_release(&scratch, mark);
	}
}

/* ---- the mapping --------------------------------------------------------- */

Test(reflect, numbers_are_read_in_each_form_that_proto3_allows)
{
	const ProtobufCMessageDescriptor *type = &sample__scalars__descriptor;

	check_text(type, "{\"an_int32\": 7}", "{\"an_int32\": 7}");
	check_text(type, "{\"anInt32\": \"-7\"}", "{\"an_int32\": -7}");
	check_text(type, "{\"an_int32\": 1e3}", "{\"an_int32\": 1000}");
	check_text(type, "{\"an_int64\": 7}", "{\"an_int64\": \"7\"}");
	check_text(type, "{\"an_int64\": \"-9223372036854775808\"}",
		   "{\"an_int64\": \"-9223372036854775808\"}");
	check_text(type, "{\"a_uint64\": \"18446744073709551615\"}",
		   "{\"a_uint64\": \"18446744073709551615\"}");
	check_text(type, "{\"a_float\": 0.1}", "{\"a_float\": 0.1}");
	check_text(type, "{\"a_double\": 3}", "{\"a_double\": 3.0}");
	check_text(type, "{\"a_double\": \"-Infinity\"}",
		   "{\"a_double\": \"-Infinity\"}");
	check_text(type, "{\"a_colour\": \"RED\"}", "{\"a_colour\": \"RED\"}");
	check_text(type, "{\"a_colour\": 1}", "{\"a_colour\": \"RED\"}");
	check_text(type, "{\"a_colour\": 99}", "{\"a_colour\": 99}");
	check_text(type, "{\"someBytes\": \"_-8\"}",
		   "{\"some_bytes\": \"/+8=\"}");
	check_text(type, "{\"a_bool\": true, \"a_string\": null}",
		   "{\"a_bool\": true}");
	check_text(type, "{\"a_bool\": false, \"an_int32\": 0}", "{}");
	check_text(&sample__choice__descriptor, "{\"number\": 0}",
		   "{\"number\": 0}");
	trp_scratch_fini(&scratch);
}

Test(reflect, a_map_is_read_as_an_object_or_as_its_entries)
{
	const ProtobufCMessageDescriptor *type = &sample__mapped__descriptor;
	static const char entries[] =
		"{\"counts\": [{\"key\": \"a\", \"value\": 1}, "
		"{\"key\": \"b\", \"value\": 2}]}";

	check_text(type, "{\"counts\": {\"a\": 1, \"b\": 2}}", entries);
	check_text(type, entries, entries);
	check_text(type, "{\"counts\": {}}", "{}");
	check_text(type, "{\"byNumber\": {\"-7\": {\"key\": \"x\"}}}",
		   "{\"by_number\": [{\"key\": -7, "
		   "\"value\": {\"key\": \"x\"}}]}");
	trp_scratch_fini(&scratch);
}

static void check_mistake(const char *text, const char *what)
{
	struct trp_parse_error mistake = { 0 };
	ProtobufCMessage *message = NULL;

	cr_expect_eq(trp_reflect_read(&sample__everything__descriptor, text,
				      strlen(text), &scratch, &message,
				      &mistake),
		     -EINVAL, "%s", text);
	cr_expect(strstr(mistake.text, what), "%s: %s", text, mistake.text);
	cr_expect_null(message);
	cr_expect_eq(trp_reflect_read(&sample__everything__descriptor, text,
				      strlen(text), &scratch, &message, NULL),
		     -EINVAL);
}

Test(reflect, a_mistake_is_said_with_its_place)
{
	check_mistake("{\"scalars\": {\"nothing\": 1}}",
		      "scalars.nothing: sample.Scalars has no such field; it "
		      "has a_double");
	check_mistake("{\"scalars\": {\"an_int32\": 2147483648}}",
		      "scalars.an_int32: wants an integer from -2147483648");
	check_mistake("{\"scalars\": {\"a_uint32\": -1}}",
		      "scalars.a_uint32: wants");
	check_mistake("{\"scalars\": {\"a_uint64\": \"18446744073709551616\"}}",
		      "scalars.a_uint64: wants");
	check_mistake("{\"scalars\": {\"an_int32\": 1.5}}", "an_int32: wants");
	check_mistake("{\"scalars\": {\"an_int32\": \"\"}}", "an_int32: wants");
	check_mistake("{\"scalars\": {\"a_float\": 1e300}}",
		      "scalars.a_float: beyond");
	check_mistake("{\"scalars\": {\"a_bool\": 1}}", "wants true or false");
	check_mistake("{\"scalars\": {\"a_colour\": \"GREEN\"}}",
		      "it has BLUE, NONE, RED");
	check_mistake("{\"scalars\": {\"some_bytes\": \"%\"}}", "base64");
	check_mistake("{\"scalars\": []}", "scalars: wants an object");
	check_mistake("{\"lists\": {\"ints\": [1, 2, \"x\"]}}",
		      "lists.ints[2]: wants");
	check_mistake("{\"lists\": {\"ints\": [null]}}", "lists.ints[0]: ");
	check_mistake("{\"lists\": {\"ints\": 1}}", "lists.ints: wants a list");
	check_mistake("{\"lists\": {\"scalars\": [{}, {\"a_bool\": 2}]}}",
		      "lists.scalars[1].a_bool: ");
	check_mistake("{\"choice\": {\"number\": 1, \"text\": \"\"}}",
		      "choice.text: another of its oneof");
	check_mistake("{\"scalars\": {\"an_int32\": 1, \"anInt32\": 1}}",
		      "scalars.anInt32: is given twice");
	check_mistake("{\"scalars\": }", "unexpected token");
	check_mistake("3", "wants an object, a sample.Everything");
	check_mistake("", "");
}

Test(reflect, nesting_is_bounded_both_ways)
{
	Sample__Tree tree[TRP_REFLECT_DEPTH + 1];
	char text[4096] = "", *written;
	struct trp_parse_error mistake = { 0 };
	ProtobufCMessage *message;

	for (int i = 0; i <= TRP_REFLECT_DEPTH; i++) {
		sample__tree__init(&tree[i]);
		if (i)
			tree[i].left = &tree[i - 1];
		strcat(text, "{\"left\": ");
	}
	strcat(text, "{}");
	for (int i = 0; i <= TRP_REFLECT_DEPTH; i++)
		strcat(text, "}");
	cr_expect_eq(trp_reflect_read(&sample__tree__descriptor, text,
				      strlen(text), &scratch, &message,
				      &mistake),
		     -EINVAL);
	cr_expect(strstr(mistake.text, "nested deeper"), "%s", mistake.text);
	cr_expect_eq(trp_reflect_write(&tree[TRP_REFLECT_DEPTH].base, &written),
		     -EINVAL);
	check_back(&tree[TRP_REFLECT_DEPTH - 1].base);
}

Test(reflect, what_does_not_fit_into_the_scratch_is_no_memory)
{
	struct trp_scratch small;
	ProtobufCMessage *message;
	char text[8200] = "{\"scalars\": {\"a_string\": \"";

	memset(text + strlen(text), 'x', 8000);
	strcat(text, "\"}}");
	trp_scratch_init(&small, 4096);
	cr_expect_eq(trp_reflect_read(&sample__everything__descriptor, text,
				      strlen(text), &small, &message, NULL),
		     -ENOMEM);
	trp_scratch_fini(&small);
}
