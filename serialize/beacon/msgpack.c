/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/msgpack.h"

#include <errno.h>
#include <msgpack.h>
#include <string.h>
#include "ipc/library.h"
#include "libraries.h"

/*
 * msgpack by msgpack-c.  Heads of lists and maps are read here: the library
 * would allocate whatever they announce.  It does everything else; of that,
 * packing is inline.
 */

/* clang-format off */
#define FUNCTIONS(F) \
	F(msgpack_, unpack) F(msgpack_, zone_init) F(msgpack_, zone_destroy)
/* clang-format on */
TRP_LIBRARY(msgpack, LIBRARY_MSGPACK, FUNCTIONS);

static uint32_t big_endian(const char *bytes, int length)
{
	uint32_t number = 0;

	for (int i = 0; i < length; i++)
		number = number << 8 | (uint8_t)bytes[i];
	return number;
}

/* Returns 1 when a list or map begins here, 0 when not, or -EBADMSG. */
static int get_head(struct trp_reader *reader, struct trp_token *ret_token)
{
	const char *at = reader->data + reader->at;
	size_t left = reader->length - reader->at;
	int wide = 0;
	uint8_t first;

	if (!left)
		return -EBADMSG;
	first = (uint8_t)*at;
	if (first >= 0xdc && first <= 0xdf)
		wide = first & 1 ? 4 : 2;
	else if (first < 0x80 || first > 0x9f)
		return 0;
	if (left <= (size_t)wide)
		return -EBADMSG;
	ret_token->type = (wide ? first >= 0xde : first < 0x90)
				  ? TRP_TOKEN_MAP
				  : TRP_TOKEN_LIST;
	ret_token->count = wide ? big_endian(at + 1, wide) : first & 0x0f;
	reader->at += 1 + (size_t)wide;
	return 1;
}

static void set_span(struct trp_scalar *value, enum trp_scalar_type type,
		     const char *data, size_t length)
{
	value->type = type;
	value->span.data = data;
	value->span.length = length;
}

static int from_object(const msgpack_object *object, struct trp_scalar *value)
{
	switch (object->type) {
	case MSGPACK_OBJECT_NIL:
		value->type = TRP_SCALAR_NONE;
		return 0;
	case MSGPACK_OBJECT_BOOLEAN:
		value->type = TRP_SCALAR_BOOL;
		value->flag = object->via.boolean;
		return 0;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		value->type = object->via.u64 <= INT64_MAX ? TRP_SCALAR_INT
							   : TRP_SCALAR_REAL;
		if (value->type == TRP_SCALAR_INT)
			value->integer = (int64_t)object->via.u64;
		else
			value->real = (double)object->via.u64;
		return 0;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		value->type = TRP_SCALAR_INT;
		value->integer = object->via.i64;
		return 0;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		value->type = TRP_SCALAR_REAL;
		value->real = object->via.f64;
		return 0;
	case MSGPACK_OBJECT_STR:
		set_span(value, TRP_SCALAR_TEXT, object->via.str.ptr,
			 object->via.str.size);
		return 0;
	case MSGPACK_OBJECT_BIN:
		set_span(value, TRP_SCALAR_BYTES, object->via.bin.ptr,
			 object->via.bin.size);
		return 0;
	case MSGPACK_OBJECT_EXT:
	case MSGPACK_OBJECT_ARRAY:
	case MSGPACK_OBJECT_MAP:
		break;
	}
	return -EBADMSG;
}

/* An extension type is kept as it came. */
static void keep_raw(const struct trp_reader *reader, size_t end,
		     struct trp_scalar *value)
{
	set_span(value, TRP_SCALAR_RAW, reader->data + reader->at,
		 end - reader->at);
}

static int get_scalar(struct trp_reader *reader, struct trp_token *ret_token)
{
	struct trp_token token = { .type = TRP_TOKEN_VALUE };
	size_t at = reader->at;
	msgpack_object object;
	msgpack_zone zone;
	int r = trp_library_load(&msgpack_library);

	if (r < 0)
		return r;
	if (!msgpack.zone_init(&zone, 64))
		return -EBADMSG;
	r = msgpack.unpack(reader->data, reader->length, &at, &zone, &object);
	msgpack.zone_destroy(&zone);
	if (r != MSGPACK_UNPACK_SUCCESS && r != MSGPACK_UNPACK_EXTRA_BYTES)
		return -EBADMSG;
	if (from_object(&object, &token.value) < 0)
		keep_raw(reader, at, &token.value);
	reader->at = at;
	*ret_token = token;
	return 0;
}

static int msgpack_get(struct trp_reader *reader, struct trp_token *ret_token)
{
	struct trp_token token = { .type = TRP_TOKEN_VALUE };
	int r = get_head(reader, &token);

	if (r == 0)
		return get_scalar(reader, ret_token);
	if (r < 0)
		return r;
	*ret_token = token;
	return 0;
}

static int write_bytes(void *writer, const char *data, size_t length)
{
	return trp_codec_put_bytes(writer, data, length);
}

static int pack_value(msgpack_packer *packer, const struct trp_scalar *value)
{
	switch (value->type) {
	case TRP_SCALAR_NONE:
		return msgpack_pack_nil(packer);
	case TRP_SCALAR_BOOL:
		return value->flag ? msgpack_pack_true(packer)
				   : msgpack_pack_false(packer);
	case TRP_SCALAR_INT:
		return msgpack_pack_int64(packer, value->integer);
	case TRP_SCALAR_REAL:
		return msgpack_pack_double(packer, value->real);
	case TRP_SCALAR_TEXT:
		return msgpack_pack_str_with_body(packer, value->span.data,
						  value->span.length);
	case TRP_SCALAR_BYTES:
		return msgpack_pack_bin_with_body(packer, value->span.data,
						  value->span.length);
	case TRP_SCALAR_RAW:
		break;
	}
	return write_bytes(packer->data, value->span.data, value->span.length);
}

static int msgpack_put(struct trp_writer *writer, const struct trp_token *token)
{
	size_t before = writer->length;
	msgpack_packer packer;
	int r = -ENOSPC;

	msgpack_packer_init(&packer, writer, write_bytes);
	switch (token->type) {
	case TRP_TOKEN_VALUE:
		r = pack_value(&packer, &token->value);
		break;
	case TRP_TOKEN_LIST:
		r = msgpack_pack_array(&packer, token->count);
		break;
	case TRP_TOKEN_MAP:
		r = msgpack_pack_map(&packer, token->count);
		break;
	case TRP_TOKEN_BREAK: /* msgpack always counts */
		break;
	}
	if (r < 0)
		writer->length = before;
	return r < 0 ? -ENOSPC : 0;
}

const struct trp_codec trp_msgpack = {
	.name = "msgpack",
	.library = &msgpack_library,
	.get = msgpack_get,
	.put = msgpack_put,
};
