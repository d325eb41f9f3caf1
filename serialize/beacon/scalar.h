/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A value of a beacon node: small, and comparable with any other.  Lists and
 * maps of other implementations are kept as raw bytes (RAW), and sent
 * unchanged.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trp_scalar_type {
	TRP_SCALAR_NONE,
	TRP_SCALAR_BOOL,
	TRP_SCALAR_INT,
	TRP_SCALAR_REAL,
	TRP_SCALAR_TEXT,
	TRP_SCALAR_BYTES,
	TRP_SCALAR_RAW, /* encoded, in the codec it was read with */
};

struct trp_scalar {
	enum trp_scalar_type type;
	union {
		bool flag;
		int64_t integer;
		double real;
		struct {
			const char *data;
			size_t length;
		} span; /* TEXT, BYTES, RAW; no final NUL */
	};
};

/* A TEXT that borrows `text`. */
struct trp_scalar trp_scalar_text(const char *text);

/*
 * A total order: none < numbers (by size, true is 1, NaN below all others)
 * < text < bytes < raw (each by its bytes).  Returns <0, 0, >0.
 */
int trp_scalar_compare(const struct trp_scalar *a, const struct trp_scalar *b);

/*
 * Copies `from` into `to`, whose old content is freed.  Returns 0 or -ENOMEM;
 * then `to` is unchanged.
 */
int trp_scalar_copy(struct trp_scalar *to, const struct trp_scalar *from);

/* Frees what trp_scalar_copy() made; afterwards it is NONE. */
void trp_scalar_fini(struct trp_scalar *value);

/* TEXT, BYTES or RAW: it has a span. */
bool trp_scalar_has_span(const struct trp_scalar *value);
