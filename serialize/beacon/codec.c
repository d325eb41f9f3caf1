/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define DEPTH_MAX 16

static int skip_items(const struct trp_codec *codec, struct trp_reader *reader,
		      const struct trp_token *collection, int depth)
{
	size_t per_entry = collection->type == TRP_TOKEN_MAP ? 2 : 1;
	bool is_open = collection->count == TRP_COUNT_UNKNOWN;
	struct trp_token token;
	size_t i, j;
	int r;

	assert(collection->type == TRP_TOKEN_LIST ||
	       collection->type == TRP_TOKEN_MAP);
	if (depth == DEPTH_MAX)
		return -EBADMSG;
	for (i = 0; is_open || i < collection->count; i++) {
		for (j = 0; j < per_entry; j++) {
			r = codec->get(reader, &token);
			if (r < 0)
				return r;
			if (token.type == TRP_TOKEN_BREAK)
				return is_open && j == 0 ? 0 : -EBADMSG;
			if (token.type == TRP_TOKEN_VALUE)
				continue;
			r = skip_items(codec, reader, &token, depth + 1);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int trp_codec_skip(const struct trp_codec *codec, struct trp_reader *reader)
{
	static const struct trp_token one = { .type = TRP_TOKEN_LIST,
					      .count = 1 };

	return skip_items(codec, reader, &one, 0);
}

int trp_codec_put_bytes(struct trp_writer *writer, const void *data,
			size_t length)
{
	assert(writer->length <= writer->space);
	if (length > writer->space - writer->length)
		return -ENOSPC;
	if (length)
		memcpy(writer->data + writer->length, data, length);
	writer->length += length;
	return 0;
}
