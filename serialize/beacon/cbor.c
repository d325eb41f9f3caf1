/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/cbor.h"

#include <cbor.h>
#include <errno.h>
#include <string.h>

/*
 * CBOR (RFC 8949) by libcbor's streaming side: its tree builder allocates
 * whatever a message announces.  Tags are passed over, strings in chunks are
 * refused (the original never sends them).
 */

struct seen {
	struct trp_token token;
	bool is_tag;
	bool is_refused;
};

static struct trp_scalar *see_value(void *context, enum trp_scalar_type type)
{
	struct seen *seen = context;

	seen->token.type = TRP_TOKEN_VALUE;
	seen->token.value.type = type;
	return &seen->token.value;
}

static void see_uint64(void *context, uint64_t number)
{
	if (number <= INT64_MAX)
		see_value(context, TRP_SCALAR_INT)->integer = (int64_t)number;
	else
		see_value(context, TRP_SCALAR_REAL)->real = (double)number;
}

/* CBOR's negative N stands for -1 - N. */
static void see_negint64(void *context, uint64_t number)
{
	if (number <= INT64_MAX)
		see_value(context, TRP_SCALAR_INT)->integer =
			-1 - (int64_t)number;
	else
		see_value(context, TRP_SCALAR_REAL)->real = -1 - (double)number;
}

static void see_uint8(void *context, uint8_t number)
{
	see_uint64(context, number);
}

static void see_uint16(void *context, uint16_t number)
{
	see_uint64(context, number);
}

static void see_uint32(void *context, uint32_t number)
{
	see_uint64(context, number);
}

static void see_negint8(void *context, uint8_t number)
{
	see_negint64(context, number);
}

static void see_negint16(void *context, uint16_t number)
{
	see_negint64(context, number);
}

static void see_negint32(void *context, uint32_t number)
{
	see_negint64(context, number);
}

static void see_span(void *context, enum trp_scalar_type type, cbor_data data,
		     size_t length)
{
	struct trp_scalar *value = see_value(context, type);

	value->span.data = (const char *)data;
	value->span.length = length;
}

static void see_bytes(void *context, cbor_data data, size_t length)
{
	see_span(context, TRP_SCALAR_BYTES, data, length);
}

static void see_text(void *context, cbor_data data, size_t length)
{
	see_span(context, TRP_SCALAR_TEXT, data, length);
}

static void see_chunks(void *context)
{
	((struct seen *)context)->is_refused = true;
}

static void see_collection(void *context, enum trp_token_type type,
			   size_t count)
{
	struct seen *seen = context;

	seen->token.type = type;
	seen->token.count = count;
}

static void see_list(void *context, size_t count)
{
	see_collection(context, TRP_TOKEN_LIST, count);
}

static void see_open_list(void *context)
{
	see_list(context, TRP_COUNT_UNKNOWN);
}

static void see_map(void *context, size_t count)
{
	see_collection(context, TRP_TOKEN_MAP, count);
}

static void see_open_map(void *context)
{
	see_map(context, TRP_COUNT_UNKNOWN);
}

static void see_break(void *context)
{
	see_collection(context, TRP_TOKEN_BREAK, 0);
}

static void see_tag(void *context, uint64_t tag)
{
	((struct seen *)context)->is_tag = true;
}

static void see_double(void *context, double number)
{
	see_value(context, TRP_SCALAR_REAL)->real = number;
}

static void see_float(void *context, float number)
{
	see_double(context, number);
}

static void see_nothing(void *context)
{
	see_value(context, TRP_SCALAR_NONE);
}

static void see_bool(void *context, bool flag)
{
	see_value(context, TRP_SCALAR_BOOL)->flag = flag;
}

static const struct cbor_callbacks callbacks = {
	.uint8 = see_uint8,
	.uint16 = see_uint16,
	.uint32 = see_uint32,
	.uint64 = see_uint64,
	.negint64 = see_negint64,
	.negint32 = see_negint32,
	.negint16 = see_negint16,
	.negint8 = see_negint8,
	.byte_string_start = see_chunks,
	.byte_string = see_bytes,
	.string = see_text,
	.string_start = see_chunks,
	.indef_array_start = see_open_list,
	.array_start = see_list,
	.indef_map_start = see_open_map,
	.map_start = see_map,
	.tag = see_tag,
	.float2 = see_float,
	.float4 = see_float,
	.float8 = see_double,
	.undefined = see_nothing,
	.null = see_nothing,
	.boolean = see_bool,
	.indef_break = see_break,
};

static int cbor_get(struct trp_reader *reader, struct trp_token *ret_token)
{
	size_t at = reader->at;
	struct seen seen;
	struct cbor_decoder_result result;

	do {
		memset(&seen, 0, sizeof(seen));
		result = cbor_stream_decode((cbor_data)reader->data + at,
					    reader->length - at, &callbacks,
					    &seen);
		if (result.status != CBOR_DECODER_FINISHED || seen.is_refused)
			return -EBADMSG;
		at += result.read;
	} while (seen.is_tag);
	reader->at = at;
	*ret_token = seen.token;
	return 0;
}

static size_t encode_int(int64_t number, unsigned char *to, size_t space)
{
	if (number >= 0)
		return cbor_encode_uint((uint64_t)number, to, space);
	return cbor_encode_negint((uint64_t)(-1 - number), to, space);
}

/* The head of a value; a span's bytes follow it.  0: no room. */
static size_t encode_value(const struct trp_scalar *value, unsigned char *to,
			   size_t space)
{
	switch (value->type) {
	case TRP_SCALAR_BOOL:
		return cbor_encode_bool(value->flag, to, space);
	case TRP_SCALAR_INT:
		return encode_int(value->integer, to, space);
	case TRP_SCALAR_REAL:
		return cbor_encode_double(value->real, to, space);
	case TRP_SCALAR_TEXT:
		return cbor_encode_string_start(value->span.length, to, space);
	case TRP_SCALAR_BYTES:
		return cbor_encode_bytestring_start(value->span.length, to,
						    space);
	case TRP_SCALAR_NONE:
	case TRP_SCALAR_RAW:
		break;
	}
	return cbor_encode_null(to, space);
}

static size_t encode_head(const struct trp_token *token, unsigned char *to,
			  size_t space)
{
	switch (token->type) {
	case TRP_TOKEN_LIST:
		return cbor_encode_array_start(token->count, to, space);
	case TRP_TOKEN_MAP:
		return cbor_encode_map_start(token->count, to, space);
	case TRP_TOKEN_VALUE:
		return encode_value(&token->value, to, space);
	case TRP_TOKEN_BREAK:
		break;
	}
	return cbor_encode_break(to, space);
}

static int cbor_put(struct trp_writer *writer, const struct trp_token *token)
{
	bool has_span = token->type == TRP_TOKEN_VALUE &&
			trp_scalar_has_span(&token->value);
	size_t before = writer->length, length;
	int r = 0;

	if (!has_span || token->value.type != TRP_SCALAR_RAW) {
		length = encode_head(token,
				     (unsigned char *)writer->data + before,
				     writer->space - before);
		if (!length)
			return -ENOSPC;
		writer->length += length;
	}
	if (has_span)
		r = trp_codec_put_bytes(writer, token->value.span.data,
					token->value.span.length);
	if (r < 0)
		writer->length = before;
	return r;
}

const struct trp_codec trp_cbor = {
	.name = "cbor",
	.get = cbor_get,
	.put = cbor_put,
};
