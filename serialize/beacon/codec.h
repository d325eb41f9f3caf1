/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * CBOR and msgpack as one stream of tokens.  A list of N is the token LIST with
 * count N and then N items; a map of N is MAP and then N keys each with its
 * item.  A reader never trusts a count: missing items end in -EBADMSG, and are
 * not allocated.
 */

#include "ipc/library.h"
#include "serialize/beacon/scalar.h"

enum trp_token_type {
	TRP_TOKEN_VALUE,
	TRP_TOKEN_LIST,
	TRP_TOKEN_MAP,
	TRP_TOKEN_BREAK, /* ends a list or map of unknown count (CBOR) */
};

#define TRP_COUNT_UNKNOWN SIZE_MAX

struct trp_token {
	enum trp_token_type type;
	struct trp_scalar value; /* VALUE; spans lie in what is read */
	size_t count;		 /* LIST, MAP */
};

/* Bytes that are read. */
struct trp_reader {
	const char *data;
	size_t length;
	size_t at;
};

/* Output bytes, in the caller's memory. */
struct trp_writer {
	char *data;
	size_t space;
	size_t length;
};

struct trp_codec {
	const char *name;
	struct trp_library *library; /* without it: -ELIBACC */

	/* 0, or -EBADMSG; then the reader has not moved. */
	int (*get)(struct trp_reader *reader, struct trp_token *ret_token);

	/* 0, or -ENOSPC; then nothing was written. */
	int (*put)(struct trp_writer *writer, const struct trp_token *token);
};

/* Moves past one whole item.  0, or -EBADMSG (also when nested too deeply). */
int trp_codec_skip(const struct trp_codec *codec, struct trp_reader *reader);

/* Appends bytes as they are.  0 or -ENOSPC. */
int trp_codec_put_bytes(struct trp_writer *writer, const void *data,
			size_t length);
