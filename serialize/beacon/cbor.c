/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/cbor.h"

#include <cbor.h>
#include <errno.h>
#include <string.h>
#include "ipc/library.h"
#include "libraries.h"

/*
 * CBOR (RFC 8949) by libcbor.  Its streaming side reads heads first, as its
 * tree builder allocates whatever a list or map announces; the builder reads
 * values.  Tags are ignored, strings in chunks are refused (the original never
 * sends them).
 */

/* clang-format off */
#define FUNCTIONS(F) \
	F(cbor_, bytestring_length) F(cbor_, decref) F(cbor_, empty_callbacks) \
	F(cbor_, encode_array_start) F(cbor_, encode_bool) \
	F(cbor_, encode_break) F(cbor_, encode_bytestring_start) \
	F(cbor_, encode_double) F(cbor_, encode_map_start) \
	F(cbor_, encode_negint) F(cbor_, encode_null) \
	F(cbor_, encode_string_start) F(cbor_, encode_uint) \
	F(cbor_, float_ctrl_is_ctrl) F(cbor_, float_get_float) \
	F(cbor_, get_bool) F(cbor_, get_int) F(cbor_, is_bool) \
	F(cbor_, is_int) F(cbor_, isa_float_ctrl) F(cbor_, isa_negint) \
	F(cbor_, isa_string) F(cbor_, load) F(cbor_, stream_decode) \
	F(cbor_, string_length)
/* clang-format on */
TRP_LIBRARY(cbor, LIBRARY_LIBCBOR, FUNCTIONS);

struct seen {
	struct trp_token token; /* of a value: its type alone */
	bool is_tag;
	bool is_refused;
};

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

static void see_chunks(void *context)
{
	((struct seen *)context)->is_refused = true;
}

/* CBOR's negative N stands for -1 - N. */
static void take_integer(const cbor_item_t *item, struct trp_scalar *value)
{
	uint64_t number = cbor.get_int(item);
	bool is_negative = cbor.isa_negint(item);

	if (number <= INT64_MAX) {
		value->type = TRP_SCALAR_INT;
		value->integer =
			is_negative ? -1 - (int64_t)number : (int64_t)number;
	} else {
		value->type = TRP_SCALAR_REAL;
		value->real =
			is_negative ? -1 - (double)number : (double)number;
	}
}

static void take_simple(const cbor_item_t *item, struct trp_scalar *value)
{
	if (!cbor.float_ctrl_is_ctrl(item)) {
		value->type = TRP_SCALAR_REAL;
		value->real = cbor.float_get_float(item);
	} else if (cbor.is_bool(item)) {
		value->type = TRP_SCALAR_BOOL;
		value->flag = cbor.get_bool(item);
	}
}

/* end: behind its bytes, of which a span is the last. */
static void take_item(const cbor_item_t *item, const char *end,
		      struct trp_scalar *value)
{
	if (cbor.is_int(item)) {
		take_integer(item, value);
	} else if (cbor.isa_float_ctrl(item)) {
		take_simple(item, value);
	} else {
		bool is_text = cbor.isa_string(item);

		value->type = is_text ? TRP_SCALAR_TEXT : TRP_SCALAR_BYTES;
		value->span.length = is_text ? cbor.string_length(item)
					     : cbor.bytestring_length(item);
		value->span.data = end - value->span.length;
	}
}

/* The head at `at`; returns its bytes, or 0: invalid. */
static size_t look(const struct trp_reader *reader, size_t at,
		   struct seen *ret_seen)
{
	struct cbor_callbacks callbacks = *cbor.empty_callbacks;
	struct cbor_decoder_result result;

	callbacks.byte_string_start = see_chunks;
	callbacks.string_start = see_chunks;
	callbacks.indef_array_start = see_open_list;
	callbacks.array_start = see_list;
	callbacks.indef_map_start = see_open_map;
	callbacks.map_start = see_map;
	callbacks.tag = see_tag;
	callbacks.indef_break = see_break;
	*ret_seen = (struct seen) { .token.type = TRP_TOKEN_VALUE };
	result = cbor.stream_decode((cbor_data)reader->data + at,
				    reader->length - at, &callbacks, ret_seen);
	return result.status == CBOR_DECODER_FINISHED && !ret_seen->is_refused
		       ? result.read
		       : 0;
}

static int cbor_get(struct trp_reader *reader, struct trp_token *ret_token)
{
	size_t at = reader->at, length;
	struct cbor_load_result result;
	struct seen seen;
	cbor_item_t *item;
	int r = trp_library_load(&cbor_library);

	if (r < 0)
		return r;
	while ((length = look(reader, at, &seen)) && seen.is_tag)
		at += length;
	if (!length)
		return -EBADMSG;
	if (seen.token.type == TRP_TOKEN_VALUE) {
		item = cbor.load((cbor_data)reader->data + at, length, &result);
		if (!item)
			return -EBADMSG;
		take_item(item, reader->data + at + length, &seen.token.value);
		cbor.decref(&item);
	}
	reader->at = at + length;
	*ret_token = seen.token;
	return 0;
}

static size_t encode_int(int64_t number, unsigned char *to, size_t space)
{
	if (number >= 0)
		return cbor.encode_uint((uint64_t)number, to, space);
	return cbor.encode_negint((uint64_t)(-1 - number), to, space);
}

/* The head of a value; a span's bytes follow it.  0: no room. */
static size_t encode_value(const struct trp_scalar *value, unsigned char *to,
			   size_t space)
{
	switch (value->type) {
	case TRP_SCALAR_BOOL:
		return cbor.encode_bool(value->flag, to, space);
	case TRP_SCALAR_INT:
		return encode_int(value->integer, to, space);
	case TRP_SCALAR_REAL:
		return cbor.encode_double(value->real, to, space);
	case TRP_SCALAR_TEXT:
		return cbor.encode_string_start(value->span.length, to, space);
	case TRP_SCALAR_BYTES:
		return cbor.encode_bytestring_start(value->span.length, to,
						    space);
	case TRP_SCALAR_NONE:
	case TRP_SCALAR_RAW:
		break;
	}
	return cbor.encode_null(to, space);
}

static size_t encode_head(const struct trp_token *token, unsigned char *to,
			  size_t space)
{
	switch (token->type) {
	case TRP_TOKEN_LIST:
		return cbor.encode_array_start(token->count, to, space);
	case TRP_TOKEN_MAP:
		return cbor.encode_map_start(token->count, to, space);
	case TRP_TOKEN_VALUE:
		return encode_value(&token->value, to, space);
	case TRP_TOKEN_BREAK:
		break;
	}
	return cbor.encode_break(to, space);
}

static int cbor_put(struct trp_writer *writer, const struct trp_token *token)
{
	bool has_span = token->type == TRP_TOKEN_VALUE &&
			trp_scalar_has_span(&token->value);
	size_t before = writer->length, length;
	int r = trp_library_load(&cbor_library);

	if (r < 0)
		return r;
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
	.library = &cbor_library,
	.get = cbor_get,
	.put = cbor_put,
};
