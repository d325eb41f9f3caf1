/* SPDX-License-Identifier: MIT */
#include "serialize/flat.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

enum {
	FIELDS_MAX = 64, /* bits of a mask */
	LENGTH_MAX = 5,	 /* bytes of a length */
	VARINT_MAX = 10,
	NO_WIRE_TYPE = 8,
};

static const uint8_t wire_types[] = {
	[PROTOBUF_C_TYPE_INT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_SINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_SFIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
	[PROTOBUF_C_TYPE_INT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_SINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_SFIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
	[PROTOBUF_C_TYPE_UINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_FIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
	[PROTOBUF_C_TYPE_UINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_FIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
	[PROTOBUF_C_TYPE_FLOAT] = PROTOBUF_C_WIRE_TYPE_32BIT,
	[PROTOBUF_C_TYPE_DOUBLE] = PROTOBUF_C_WIRE_TYPE_64BIT,
	[PROTOBUF_C_TYPE_BOOL] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_ENUM] = PROTOBUF_C_WIRE_TYPE_VARINT,
	[PROTOBUF_C_TYPE_STRING] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
	[PROTOBUF_C_TYPE_BYTES] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
	[PROTOBUF_C_TYPE_MESSAGE] = NO_WIRE_TYPE,
};

/* ---- packing ------------------------------------------------------------- */

static const void *at(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

static uint32_t word(const void *member)
{
	return *(const uint32_t *)member;
}

static uint64_t long_word(const void *member)
{
	return *(const uint64_t *)member;
}

static const char *pointer(const void *member)
{
	return *(const char *const *)member;
}

/* proto3 without `optional`: 0 is not written, nor is -0.0. */
static bool is_zero(ProtobufCType type, const void *member)
{
	switch (type) {
	case PROTOBUF_C_TYPE_FLOAT:
		return *(const float *)member == 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)member == 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return long_word(member) == 0;
	case PROTOBUF_C_TYPE_STRING:
		return !pointer(member) || !*pointer(member);
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return !pointer(member);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		break;
	}
	return word(member) == 0;
}

static bool is_written(const ProtobufCMessage *message,
		       const ProtobufCFieldDescriptor *field)
{
	const void *member = at(message, field->offset);
	const void *quantifier = at(message, field->quantifier_offset);
	bool is_oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;

	if (field->label == PROTOBUF_C_LABEL_NONE && !is_oneof)
		return !is_zero(field->type, member);
	if (field->label == PROTOBUF_C_LABEL_REQUIRED)
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)quantifier != 0;
	if (is_oneof && word(quantifier) != field->id)
		return false;
	if (field->type == PROTOBUF_C_TYPE_STRING ||
	    field->type == PROTOBUF_C_TYPE_MESSAGE)
		return pointer(member) &&
		       pointer(member) != field->default_value;
	return is_oneof || word(quantifier);
}

static uint64_t zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

/* Of a varint. */
static uint64_t number_of(ProtobufCType type, const void *member)
{
	switch ((int)type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		return (uint64_t)(int32_t)word(member);
	case PROTOBUF_C_TYPE_UINT32:
		return word(member);
	case PROTOBUF_C_TYPE_SINT32:
		return zigzag((int32_t)word(member));
	case PROTOBUF_C_TYPE_SINT64:
		return zigzag((int64_t)long_word(member));
	case PROTOBUF_C_TYPE_BOOL:
		return word(member) != 0;
	}
	return long_word(member);
}

static ProtobufCBinaryData bytes_of(ProtobufCType type, const void *member)
{
	const char *string = pointer(member);

	if (type == PROTOBUF_C_TYPE_BYTES)
		return *(const ProtobufCBinaryData *)member;
	return (ProtobufCBinaryData) { string ? strlen(string) : 0,
				       (uint8_t *)string };
}

static size_t varint_size(uint64_t number)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1);

	return (bits + 6) / 7;
}

static inline size_t tag_size(uint32_t id)
{
	return id < 16 ? 1 : varint_size((uint64_t)id << 3);
}

/* 0: it is not flat. */
static inline size_t field_size(const ProtobufCFieldDescriptor *field,
				const void *member)
{
	size_t size = tag_size(field->id), length;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return 0;
	switch (wire_types[field->type]) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return size + varint_size(number_of(field->type, member));
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return size + 4;
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return size + 8;
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		length = bytes_of(field->type, member).len;
		return size + varint_size(length) + length;
	}
	return 0;
}

bool trp_flat_measure(const ProtobufCMessage *message,
		      struct trp_flat *ret_flat)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	struct trp_flat flat = { 0 };

	if (message->n_unknown_fields || type->n_fields > FIELDS_MAX)
		return false;
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		size_t size;

		if (!is_written(message, field))
			continue;
		size = field_size(field, at(message, field->offset));
		if (!size)
			return false;
		flat.size += size;
		flat.written |= UINT64_C(1) << i;
	}
	*ret_flat = flat;
	return true;
}

static uint8_t *put_varint(uint8_t *to, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*to++ = (uint8_t)(number | 0x80);
	*to++ = (uint8_t)number;
	return to;
}

static uint8_t *put_bytes(uint8_t *to, ProtobufCBinaryData bytes)
{
	to = put_varint(to, bytes.len);
	if (bytes.len)
		memcpy(to, bytes.data, bytes.len);
	return to + bytes.len;
}

static uint8_t *put_field(uint8_t *to, const ProtobufCFieldDescriptor *field,
			  const void *member)
{
	unsigned wire_type = wire_types[field->type];

	to = put_varint(to, (uint64_t)field->id << 3 | wire_type);
	switch (wire_type) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return put_varint(to, number_of(field->type, member));
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		memcpy(to, member, 4);
		return to + 4;
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		memcpy(to, member, 8);
		return to + 8;
	}
	return put_bytes(to, bytes_of(field->type, member));
}

size_t trp_flat_pack(const ProtobufCMessage *message,
		     const struct trp_flat *flat, void *bytes)
{
	const ProtobufCFieldDescriptor *fields = message->descriptor->fields;
	uint64_t written = flat->written;
	uint8_t *to = bytes;

	for (; written; written &= written - 1) {
		const ProtobufCFieldDescriptor *field =
			&fields[__builtin_ctzll(written)];

		to = put_field(to, field, at(message, field->offset));
	}
	return (size_t)(to - (uint8_t *)bytes);
}

/* ---- unpacking ----------------------------------------------------------- */

/* Bytes that a peer can write at any time; NULL: not as expected. */
typedef const uint8_t *place;

/* One message; strings and bytes are copied when all else is known. */
struct unpacking {
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message;
	place end;
	uint64_t seen, texts; /* fields; those of strings or bytes */
	struct text {
		place bytes;
		size_t size;
	} text[FIELDS_MAX];
};

static uint8_t load(place from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static place read_long_varint(place from, place end, unsigned most,
			      uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 7 * most && from < end; shift += 7) {
		uint8_t byte = load(from++);

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_number = number;
			return shift < 63 || byte <= 1 ? from : NULL;
		}
	}
	return NULL;
}

/* Of `most` bytes at most. */
static inline place read_varint(place from, place end, unsigned most,
				uint64_t *ret_number)
{
	uint8_t byte;

	if (from == end)
		return NULL;
	byte = load(from);
	*ret_number = byte;
	if (byte < 0x80)
		return from + 1;
	/* The byte is read again, and the first value forgotten. */
	return read_long_varint(from, end, most, ret_number);
}

static place read_word(place from, place end, void *member, size_t size)
{
	if ((size_t)(end - from) < size)
		return NULL;
	memcpy(member, from, size);
	return from + size;
}

static place read_text(struct unpacking *unpacking, place from, unsigned index)
{
	uint64_t size;

	from = read_varint(from, unpacking->end, LENGTH_MAX, &size);
	if (!from || size > (size_t)(unpacking->end - from))
		return NULL;
	unpacking->text[index] = (struct text) { from, size };
	unpacking->texts |= UINT64_C(1) << index;
	return from + size;
}

static place read_number(place from, place end, ProtobufCType type,
			 void *member)
{
	uint64_t number;

	from = read_varint(from, end, VARINT_MAX, &number);
	if (!from)
		return NULL;
	switch ((int)type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		*(uint32_t *)member = (uint32_t)number;
		return from;
	case PROTOBUF_C_TYPE_SINT32:
		*(uint32_t *)member =
			(uint32_t)number >> 1 ^ -((uint32_t)number & 1);
		return from;
	case PROTOBUF_C_TYPE_SINT64:
		*(uint64_t *)member = number >> 1 ^ -(number & 1);
		return from;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)member = number != 0;
		return from;
	}
	*(uint64_t *)member = number;
	return from;
}

/* False: it is of a oneof of which there was one before. */
static bool note(ProtobufCMessage *message,
		 const ProtobufCFieldDescriptor *field)
{
	uint32_t *quantifier =
		(void *)((char *)message + field->quantifier_offset);

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*quantifier)
			return false;
		*quantifier = field->id;
	} else if (field->quantifier_offset &&
		   field->label != PROTOBUF_C_LABEL_REQUIRED) {
		*(protobuf_c_boolean *)quantifier = 1;
	}
	return true;
}

/* The field of a tag, which is mostly one of two; NULL: not flat. */
static inline const ProtobufCFieldDescriptor *find_field(
	const ProtobufCMessageDescriptor *type,
	const ProtobufCFieldDescriptor *likely, uint64_t tag)
{
	const ProtobufCFieldDescriptor *field = likely;
	uint32_t id = (uint32_t)(tag >> 3);

	if (tag > UINT32_MAX)
		return NULL;
	if (likely == type->fields + type->n_fields || likely->id != id) {
		field = &type->fields[id - 1];
		if (id - 1 >= type->n_fields || field->id != id)
			field = protobuf_c_message_descriptor_get_field(type,
									id);
	}
	if (!field || field->label == PROTOBUF_C_LABEL_REPEATED ||
	    wire_types[field->type] != (tag & 7))
		return NULL;
	return field;
}

static bool read_fields(struct unpacking *unpacking, place from)
{
	const ProtobufCMessageDescriptor *type = unpacking->type;
	const ProtobufCFieldDescriptor *field = type->fields;
	place end = unpacking->end;

	while (from < end) {
		unsigned index;
		uint64_t tag;
		void *member;

		from = read_varint(from, end, LENGTH_MAX, &tag);
		if (!from)
			return false;
		field = find_field(type, field, tag);
		if (!field || !note(unpacking->message, field))
			return false;
		index = (unsigned)(field - type->fields);
		member = (char *)unpacking->message + field->offset;
		if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_VARINT)
			from = read_number(from, end, field->type, member);
		else if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_32BIT)
			from = read_word(from, end, member, 4);
		else if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_64BIT)
			from = read_word(from, end, member, 8);
		else
			from = read_text(unpacking, from, index);
		if (!from)
			return false;
		unpacking->seen |= UINT64_C(1) << index;
		field++;
	}
	return true;
}

static bool has_all(const ProtobufCMessageDescriptor *type, uint64_t seen)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED &&
		    !type->fields[i].default_value && !(seen >> i & 1))
			return false;
	return true;
}

static int copy_text(struct text text, ProtobufCType type, void *member,
		     struct trp_scratch *scratch)
{
	bool is_string = type == PROTOBUF_C_TYPE_STRING;
	ProtobufCBinaryData bytes = { text.size, NULL };

	if (text.size || is_string) {
		bytes.data = trp_scratch_alloc(scratch, text.size + is_string);
		if (!bytes.data)
			return -ENOMEM;
		memcpy(bytes.data, text.bytes, text.size);
	}
	if (is_string) {
		bytes.data[text.size] = '\0';
		*(char **)member = (char *)bytes.data;
	} else {
		*(ProtobufCBinaryData *)member = bytes;
	}
	return 0;
}

static int copy_texts(struct unpacking *unpacking, struct trp_scratch *scratch)
{
	uint64_t texts = unpacking->texts;
	int r = 0;

	for (; texts && r == 0; texts &= texts - 1) {
		unsigned index = (unsigned)__builtin_ctzll(texts);
		const ProtobufCFieldDescriptor *field =
			&unpacking->type->fields[index];

		r = copy_text(unpacking->text[index], field->type,
			      (char *)unpacking->message + field->offset,
			      scratch);
	}
	return r;
}

int trp_flat_unpack(const ProtobufCMessageDescriptor *type, const void *bytes,
		    size_t size, struct trp_scratch *scratch,
		    ProtobufCMessage **ret_message)
{
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	struct unpacking unpacking;
	int r = TRP_NOT_FLAT;

	if (size > INT_MAX || type->n_fields > FIELDS_MAX ||
	    (size && !type->n_fields) || !type->message_init)
		return TRP_NOT_FLAT;
	unpacking.type = type;
	unpacking.message = trp_scratch_alloc(scratch, type->sizeof_message);
	unpacking.end = (place)bytes + size;
	unpacking.seen = unpacking.texts = 0;
	if (!unpacking.message)
		return -ENOMEM;
	type->message_init(unpacking.message);
	if (read_fields(&unpacking, bytes) && has_all(type, unpacking.seen))
		r = copy_texts(&unpacking, scratch);
	if (r == 0)
		*ret_message = unpacking.message;
	else
		trp_scratch_release(scratch, mark);
	return r;
}
